// What differs between two plans, item by item and field by field, in words. The areas and their roles are those of
// wire::plan::change.

import type { PlanChange as JournalChange, Plan, Repository, Role } from '../../api/types.gen'
import {
  type Described,
  describeGroup,
  describeHooks,
  describeLimits,
  describeMaintenance,
  describePing,
  describeRepository,
  describeSchedule,
  type Value,
} from './describe'
import { hooksOf, slotRole, slotWords } from './hooks'
import { same } from './merge'

/** Either two values, or – for lists – what came and what went. */
export interface FieldChange {
  label: string
  before: string | null
  after: string | null
  added: readonly string[]
  removed: readonly string[]
}

export type Area =
  | 'repository'
  | 'group'
  | 'schedule'
  | 'maintenance'
  | 'limits'
  | 'presence'
  | 'hooks'
  | 'ping'
  | 'hostname'
  | 'secret'

export interface PlanChange {
  area: Area
  /** Of the repository, group, schedule, ping or secret. */
  name: string | null
  kind: 'added' | 'changed' | 'removed'
  fields: readonly FieldChange[]
  /** Whose key it needs: a destination decides where data goes, a hook runs with all power. */
  role: Role
}

interface Describer<T> {
  describe: (value: T) => Described
  role?: (before: T | undefined, after: T | undefined) => Role
}

/** Every difference, repositories first; empty when the plans are equal. */
export function changes(before: Plan, after: Plan): PlanChange[] {
  return [
    ...records<Repository>('repository', before.repositories, after.repositories, {
      describe: describeRepository,
      role: () => 'admin',
    }),
    ...records('group', before.groups, after.groups, {
      describe: describeGroup,
      // Also of a group that goes: without it, or under another name, its hooks do not run.
      role: (old, now) => (same(hooksOf(old ?? {}), hooksOf(now ?? {})) ? 'operator' : 'admin'),
    }),
    ...records('schedule', before.schedules, after.schedules, { describe: describeSchedule }),
    ...single('maintenance', before.maintenance, after.maintenance, { describe: describeMaintenance }),
    ...single('limits', before.limits, after.limits, { describe: describeLimits }),
    ...single('presence', before.presence, after.presence, {
      describe: (presence) => [['Presence', presence === 'always_on' ? 'always on' : 'comes and goes']],
    }),
    ...single('hooks', hooksOf(before), hooksOf(after), {
      describe: (hooks) => describeHooks(hooks, true),
      role: () => 'admin',
    }),
    ...records('ping', before.pings ?? {}, after.pings ?? {}, { describe: describePing }),
    ...single('hostname', before.hostname, after.hostname, {
      describe: (name) => [['Name of its snapshots', name ?? 'the machine’s own']],
      // Retention is about the snapshots of that name.
      role: () => 'admin',
    }),
  ]
}

/** Secrets that an edit brings along. Their values are shown nowhere. */
export function secretChanges(slots: readonly string[]): PlanChange[] {
  const value = {
    label: 'Value',
    before: null,
    after: 'typed here, sealed to the host',
    added: [],
    removed: [],
  }
  return slots.map((slot) => ({
    area: 'secret',
    name: slotWords(slot),
    kind: 'changed',
    fields: [value],
    role: slotRole(slot),
  }))
}

/** Whose key the edit needs. */
export function roleFor(all: readonly PlanChange[]): Role {
  return all.some(({ role }) => role === 'admin') ? 'admin' : 'operator'
}

/** A change of the journal in words: "group photos changed". */
export function journalWords(change: JournalChange): string {
  switch (change.what) {
    case 'repository_added':
    case 'repository_changed':
    case 'repository_removed':
      return `repository ${change.repository} ${change.what.slice('repository_'.length)}`
    case 'group_added':
    case 'group_changed':
    case 'group_removed':
      return `group ${change.group} ${change.what.slice('group_'.length)}`
    case 'schedule_added':
    case 'schedule_changed':
    case 'schedule_removed':
      return `schedule ${change.schedule} ${change.what.slice('schedule_'.length)}`
    case 'maintenance_changed':
      return 'maintenance changed'
    case 'limits_changed':
      return 'limits changed'
    case 'presence_changed':
      return 'presence changed'
    case 'hooks_changed':
      return change.group === null ? 'the host’s hooks changed' : `hooks of ${change.group} changed`
    case 'pings_changed':
      return 'pings changed'
    case 'hostname_changed':
      return 'the name of its snapshots changed'
  }
}

function records<T>(
  area: Area,
  before: { [key in string]: T },
  after: { [key in string]: T },
  { describe, role }: Describer<T>,
): PlanChange[] {
  const all: PlanChange[] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]]
    if (same(old, now)) continue
    const kind = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
    const fields = differences(old === undefined ? [] : describe(old), now === undefined ? [] : describe(now))
    const needs = role?.(old, now) ?? 'operator'
    all.push({ area, name, kind, fields: kind === 'removed' ? [] : fields, role: needs })
  }
  return all
}

function single<T>(area: Area, before: T, after: T, { describe, role }: Describer<T>): PlanChange[] {
  if (same(before, after)) return []
  const fields = differences(describe(before), describe(after))
  return [{ area, name: null, kind: 'changed', fields, role: role?.(before, after) ?? 'operator' }]
}

function differences(before: Described, after: Described): FieldChange[] {
  const old = new Map(before)
  const now = new Map(after)
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((label): FieldChange[] => {
    const [was, is] = [old.get(label) ?? null, now.get(label) ?? null]
    if (same(was, is)) return []
    if (typeof was === 'object' && typeof is === 'object' && (was !== null || is !== null)) {
      const [from, to] = [was ?? [], is ?? []]
      const added = to.filter((item) => !from.includes(item))
      const removed = from.filter((item) => !to.includes(item))
      const reordered = added.length === 0 && removed.length === 0
      if (reordered && from.length === 0) return []
      return [{ label, before: null, after: reordered ? 'in another order' : null, added, removed }]
    }
    return [{ label, before: text(was), after: text(is), added: [], removed: [] }]
  })
}

function text(value: Value): string | null {
  return typeof value === 'string' || value === null ? value : value.join(', ')
}
