// A host in the place of one that is gone: the plan it takes over, and what of the old one's secrets that plan needs. Pure.

import type { EscrowHost, HostView, Plan } from '../api/types.gen'
import { credentialSlots } from './credentials'
import { FIRST_GROUP, firstPlan } from './firstPlan'
import { slotWords, wantedSecrets } from './plan'

export interface Old {
  agent: string
  /** The name that its snapshots bear. */
  hostname: string
}

export interface Next {
  agent: string
  name: string
  /** The machine's own. */
  hostname: string
}

/** The old plan as the new host has to have it: under the old snapshots' name, and its own where the old one owned. */
export function inheritedPlan(plan: Plan, old: Old, next: Next): Plan {
  const { hostname: _, repositories, ...rest } = plan
  return {
    ...rest,
    repositories: Object.fromEntries(
      Object.entries(repositories).map(([name, repository]) => [
        name,
        repository.owner?.agent === old.agent
          ? { ...repository, owner: { agent: next.agent, name: next.name } }
          : repository,
      ]),
    ),
    ...(old.hostname !== next.hostname && { hostname: old.hostname }),
  }
}

/** The first plan of a host whose old plan nobody has any more: its repositories from a bundle, and paths that were typed. */
export function planFromBundle(host: EscrowHost, includes: readonly string[], next: Next): Plan | null {
  const repositories = Object.entries(host.repositories)
  const [main] = repositories.find(([name]) => name === 'main') ?? repositories[0] ?? []
  const backend = main === undefined ? undefined : host.repositories[main]
  if (main === undefined || backend === undefined) return null
  const plan = firstPlan(backend, includes)
  const group = plan.groups[FIRST_GROUP]
  return {
    ...plan,
    repositories: Object.fromEntries(repositories.map(([name, one]) => [name, { backend: one }])),
    ...(group !== undefined && { groups: { [FIRST_GROUP]: { ...group, repository: main } } }),
    ...(host.hostname !== next.hostname && { hostname: host.hostname }),
  }
}

export interface Value {
  slot: string
  value: string
}

/** What is re-sealed of what was opened: what the plan uses, and nothing else. */
export function secretsFor(plan: Plan, values: Readonly<Record<string, string>>): Value[] {
  const used = new Set([...credentialSlots(plan), ...wantedSecrets(plan).map(({ slot }) => slot)])
  return Object.entries(values).flatMap(([slot, value]) => (used.has(slot) ? [{ slot, value }] : []))
}

/** What the plan cannot do without and nobody has given, in words. */
export function missingFor(plan: Plan, given: readonly Pick<Value, 'slot'>[]): string[] {
  const has = new Set(given.map(({ slot }) => slot))
  const needed = [
    ...credentialSlots(plan).filter((slot) => slot.endsWith('/password')),
    ...wantedSecrets(plan).map(({ slot }) => slot),
  ]
  return [...new Set(needed)].filter((slot) => !has.has(slot)).map(slotWords)
}

/** "2 groups, 1 schedule, 1 repository" */
export function planWords({ groups, schedules, repositories }: Plan): string {
  const count = (all: object, one: string, many: string) => {
    const { length } = Object.keys(all)
    return `${length} ${length === 1 ? one : many}`
  }
  return [
    count(groups, 'group', 'groups'),
    count(schedules, 'schedule', 'schedules'),
    count(repositories, 'repository', 'repositories'),
  ].join(', ')
}

type Standing = Pick<
  HostView,
  'replaces' | 'replaced_by' | 'retired_at' | 'plan_revision' | 'plan_waiting' | 'journal' | 'trouble'
>

/** Whether it was let in in another's place and never got a plan: somebody closed the page on the way. */
export function isHalfReplaced(host: Standing): boolean {
  const { replaces, replaced_by, retired_at, plan_revision, plan_waiting } = host
  const stands = replaces !== null && replaced_by === null && retired_at === null
  return stands && plan_revision === 0 && !plan_waiting && isRead(host)
}

/**
 * Whether "no plan" is the host's own word. A coordinator that lost its database knows of no plan until the host has sent its
 * journal again, which tells of the plan near its beginning; of one that two machines write nothing more is taken.
 */
function isRead({ journal, trouble }: Standing): boolean {
  return journal.seq > 0 && (trouble === null || trouble.kind === 'namesake')
}
