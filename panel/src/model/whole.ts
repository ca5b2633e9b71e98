// Whole numbers that somebody types: what a field reads, and which of them a plan takes. Pure.

import type { Plan, PlanProblem } from '../api/types.gen'
import { formatCount } from './bytes'
import { HOST_HOOKS, hooksOf, LONGEST_HOOK_S } from './plan/hooks'

/** The largest that the wire carries where no smaller bound is said. */
export const MOST = 4_294_967_295

/**
 * Stands for a text that is no number at all. A number itself, so that a draft carries it to whoever decides about saving,
 * and one that JSON keeps: a `NaN` would be `null` after a reload, which for a limit means that there is none.
 */
export const UNREADABLE = Number.MIN_VALUE

export interface Bounds {
  min: number
  max: number
}

/** What is typed, as it is typed: out of bounds and with a fraction too, so that it can be refused. `null`: nothing. */
export function readWhole(text: string): number | null {
  const meant = text.trim().replace(/^−/, '-')
  if (meant === '') return null
  return /^-?\d+(\.\d+)?$/.test(meant) ? Number(meant) : UNREADABLE
}

/** The text of a number that was not typed here. */
export function wholeText(value: number | null): string {
  return value === null || value === UNREADABLE ? '' : String(value)
}

export function isWhole(value: number, { min, max }: Bounds): boolean {
  return Number.isInteger(value) && value >= min && value <= max
}

export function wholeWords({ min, max }: Bounds): string {
  const said = (n: number) => (n < 0 ? `−${formatCount(-n)}` : formatCount(n))
  return `a whole number from ${said(min)} to ${said(max)}`
}

/** The number in a sentence about the plan; what is none of its kind yet, as a question mark. */
export function saidWhole(value: number, say: (value: number) => string = String): string {
  return Number.isInteger(value) ? say(value) : '?'
}

export const KEEPS = [
  'keep_last',
  'keep_hourly',
  'keep_daily',
  'keep_weekly',
  'keep_monthly',
  'keep_yearly',
] as const

export const BOUNDS = {
  keep: { min: 0, max: MOST },
  tries: { min: 0, max: 20 },
  backoff: { min: 1, max: 1_800 },
  hook: { min: 1, max: LONGEST_HOOK_S },
  rate: { min: 1, max: MOST },
  nice: { min: -20, max: 19 },
  percent: { min: 0, max: 100 },
  drillFiles: { min: 1, max: 10_000 },
  drillMib: { min: 1, max: 1_048_576 },
} as const satisfies Record<string, Bounds>

/** How long the first try waits; where there is none the plan says nothing by it. */
export function backoffBounds(max: number): Bounds {
  return max === 0 ? { min: 0, max: MOST } : BOUNDS.backoff
}

/**
 * The numbers of a plan that are out of bounds; those of wire::plan. They are found here, because a number that does not fit
 * its type is nothing that a coordinator could read, let alone explain.
 */
export function numberProblems(plan: Plan): PlanProblem[] {
  const { limits, maintenance } = plan
  const numbers: [field: string, value: number | null, bounds: Bounds][] = [
    ...Object.entries(plan.groups).flatMap(([name, { retention, retry }]): typeof numbers => [
      ...KEEPS.map((keep): (typeof numbers)[number] => [
        `groups.${name}.retention.${keep}`,
        retention[keep],
        BOUNDS.keep,
      ]),
      [`groups.${name}.retry.max`, retry.max, BOUNDS.tries],
      [`groups.${name}.retry.backoff_s`, retry.backoff_s, backoffBounds(retry.max)],
    ]),
    ...[HOST_HOOKS, ...Object.keys(plan.groups)].map((scope): (typeof numbers)[number] =>
      scope === HOST_HOOKS
        ? ['hooks.timeout_s', hooksOf(plan).timeout_s, BOUNDS.hook]
        : [`groups.${scope}.hooks.timeout_s`, hooksOf(plan.groups[scope] ?? {}).timeout_s, BOUNDS.hook],
    ),
    ['limits.upload_kib_s', limits.upload_kib_s, BOUNDS.rate],
    ['limits.download_kib_s', limits.download_kib_s, BOUNDS.rate],
    ['limits.nice', limits.nice, BOUNDS.nice],
    ['maintenance.check_read_data_percent', maintenance.check_read_data_percent, BOUNDS.percent],
    ['maintenance.drill_files', maintenance.drill_files, BOUNDS.drillFiles],
    ['maintenance.drill_mib', maintenance.drill_mib, BOUNDS.drillMib],
  ]
  return numbers.flatMap(([field, value, bounds]) =>
    value === null || isWhole(value, bounds) ? [] : [{ field, message: `must be ${wholeWords(bounds)}` }],
  )
}
