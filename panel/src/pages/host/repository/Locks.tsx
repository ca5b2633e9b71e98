// The locks on a repository as the host last saw them: whose, how old, whether they can be in the way for nothing, and their
// removal – dead ones at once, those of others only after it was asked, by a signed order.

import { useState } from 'react'
import type { Lock, RepositoryView } from '../../../api/types.gen'
import { deadLocks, LOCK_WORDS, type LockKind, lockKind, lockOwner } from '../../../model/locks'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import {
  Button,
  Cluster,
  type Column,
  ConfirmDialog,
  DataTable,
  Notice,
  RelativeTime,
  Stack,
  StatusDot,
  type Tone,
  toast,
  useNow,
} from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'
import styles from '../Tabs.module.css'

const TONES: Readonly<Record<LockKind, Tone>> = {
  dead: 'warn',
  own: 'run',
  foreign: 'idle',
  stale: 'warn',
  unread: 'warn',
}
const LOOK_MS = 60_000

export function Locks({ name, state }: { name: string; state: RepositoryView }) {
  const { host, mayOperate, routine } = useHost()
  const [asking, setAsking] = useState(false)
  const now = useNow(LOOK_MS)
  const { locks } = state
  const dead = deadLocks(locks)
  const grave = useGrave()
  const what = `remove locks of ${name}`
  const looks = () =>
    toast.ok('The host looks at the locks', 'What it removed, and what it left, stands in its newest job.')
  async function remove() {
    const ids = locks.map(({ id }) => id)
    if (await grave.give(what, { do: 'unlock', repository: name, locks: ids }, looks)) setAsking(false)
  }
  // Without names only dead ones go, so that looking is safe at any time.
  const look = mayOperate && (
    <Button
      small
      icon={dead.length === 0 ? 'search' : 'trash'}
      busy={routine.busy !== null}
      onClick={() => void routine.give(what, { do: 'unlock', repository: name, locks: [] }, looks)}
      data-testid={`look-at-locks-${name}`}
    >
      {dead.length > 0
        ? 'Remove dead locks'
        : state.locks_at === null
          ? 'Look for locks'
          : 'Look for locks again'}
    </Button>
  )
  if (locks.length === 0) {
    return (
      <div className={styles.part} data-testid={`locks-${name}`}>
        <h3>Locks</h3>
        <div className={styles.state}>
          <p className={styles.hint}>
            {state.locks_at === null ? (
              'None was in the way of a job yet.'
            ) : (
              <>
                None, as of <RelativeTime at={state.locks_at} />.
              </>
            )}{' '}
            Looking also removes those of this host whose process is gone.
          </p>
          {look}
        </div>
      </div>
    )
  }
  return (
    <div className={styles.part} data-testid={`locks-${name}`}>
      <h3>Locks</h3>
      <p className={styles.hint}>
        As the host saw them <RelativeTime at={state.locks_at} />. Jobs that need the repository wait for
        them.
      </p>
      <DataTable
        label={`Locks of ${name}`}
        rows={locks}
        columns={columns(host.facts.hostname, now)}
        rowKey={(lock) => lock.id}
      />
      {mayOperate && (
        <Cluster>
          {look}
          {dead.length < locks.length && (
            <Button
              small
              look="danger"
              busy={grave.busy}
              onClick={() => setAsking(true)}
              data-testid={`unlock-${name}`}
            >
              {locks.length === 1 ? 'Remove this lock…' : `Remove all ${locks.length} locks…`}
            </Button>
          )}
        </Cluster>
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={locks.length === 1 ? 'Remove this lock?' : `Remove these ${locks.length} locks?`}
        verb="Remove them"
        keep="Leave them"
        danger
        typeName={name}
        busy={grave.busy}
        disabled={!mayAct(grave.operator, 'operator')}
        onConfirm={() => void remove()}
      >
        <Stack>
          <OperatorNotice operator={grave.operator} needed="operator" what="remove these locks" />
          <ul className={styles.plain}>
            {locks.map((lock) => (
              <li key={lock.id}>
                <code>{lock.id.slice(0, 8)}</code>{' '}
                {lock.unread ? (
                  'cannot be read'
                ) : (
                  <>
                    {lockOwner(lock)}, {lock.exclusive ? 'exclusive' : 'shared'},{' '}
                    <RelativeTime at={lock.since} />
                  </>
                )}
              </li>
            ))}
          </ul>
          <Notice tone="warn" title="See first that their processes are gone">
            Removing the lock of a process that still works can damage the repository: a prune may then delete
            what a backup relies on. When other locks are there by then, nothing is removed.
          </Notice>
        </Stack>
      </ConfirmDialog>
    </div>
  )
}

function columns(hostname: string, now: number): Column<Lock>[] {
  const kind = (lock: Lock) => lockKind(lock, hostname, now)
  return [
    {
      id: 'owner',
      header: 'Held by',
      cell: (lock) => <span title={`Lock ${lock.id}`}>{lockOwner(lock)}</span>,
    },
    {
      id: 'since',
      header: 'Since',
      width: '9rem',
      cell: (lock) => (lock.unread ? '–' : <RelativeTime at={lock.since} />),
    },
    {
      id: 'exclusive',
      header: 'Keeps out',
      width: '8.5rem',
      cell: (lock) => (lock.unread ? '–' : lock.exclusive ? 'everybody' : 'prune and forget'),
    },
    {
      id: 'state',
      header: 'State',
      width: '15rem',
      cell: (lock) => <StatusDot tone={TONES[kind(lock)]}>{LOCK_WORDS[kind(lock)].word}</StatusDot>,
    },
    { id: 'advice', header: 'What to do', hideBelow: 'md', cell: (lock) => LOCK_WORDS[kind(lock)].advice },
  ]
}
