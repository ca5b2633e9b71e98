// What differs between two plans, item by item and field by field, in words. The areas and their roles are those of
// wire::plan::change.

import type { Group, Limits, Maintenance, Plan, Repository, Role, Schedule } from '../../api/types.gen'
import { readCron } from '../cron'
import { locationOf } from '../repository'
import { formatDuration } from '../time'
import { same } from './merge'
import { retentionWords } from './words'

/** Either two values, or – for lists – what came and what went. */
export interface FieldChange {
  label: string
  before: string | null
  after: string | null
  added: readonly string[]
  removed: readonly string[]
}

export interface PlanChange {
  area: 'repository' | 'group' | 'schedule' | 'maintenance' | 'limits' | 'presence'
  /** Of the repository, group or schedule. */
  name: string | null
  kind: 'added' | 'changed' | 'removed'
  fields: readonly FieldChange[]
}

type Value = string | readonly string[] | null
type Described = readonly (readonly [label: string, value: Value])[]

/** Every difference, repositories first; empty when the plans are equal. */
export function changes(before: Plan, after: Plan): PlanChange[] {
  return [
    ...records('repository', before.repositories, after.repositories, describeRepository),
    ...records('group', before.groups, after.groups, describeGroup),
    ...records('schedule', before.schedules, after.schedules, describeSchedule),
    ...single('maintenance', before.maintenance, after.maintenance, describeMaintenance),
    ...single('limits', before.limits, after.limits, describeLimits),
    ...single('presence', before.presence, after.presence, (presence) => [
      ['Presence', presence === 'always_on' ? 'always on' : 'comes and goes'],
    ]),
  ]
}

/** Whose key the edit needs: a destination decides where data goes. */
export function roleFor(all: readonly PlanChange[]): Role {
  return all.some((change) => change.area === 'repository') ? 'admin' : 'operator'
}

function records<T>(
  area: PlanChange['area'],
  before: { [key in string]: T },
  after: { [key in string]: T },
  describe: (value: T) => Described,
): PlanChange[] {
  const all: PlanChange[] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]]
    if (same(old, now)) continue
    const kind = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
    const fields = differences(old === undefined ? [] : describe(old), now === undefined ? [] : describe(now))
    all.push({ area, name, kind, fields: kind === 'removed' ? [] : fields })
  }
  return all
}

function single<T>(
  area: PlanChange['area'],
  before: T,
  after: T,
  describe: (value: T) => Described,
): PlanChange[] {
  if (same(before, after)) return []
  return [{ area, name: null, kind: 'changed', fields: differences(describe(before), describe(after)) }]
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
      return [{ label, before: null, after: reordered ? 'in another order' : null, added, removed }]
    }
    return [{ label, before: text(was), after: text(is), added: [], removed: [] }]
  })
}

function text(value: Value): string | null {
  return typeof value === 'string' || value === null ? value : value.join(', ')
}

function describeRepository({ backend }: Repository): Described {
  return [
    ['Kind', backend.kind],
    ['Destination', locationOf(backend)],
    ['Region', backend.kind === 's3' ? backend.region : null],
  ]
}

function describeGroup(group: Group): Described {
  const { max, backoff_s } = group.retry
  return [
    ['Repository', group.repository],
    ['Paths', group.includes],
    ['Excludes', group.excludes],
    ['Left out if they hold', group.exclude_if_present],
    ['Other file systems', group.one_file_system ? 'left out' : 'included'],
    ['Keeps', retentionWords(group.retention) ?? 'everything'],
    ['Retry', max === 0 ? 'never' : `${max} times, first after ${formatDuration(backoff_s * 1_000)}`],
  ]
}

function describeSchedule(schedule: Schedule): Described {
  return [
    ['When', cronWords(schedule.cron)],
    ['Crontab', schedule.cron],
    ['Time zone', schedule.zone ?? 'the host’s own'],
    ['State', schedule.enabled ? 'on' : 'paused'],
    ['Groups', schedule.groups],
    ['Spread', schedule.jitter_s === 0 ? 'none' : `up to ${formatDuration(schedule.jitter_s * 1_000)}`],
  ]
}

function describeMaintenance(maintenance: Maintenance): Described {
  return [['Forget', maintenance.forget === null ? 'never by itself' : cronWords(maintenance.forget)]]
}

function describeLimits(limits: Limits): Described {
  const rate = (kib: number | null) => (kib === null ? 'no limit' : `${kib} KiB/s`)
  return [
    ['Upload', rate(limits.upload_kib_s)],
    ['Download', rate(limits.download_kib_s)],
    ['Niceness', limits.nice === null ? 'as it is' : String(limits.nice)],
  ]
}

function cronWords(cron: string): string {
  const reading = readCron(cron)
  return reading.ok ? reading.words : cron
}
