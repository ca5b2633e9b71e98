// What the fleet page filters and sorts by, in its address and as the API names it. Pure.

import type { HostFilter } from '../../api/queries'
import { parseSort, type Sort } from '../../model/search'
import type { Choice } from '../../ui'

export const STATUSES: readonly Choice[] = [
  { value: '', label: 'Any status' },
  { value: 'online', label: 'Online' },
  { value: 'offline', label: 'Offline' },
  { value: 'asleep', label: 'Asleep' },
  { value: 'never_seen', label: 'Never seen' },
  { value: 'active', label: 'Working now' },
  { value: 'succeeded', label: 'Last backup succeeded' },
  { value: 'incomplete', label: 'Last backup incomplete' },
  { value: 'failed', label: 'Last backup failed' },
  { value: 'no_backup', label: 'No backup yet' },
  { value: 'behind', label: 'Agent behind' },
  { value: 'retired', label: 'Retired' },
]

/** Not here, for one reason or another: three of the API's words. */
export const AWAY: readonly string[] = ['offline', 'asleep', 'never_seen']
const AWAY_CHOICE = { value: 'away', label: 'Away' }

/** What the field of the status shows for the statuses of the address, any of which may hold; one more choice for a mixture. */
export function statusField(status: readonly string[]): { value: string; choices: readonly Choice[] } {
  const choices = STATUSES.flatMap((one) => (one.value === 'offline' ? [AWAY_CHOICE, one] : [one]))
  if (status.length < 2) return { value: status[0] ?? '', choices }
  if (sameStatuses(status, AWAY)) return { value: AWAY_CHOICE.value, choices }
  const several = STATUSES.filter(({ value }) => status.includes(value)).map(({ label }) => label)
  return { value: 'several', choices: [...choices, { value: 'several', label: several.join(' or ') }] }
}

/** The statuses that a choice of that field stands for. */
export function statusesOf(choice: string): readonly string[] {
  return choice === AWAY_CHOICE.value ? AWAY : choice === '' ? [] : [choice]
}

export function sameStatuses(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((status) => other.includes(status))
}

export const HELD: readonly Choice[] = [
  { value: '', label: 'Held or not' },
  { value: 'true', label: 'Something held back' },
  { value: 'false', label: 'Nothing held back' },
]

export const REPOSITORIES: readonly Choice[] = [
  { value: '', label: 'Any repository' },
  { value: 'ready', label: 'Ready' },
  { value: 'unusable', label: 'Unusable' },
  { value: 'needs_secret', label: 'Waits for a secret' },
  { value: 'unknown', label: 'Not looked at yet' },
]

/** Hosts whose place another one took are gone for good: only who looks for one sees them. */
export const REPLACED: readonly Choice[] = [
  { value: '', label: 'Without replaced' },
  { value: 'true', label: 'With replaced' },
]

export const DEFAULT_SORT: Sort = { id: 'name', desc: false }

export interface FleetFilter {
  text: string
  /** Any of them. */
  status: readonly string[]
  repository: string
  held: string
  replaced: string
  tags: string[]
  sort: Sort
}

export function readFilter(search: URLSearchParams): FleetFilter {
  const known = (choices: readonly Choice[], value: string | null) =>
    choices.some((choice) => choice.value === value) ? (value ?? '') : ''
  return {
    text: search.get('q') ?? '',
    status: [...new Set(search.getAll('status'))].filter((status) => known(STATUSES, status) !== ''),
    repository: known(REPOSITORIES, search.get('repository')),
    held: known(HELD, search.get('held')),
    replaced: known(REPLACED, search.get('replaced')),
    tags: search.getAll('tag'),
    sort: parseSort(search.get('sort'), DEFAULT_SORT),
  }
}

export function asHostFilter(filter: FleetFilter): HostFilter {
  const { text, status, repository, held, replaced, tags, sort } = filter
  const order = sort.desc ? 'desc' : 'asc'
  return { q: text.trim(), status, repository, held, replaced, tag: tags, sort: sort.id, order }
}

export function isFiltered({ text, status, repository, held, tags }: FleetFilter): boolean {
  return [text.trim(), repository, held].some((value) => value !== '') || tags.length + status.length > 0
}
