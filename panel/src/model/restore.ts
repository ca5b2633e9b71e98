// A restore as a person wants it: what this host's restic and its policy allow of that, what is in the way, and all of it
// in words. Pure.

import type {
  HostFacts,
  Meanwhile,
  Overwrite,
  Ownership,
  Pick,
  PolicyFacts,
  Restore,
  RestoreTarget,
} from '../api/types.gen'
import { formatBytes, formatCount } from './bytes'
import { orderedPicks, pickedNames, type Total, tooMany } from './picks'
import { commonOf, parentOf, ROOT, shownPath, shownText } from './rawPath'

/** `other`: another host, which has a page part of its own. */
export type To = RestoreTarget['to'] | 'other'

/** What was chosen, whether it holds or not. */
export interface Wish {
  picks: Pick[]
  to: To
  directory: string
  /** What lies in the directory that all ticked things share comes to lie in the target itself. */
  strip: boolean
  overwrite: Overwrite
  ownership: Ownership
  verify: boolean
  dryRun: boolean
  meanwhile: Meanwhile
}

export const NO_WISH: Wish = {
  picks: [],
  to: 'fresh',
  directory: '',
  strip: false,
  overwrite: 'always',
  ownership: 'keep',
  verify: false,
  dryRun: false,
  meanwhile: 'wait',
}

/** What not every restic can, by the names that the agent tells of (agent/src/restic/feature.rs). */
const ABILITIES = {
  overwrite: 'restore_overwrite',
  dryRun: 'restore_dry_run',
  byName: 'restore_ownership_by_name',
  drop: 'restore_no_ownership',
  subfolder: 'restore_subfolder',
} as const

export type Abilities = Readonly<Record<keyof typeof ABILITIES, boolean>>

export function abilitiesOf({ restic_can = [] }: { restic_can?: HostFacts['restic_can'] }): Abilities {
  const can = (what: keyof typeof ABILITIES) => restic_can.includes(ABILITIES[what])
  return {
    overwrite: can('overwrite'),
    dryRun: can('dryRun'),
    byName: can('byName'),
    drop: can('drop'),
    subfolder: can('subfolder'),
  }
}

/** The directory whose content comes to lie in the target itself; `null`: there is none to leave out. */
export function baseOf(picks: readonly Pick[]): string | null {
  const taken = picks.filter(({ take }) => take).map(({ path }) => parentOf(path) ?? ROOT)
  const base = commonOf(taken)
  return base === ROOT ? null : base
}

/** The order's content; `host`: its name as it was typed. Of another host's the target is told elsewhere. */
export function restoreOf(
  wish: Wish,
  { repository, snapshot, host }: { repository: string; snapshot: string; host: string },
): Restore {
  const { picks, overwrite, ownership, verify, dryRun, meanwhile } = wish
  const inPlace = wish.to === 'in_place'
  return {
    repository,
    snapshot,
    picks: orderedPicks(picks),
    target: targetOf(wish, host),
    overwrite: inPlace ? overwrite : 'always',
    ownership,
    // Nothing is written that could be read again.
    verify: verify && !dryRun,
    dry_run: dryRun,
    meanwhile,
  }
}

function targetOf({ to, directory, strip, picks }: Wish, host: string): RestoreTarget {
  if (to === 'in_place') return { to, host }
  if (to === 'directory') {
    const base = strip ? baseOf(picks) : null
    return { to, path: directory.trim(), ...(base !== null && { base }) }
  }
  return { to: 'fresh' }
}

/** A wish from a restore that was: chosen again with all its options. */
export function wishOf(restore: Restore): Wish {
  const { target, picks } = restore
  return {
    picks: picks.length === 0 ? [{ path: ROOT, take: true }] : picks,
    to: restore.lent !== undefined ? 'other' : target.to,
    directory: target.to === 'directory' ? target.path : '',
    strip: target.to === 'directory' && target.base !== undefined,
    overwrite: restore.overwrite,
    ownership: restore.ownership,
    verify: restore.verify,
    dryRun: restore.dry_run,
    meanwhile: restore.meanwhile,
  }
}

