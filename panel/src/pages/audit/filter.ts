// The audit's conditions: the page's address ↔ the form ↔ what the API takes.

import type { AuditQuery } from '../../api/audit'
import type { AuditAction } from '../../api/types.gen'
import { ACTIONS, type ActionGroup, actionsOf, GROUPS, isAction, isGroup } from '../../model/audit'
import { parseSort, type Sort } from '../../model/search'

export type Range = '' | 'hour' | 'day' | 'week' | 'month' | 'between'

const HOUR = 3_600_000
const SPANS: Readonly<Record<Exclude<Range, '' | 'between'>, number>> = {
  hour: HOUR,
  day: 24 * HOUR,
  week: 7 * 24 * HOUR,
  month: 30 * 24 * HOUR,
}

export const RANGES: readonly { value: Range; label: string }[] = [
  { value: '', label: 'Any time' },
  { value: 'hour', label: 'The last hour' },
  { value: 'day', label: 'The last 24 hours' },
  { value: 'week', label: 'The last 7 days' },
  { value: 'month', label: 'The last 30 days' },
  { value: 'between', label: 'Between…' },
]

export interface AuditFilter {
  actor: string
  /** One action, or `group:` and a whole group; nothing: all. */
  action: string
  target: string
  range: Range
  /** As `datetime-local` has them: in the reader's own zone. */
  since: string
  until: string
  sort: Sort
}

const NEWEST_FIRST: Sort = { id: 'at', desc: true }
const GROUP = 'group:'

export function readFilter(search: URLSearchParams): AuditFilter {
  const range = search.get('range') ?? ''
  const sort = parseSort(search.get('sort'), NEWEST_FIRST)
  return {
    actor: search.get('actor') ?? '',
    action: actionsIn(search.get('action') ?? '') === null ? '' : (search.get('action') ?? ''),
    target: search.get('target') ?? '',
    range: RANGES.some(({ value }) => value === range) ? (range as Range) : '',
    since: search.get('since') ?? '',
    until: search.get('until') ?? '',
    sort: sort.id === 'at' ? sort : NEWEST_FIRST,
  }
}

/** `now`: when a span that ends now was chosen. */
export function asQuery(filter: AuditFilter, now: number): AuditQuery {
  const { actor, action, target, sort } = filter
  return {
    actor: actor.trim(),
    action: actionsIn(action) ?? [],
    target: target.trim(),
    ...times(filter, now),
    order: sort.desc ? 'desc' : 'asc',
  }
}

function times({ range, since, until }: AuditFilter, now: number): Pick<AuditQuery, 'since' | 'until'> {
  if (range === '') return {}
  if (range !== 'between') return { since: now - SPANS[range] }
  return { ...timeOf('since', since), ...timeOf('until', until) }
}

function timeOf<K extends 'since' | 'until'>(name: K, text: string): Partial<Record<K, number>> {
  const at = text === '' ? Number.NaN : new Date(text).getTime()
  return Number.isFinite(at) ? ({ [name]: at } as Record<K, number>) : {}
}

export function isFiltered({ actor, action, target, range }: AuditFilter): boolean {
  return [actor.trim(), action, target.trim(), range].some((value) => value !== '')
}

/** What a choice stands for; `null`: nothing of ours. */
function actionsIn(choice: string): AuditAction[] | null {
  if (choice === '') return []
  if (isAction(choice)) return [choice]
  const group = choice.startsWith(GROUP) ? choice.slice(GROUP.length) : ''
  return isGroup(group) ? actionsOf(group) : null
}

/** The choices of the action's field: each group as a whole, and below it its actions. */
export const ACTION_CHOICES = (Object.keys(GROUPS) as ActionGroup[]).map((group) => ({
  label: GROUPS[group],
  all: { value: `${GROUP}${group}`, label: `${GROUPS[group]}: all` },
  each: actionsOf(group).map((action) => ({ value: action as string, label: ACTIONS[action].did })),
}))
