// Edits of a plan, and quick hints while one types. A draft may hold what is half typed (empty lines, blanks around);
// `normalise` makes of it what is meant.

import type { Conditions, Group, Maintenance, Ping, Plan, PlanProblem, Retention } from '../../api/types.gen'
import { meantHooks } from './hooks'
import { PINNED } from './words'

export const NAME_RULE = '1 to 64 of the characters a–z A–Z 0–9 . _ -, beginning with a letter or digit'

export function isName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}

/** What a token admits: a host's name, with `*` for anything. */
export function isNamePattern(text: string): boolean {
  return /^[A-Za-z0-9*][A-Za-z0-9._*-]{0,63}$/.test(text)
}

const meant = (lines: readonly string[]) => lines.map((line) => line.trim()).filter((line) => line !== '')

/** Without what only typing left behind, and without what says the same when it is left out. */
export function normalise(plan: Plan): Plan {
  const { hooks, pings, ...rest } = plan
  return {
    ...rest,
    groups: mapped(plan.groups, meantGroup),
    schedules: mapped(plan.schedules, ({ conditions, ...schedule }) => ({
      ...schedule,
      cron: schedule.cron.trim().replace(/\s+/g, ' '),
      zone: schedule.zone?.trim() || null,
      ...(isAsked(conditions) && { conditions }),
    })),
    maintenance: {
      ...plan.maintenance,
      forget: cadence(plan.maintenance.forget),
      prune: cadence(plan.maintenance.prune),
      check: cadence(plan.maintenance.check),
      drill: cadence(plan.maintenance.drill),
    },
    ...(meantHooks(hooks) !== undefined && { hooks }),
    ...(Object.keys(pings ?? {}).length > 0 && { pings }),
  }
}

/** One group of {@link normalise}, for what is asked about before it is saved. */
export function meantGroup({ hooks, copy_to, ...group }: Group): Group {
  return {
    ...group,
    includes: meant(group.includes),
    excludes: meant(group.excludes),
    exclude_if_present: meant(group.exclude_if_present),
    retention: meantRetention(group.retention),
    ...(meantHooks(hooks) !== undefined && { hooks }),
    ...(copy_to !== undefined && { copy_to }),
  }
}

export function meantRetention({ keep_tags, ...retention }: Retention): Retention {
  const tags = keep_tags === undefined ? [PINNED] : meant(keep_tags)
  return {
    ...retention,
    keep_within: retention.keep_within?.trim() || null,
    ...(!(tags.length === 1 && tags[0] === PINNED) && { keep_tags: tags }),
  }
}

function isAsked(conditions: Conditions | undefined): boolean {
  return conditions !== undefined && Object.values(conditions).some((asked) => asked)
}

function cadence(cron: string | null): string | null {
  return cron?.trim().replace(/\s+/g, ' ') || null
}

/** As wire::plan::Maintenance has it where nothing is said. */
export const USUAL_MAINTENANCE: Maintenance = {
  forget: '0 3 * * *',
  prune: '0 4 * * 0',
  check: '0 5 1 * *',
  check_read_data_percent: 5,
  drill: '0 6 2 * *',
  drill_files: 20,
  drill_mib: 200,
}

/** A plan of nothing: what another one is, is what it adds. */
export const NO_PLAN: Plan = {
  repositories: {},
  groups: {},
  schedules: {},
  maintenance: {
    ...USUAL_MAINTENANCE,
    forget: null,
    prune: null,
    check: null,
    drill: null,
  },
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}

export function emptyGroup(repository: string): Group {
  return {
    repository,
    includes: [],
    excludes: [],
    exclude_if_present: [],
    one_file_system: false,
    retention: {
      keep_last: 0,
      keep_hourly: 0,
      keep_daily: 7,
      keep_weekly: 4,
      keep_monthly: 12,
      keep_yearly: 0,
      keep_within: null,
    },
    retry: { max: 3, backoff_s: 60 },
  }
}

export function emptyPing(): Ping {
  return { start: true, success: true, failure: true, groups: [] }
}

/** The schedules that name a group: while there are any, it stays. */
export function schedulesOf(plan: Plan, group: string): string[] {
  return Object.entries(plan.schedules).flatMap(([name, schedule]) =>
    schedule.groups.includes(group) ? [name] : [],
  )
}

/** The group under another name, also where schedules and pings name it. Its place in the list stays. */
export function renameGroup(plan: Plan, from: string, to: string): Plan {
  const follow = (groups: readonly string[]) => groups.map((group) => (group === from ? to : group))
  return {
    ...plan,
    groups: renamed(plan.groups, from, to),
    schedules: mapped(plan.schedules, (schedule) => ({ ...schedule, groups: follow(schedule.groups) })),
    ...(plan.pings !== undefined && {
      pings: mapped(plan.pings, (ping) => ({ ...ping, groups: follow(ping.groups) })),
    }),
  }
}

/** Without the group, also where pings name it; a ping that named only this one goes too, instead of growing to all. */
export function withoutGroup(plan: Plan, name: string): Plan {
  const pings = Object.entries(plan.pings ?? {}).flatMap(([ping, value]): [string, Ping][] => {
    if (!value.groups.includes(name)) return [[ping, value]]
    const groups = value.groups.filter((group) => group !== name)
    return groups.length === 0 ? [] : [[ping, { ...value, groups }]]
  })
  return {
    ...plan,
    groups: without(plan.groups, name),
    ...(plan.pings !== undefined && { pings: Object.fromEntries(pings) }),
  }
}

export function renameSchedule(plan: Plan, from: string, to: string): Plan {
  return { ...plan, schedules: renamed(plan.schedules, from, to) }
}

/** A record without one of its entries. */
export function without<T>(record: { [key in string]: T }, name: string): { [key in string]: T } {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name))
}

/** What can be said at once, without asking: the same fields as the coordinator names. */
export function hints(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = []
  for (const [name, group] of Object.entries(plan.groups)) {
    if (!isName(name)) problems.push({ field: `groups.${name}`, message: `a name takes ${NAME_RULE}` })
    if (group.includes.length === 0) {
      problems.push({ field: `groups.${name}.includes`, message: 'must name at least one path to back up' })
    }
    for (const [n, path] of group.includes.entries()) {
      if (!/^(\/|[A-Za-z]:)/.test(path)) {
        problems.push({
          field: `groups.${name}.includes[${n}]`,
          message: `“${path}” must be an absolute path, such as /home`,
        })
      }
    }
  }
  for (const [name, schedule] of Object.entries(plan.schedules)) {
    if (!isName(name)) problems.push({ field: `schedules.${name}`, message: `a name takes ${NAME_RULE}` })
    if (schedule.groups.length === 0) {
      problems.push({ field: `schedules.${name}.groups`, message: 'must name at least one group' })
    }
  }
  return problems
}

/** The problems of one field: of itself, of its items, and of what stands below it when `deep`. One sentence each. */
export function problemsAt(problems: readonly PlanProblem[], field: string, deep = false): string[] {
  const inside = (name: string) =>
    name === field || name.startsWith(`${field}[`) || (deep && name.startsWith(`${field}.`))
  return [
    ...new Set(
      problems.filter((problem) => inside(problem.field)).map((problem) => sentence(problem.message)),
    ),
  ]
}

/** A message that begins in the middle of one, as a sentence of its own. */
export function sentence(message: string): string {
  const capital = `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}`
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}

function mapped<T>(record: { [key in string]: T }, change: (value: T) => T): { [key in string]: T } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}

function renamed<T>(record: { [key in string]: T }, from: string, to: string): { [key in string]: T } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name === from ? to : name, value]))
}
