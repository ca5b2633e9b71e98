// Locks of a repository in words: whose they are, whether their process can still live, and what to do. Pure.

import type { Lock } from '../api/types.gen'

/** restic renews the lock of a living process every five minutes, and counts one as stale after thirty. */
const STALE_MS = 30 * 60_000

/**
 * `dead`: this host's own, its process is gone. `own`: a process of this host is at work. `foreign`: another machine's,
 * renewed lately. `stale`: another machine's, not renewed for half an hour. `unread`: nobody knows, its file is torn.
 */
export type LockKind = 'dead' | 'own' | 'foreign' | 'stale' | 'unread'

export function lockKind(lock: Lock, hostname: string, now: number): LockKind {
  if (lock.unread) return 'unread'
  if (lock.dead) return 'dead'
  if (lock.hostname.toLowerCase() === hostname.toLowerCase()) return 'own'
  return now - lock.since > STALE_MS ? 'stale' : 'foreign'
}

export const LOCK_WORDS: Readonly<Record<LockKind, { word: string; advice: string }>> = {
  dead: {
    word: 'Dead',
    advice: 'Its process is gone. The host removes it by itself before its next job, or now.',
  },
  own: { word: 'At work here', advice: 'A process of this host holds it. Wait, or cancel its job.' },
  foreign: {
    word: 'Another machine’s',
    advice:
      'Its process was there less than half an hour ago. Wait for it; jobs here try again by themselves.',
  },
  stale: {
    word: 'Another machine’s, silent',
    advice:
      'Not renewed for half an hour, so its process is very likely gone. See there, then remove the lock.',
  },
  unread: {
    word: 'Cannot be read',
    advice:
      'Its file may be torn by a full disk or a lost connection. See that nobody works there, then remove it.',
  },
}

/** "root@web-2, process 4711" */
export function lockOwner(lock: Pick<Lock, 'hostname' | 'username' | 'pid' | 'unread'>): string {
  if (lock.unread) return 'not known'
  const who = lock.username === '' ? lock.hostname : `${lock.username}@${lock.hostname}`
  return `${who}, process ${lock.pid}`
}

/** Removing these at once harms nobody. */
export function deadLocks(locks: readonly Lock[]): Lock[] {
  return locks.filter(({ dead }) => dead)
}
