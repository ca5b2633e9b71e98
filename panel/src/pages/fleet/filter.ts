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
]

export const REPOSITORIES: readonly Choice[] = [
  { value: '', label: 'Any repository' },
  { value: 'ready', label: 'Ready' },
  { value: 'unusable', label: 'Unusable' },
  { value: 'needs_secret', label: 'Waits for a secret' },
  { value: 'unknown', label: 'Not looked at yet' },
]

export const DEFAULT_SORT: Sort = { id: 'name', desc: false }

export interface FleetFilter {
  text: string
  status: string
  repository: string
  tags: string[]
  sort: Sort
}

export function readFilter(search: URLSearchParams): FleetFilter {
  const known = (choices: readonly Choice[], value: string | null) =>
    choices.some((choice) => choice.value === value) ? (value ?? '') : ''
  return {
    text: search.get('q') ?? '',
    status: known(STATUSES, search.get('status')),
    repository: known(REPOSITORIES, search.get('repository')),
    tags: search.getAll('tag'),
    sort: parseSort(search.get('sort'), DEFAULT_SORT),
  }
}

export function asHostFilter({ text, status, repository, tags, sort }: FleetFilter): HostFilter {
  return { q: text.trim(), status, repository, tag: tags, sort: sort.id, order: sort.desc ? 'desc' : 'asc' }
}

export function isFiltered({ text, status, repository, tags }: FleetFilter): boolean {
  return text.trim() !== '' || status !== '' || repository !== '' || tags.length > 0
}