/** What was kept of a wish, as far as it is one. */
export function readWish(text: string | null): Wish {
  if (text === null) return NO_WISH
  try {
    const kept = JSON.parse(text) as Partial<Wish> | null
    return typeof kept === 'object' && kept !== null && Array.isArray(kept.picks)
      ? { ...NO_WISH, ...kept }
      : NO_WISH
  } catch {
    return NO_WISH
  }
}

/** How a home directory may begin a path. */
const BRACED = '$' + '{HOME}/'
const HOMES = ['~/', '$HOME/', BRACED]

/** Why a directory cannot be a target, as wire/src/restore.rs has it; `null`: it can, or nothing is typed yet. */
export function directoryProblem(text: string, policy: PolicyFacts | undefined): string | null {
  const path = text.trim()
  if (path === '') return null
  const home = HOMES.find((one) => path.startsWith(one))
  const below = home === undefined ? (path.startsWith('/') ? path.slice(1) : '') : path.slice(home.length)
  if (below === '') {
    return `Name an absolute directory, or one that begins with ~/ or ${BRACED}, such as /srv/back or ~/back.`
  }
  if (/[\0$\n]/.test(below)) return 'No other variables than $HOME at its beginning, and all in one line.'
  if (below.split('/').some((part) => part === '.' || part === '..')) return 'Without . and .. in it.'
  if (new TextEncoder().encode(path).length > 4_096) return 'At most 4,096 bytes.'
  const allowed = policy?.restore_below ?? []
  if (allowed.length > 0 && home === undefined && !allowed.some((one) => isBelow(path, one))) {
    return `The host’s own policy lets restores go below ${listed(allowed)} alone.`
  }
  return null
}

function isBelow(path: string, directory: string): boolean {
  const top = directory.endsWith('/') ? directory : `${directory}/`
  return path === directory || path.startsWith(top)
}

/** What the endpoint's policy refuses of restores, each in a sentence; of each way the first that is in its way. */
export function policyBarrier(to: To, policy: PolicyFacts | undefined): string | null {
  if (policy === undefined) return null
  if (policy.refuse_orders.includes('restore')) {
    return 'The host’s own policy refuses restores from afar: restore at its terminal, with restic-manager-agent restore.'
  }
  if (to === 'in_place' && policy.refuse_in_place === true) {
    return 'The host’s own policy refuses restores to where the files were: choose a directory.'
  }
  return null
}

/** What is still missing before it can be given; `null`: nothing is. */
export function missingOf(
  wish: Wish,
  { policy, host, typed }: { policy: PolicyFacts | undefined; host: string; typed: string },
): string | null {
  if (!wish.picks.some(({ take }) => take)) return 'Tick at least one file or directory.'
  const many = tooMany(wish.picks)
  if (many !== null) return many
  const barrier = policyBarrier(wish.to, policy)
  if (barrier !== null) return barrier
  if (wish.to === 'directory') {
    if (wish.directory.trim() === '') return 'Name the directory to restore to.'
    const problem = directoryProblem(wish.directory, policy)
    if (problem !== null) return problem
  }
  if (wish.to === 'in_place' && typed.trim() !== host) {
    return `Type ${host} first: it is the name of the host whose files are written over.`
  }
  return null
}

/** What this host's restic cannot do of what is wished; `null`: it can all of it. */
export function lackOfRestic(wish: Wish, can: Abilities): string | null {
  const newer = (what: string) =>
    `This host’s restic cannot ${what}: choose otherwise, or install a newer one.`
  if (wish.to === 'in_place' && wish.overwrite !== 'always' && !can.overwrite) {
    return newer('leave files that are there already')
  }
  if (wish.dryRun && !can.dryRun) return newer('say what it would restore')
  if (wish.ownership === 'by_name' && !can.byName) return newer('give files to owners by their names')
  if (wish.ownership === 'drop' && !can.drop)
    return 'This host’s restic cannot leave owners out: choose otherwise.'
  if (wish.to === 'directory' && wish.strip && !can.subfolder) return newer('leave the path above out')
  return null
}

export const OVERWRITES: Readonly<Record<Overwrite, string>> = {
  always: 'files that are there already are written over',
  if_changed: 'files that are there already are written over where they differ',
  if_newer: 'files that are there already are written over where the saved ones are newer',
  never: 'files that are there already stay as they are',
}

