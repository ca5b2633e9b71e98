// Edits of a plan, and quick hints while one types. A draft may hold what is half typed (empty lines, blanks around);
// `normalise` makes of it what is meant.

import type { Group, Plan, PlanProblem } from '../../api/types.gen'

export const NAME_RULE = '1 to 64 of the characters a–z A–Z 0–9 . _ -, beginning with a letter or digit'

export function isName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)
}

const meant = (lines: readonly string[]) => lines.map((line) => line.trim()).filter((line) => line !== '')

/** Without what only typing left behind. */
export function normalise(plan: Plan): Plan {
  return {
    ...plan,
    groups: mapped(plan.groups, (group) => ({
      ...group,
      includes: meant(group.includes),
      excludes: meant(group.excludes),
      exclude_if_present: meant(group.exclude_if_present),
      retention: { ...group.retention, keep_within: group.retention.keep_within?.trim() || null },
    })),
    schedules: mapped(plan.schedules, (schedule) => ({
      ...schedule,
      cron: schedule.cron.trim().replace(/\s+/g, ' '),
      zone: schedule.zone?.trim() || null,
    })),
    maintenance: {
      ...plan.maintenance,
      forget: plan.maintenance.forget?.trim().replace(/\s+/g, ' ') || null,
    },
  }
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

/** The schedules that name a group: while there are any, it stays. */
export function schedulesOf(plan: Plan, group: string): string[] {
  return Object.entries(plan.schedules).flatMap(([name, schedule]) =>
    schedule.groups.includes(group) ? [name] : [],
  )
}

/** The group under another name, also where schedules name it. Its place in the list stays. */
export function renameGroup(plan: Plan, from: string, to: string): Plan {
  return {
    ...plan,
    groups: renamed(plan.groups, from, to),
    schedules: mapped(plan.schedules, (schedule) => ({
      ...schedule,
      groups: schedule.groups.map((group) => (group === from ? to : group)),
    })),
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
