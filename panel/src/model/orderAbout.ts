// What an order asks for, in one line beside its action's name. Pure.

import type { OrderAbout, OrderView, RestoreTarget } from '../api/types.gen'
import { slotWords } from './plan'
import { shownPath } from './rawPath'
import { TASKS } from './upkeep'

/** `null`: its action says everything, or nobody wrote down what it is about. */
export function aboutWords({ action, about = {} }: Pick<OrderView, 'action' | 'about'>): string | null {
  const { repository, task, job, to, slot, note } = about
  const words = [
    task === undefined ? null : TASKS[task].label,
    action === 'restore' ? restored(about) : null,
    action === 'restore' ? null : listed(about),
    repository === undefined
      ? null
      : `of ${about.source === undefined ? '' : `${about.source}’s `}${repository}`,
    job === undefined ? null : action === 'lend' ? 'for one restore' : `job ${job}`,
    slot === undefined ? null : slotWords(slot),
    note === undefined ? null : `“${note}”`,
    about.target === undefined ? null : targetWords(about.target),
    to === undefined ? null : action === 'rename' ? named(to, about) : `to ${to}`,
  ].filter((word) => word !== null)
  return words.length === 0 ? null : words.join(' ').replace(/^of /, '')
}

/** Of a restore, nothing that is named is everything. */
function restored({ paths = [], more = 0, left_out = 0, snapshots = [] }: OrderAbout): string | null {
  if (snapshots.length === 0) return null
  const what = paths.length === 0 ? 'everything' : few(paths.map(shownPath), more)
  const without = left_out === 0 ? '' : ` without ${left_out} of what lies there`
  return `${what}${without} from snapshot ${snapshots.join(', ')}`
}

function listed({ groups = [], paths = [], snapshots = [], more = 0 }: OrderAbout): string | null {
  const words = [
    groups.length === 0 ? null : few(groups, snapshots.length === 0 ? more : 0),
    paths.length === 0 ? null : paths.map(shownPath).join(', '),
    snapshots.length === 0
      ? null
      : `${paths.length === 0 ? '' : 'from '}snapshot${snapshots.length + more === 1 ? '' : 's'} ${few(snapshots, more)}`,
  ].filter((word) => word !== null)
  return words.length === 0 ? null : words.join(' ')
}

function named(name: string, { tags, more = 0 }: OrderAbout): string {
  const tagged = tags?.length === 0 ? ', without tags' : tags && `, tagged ${few(tags, more)}`
  return `as ${name}${tagged ?? ''}`
}

function few(names: readonly string[], more: number): string {
  return more === 0 ? names.join(', ') : `${names.join(', ')} and ${more} more`
}

function targetWords(target: RestoreTarget): string {
  switch (target.to) {
    case 'fresh':
      return 'into a new directory'
    case 'directory':
      return `into ${shownPath(target.path)}`
    case 'in_place':
      return 'to where it was'
  }
}