export const OWNERSHIPS: Readonly<Record<Ownership, string>> = {
  keep: 'owners are kept',
  by_name: 'owners are kept by their names',
  drop: 'all belongs to the account that the agent runs as',
}

/** "3 files and 1 directory, 1.20 GiB"; with what is not measured yet. */
export function totalWords(total: Total): string {
  const { files, directories, bytes, more, less } = total
  const counts = [
    ...(files > 0 ? [plural(files, 'file')] : []),
    ...(directories > 0 ? [plural(directories, 'directory')] : []),
  ]
  const known = counts.length === 0 ? [] : [`${counts.join(' and ')}, ${formatBytes(Math.max(0, bytes))}`]
  const unknown = more.length === 0 ? [] : [`${plural(more.length, 'item')} not measured yet`]
  const off = less.length === 0 ? '' : ` (less ${plural(less.length, 'item')} not measured yet)`
  return `${[...known, ...unknown].join(' + ')}${off}`
}

function plural(n: number, one: string): string {
  const many = one.endsWith('y') ? `${one.slice(0, -1)}ies` : `${one}s`
  return `${formatCount(n)} ${n === 1 ? one : many}`
}

function listed(all: readonly string[]): string {
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

export interface Facts {
  host: string
  /** The snapshot's time, as people read it. */
  time: string
  total: Total
  /** Of another host: "into /srv/back on db-2". */
  elsewhere?: string
}

/** The whole restore as a paragraph: what, from when, where to, and what becomes of what is there. */
export function summaryWords(wish: Wish, { host, time, total, elsewhere }: Facts): string {
  if (!wish.picks.some(({ take }) => take)) return `Nothing is ticked of the snapshot of ${time}.`
  const what = pickedNames(wish.picks, shownPath)
  const verb = wish.dryRun ? 'Says what a restore would write of' : 'Restores'
  const ownership =
    wish.to === 'other' && wish.ownership === 'keep'
      ? 'owners are kept by their numbers'
      : OWNERSHIPS[wish.ownership]
  const clauses = [
    ...(wish.to === 'in_place' ? [OVERWRITES[wish.overwrite]] : []),
    ...(wish.dryRun ? [] : [ownership]),
    ...(wish.verify && !wish.dryRun ? ['every file is read again and compared'] : []),
  ]
  const meanwhile =
    wish.meanwhile === 'cancel'
      ? ' A job that runs on the repository is cancelled for it.'
      : ' It waits for a job that runs on the repository.'
  const rest = clauses.length === 0 ? '' : `; ${clauses.join('; ')}`
  return `${verb} ${what} (${totalWords(total)}) of the snapshot of ${time} ${whereWords(wish, host, elsewhere)}${rest}.${wish.dryRun ? ' Nothing is written.' : ''}${meanwhile}`
}

function whereWords(
  { to, directory, strip, picks }: Wish,
  host: string,
  elsewhere = 'to another host',
): string {
  switch (to) {
    case 'fresh':
      return `into a new directory, $HOME/rm-restore/<job>/, on ${host}`
    case 'directory': {
      const base = strip ? baseOf(picks) : null
      const without = base === null ? '' : `, without ${shownPath(base)} above them`
      return `into ${directory.trim() === '' ? 'a directory that is not named yet' : shownText(directory.trim())} on ${host}${without}`
    }
    case 'in_place':
      return `to where they were on ${host}`
    case 'other':
      return elsewhere
  }
}

/** Of a job that was: what was asked for, as far as a line of facts has room. */
export function restoreOptionWords(restore: Restore): string[] {
  const { target, picks, lent } = restore
  const to =
    target.to === 'fresh'
      ? 'into a new directory'
      : target.to === 'directory'
        ? `into ${shownPath(target.path)}`
        : 'in place'
  const names = pickedNames(picks, shownPath)
  return [
    picks.length === 0 ? 'everything' : names,
    to,
    ...(target.to === 'in_place' ? [OVERWRITES[restore.overwrite]] : []),
    ...(restore.ownership === 'keep' ? [] : [OWNERSHIPS[restore.ownership]]),
    ...(restore.verify ? ['read again and compared'] : []),
    ...(restore.dry_run ? ['nothing is written'] : []),
    ...(lent === undefined ? [] : [`from the repository of ${lent.source_name}`]),
  ]
}
