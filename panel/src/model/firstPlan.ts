// The plan that a new host begins with: one repository, its start paths as group `default`, one daily schedule. Pure.

import type { Backend, Plan, PlanProblem } from '../api/types.gen'
import { USUAL_MAINTENANCE } from './plan'

export const FIRST_GROUP = 'default'
export const FIRST_SCHEDULE = 'daily'
const JITTER_S = 15 * 60

export function firstPlan(backend: Backend, includes: readonly string[]): Plan {
  return {
    repositories: { main: { backend } },
    groups: {
      [FIRST_GROUP]: {
        repository: 'main',
        includes: [...includes],
        excludes: [],
        exclude_if_present: ['CACHEDIR.TAG'],
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
      },
    },
    schedules: {
      [FIRST_SCHEDULE]: {
        cron: '0 2 * * *',
        zone: null,
        enabled: true,
        groups: [FIRST_GROUP],
        jitter_s: JITTER_S,
      },
    },
    maintenance: USUAL_MAINTENANCE,
    limits: { upload_kib_s: null, download_kib_s: null, nice: null },
    presence: 'always_on',
  }
}

/** What the coordinator says about the start paths, in one text. */
export function pathProblems(problems: readonly PlanProblem[]): string | null {
  const start = `groups.${FIRST_GROUP}.includes`
  const said = problems.filter(({ field }) => field.startsWith(start)).map(({ message }) => message)
  return said.length === 0 ? null : said.join('; ')
}

/** Problems that no field of the form stands for. */
export function otherProblems(problems: readonly PlanProblem[]): string[] {
  return problems
    .filter(
      ({ field }) =>
        !field.startsWith('repositories.main.backend.') &&
        !field.startsWith(`groups.${FIRST_GROUP}.includes`),
    )
    .map(({ field, message }) => `${field}: ${message}`)
}
