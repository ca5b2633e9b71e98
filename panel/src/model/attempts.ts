// How often work is tried, by the plan's rule and the agent's own for what is no group's: the agent's words are
// agent/src/run/retry.rs.

import type { JobKind, JobView, Plan } from '../api/types.gen'
import { originWords } from './job'

/** What is no group's has the rule that a new group has. */
const USUAL_MAX = 3

const RETRIED: Readonly<Record<JobKind, 'by_group' | 'usual' | 'never'>> = {
  backup: 'by_group',
  init: 'usual',
  probe: 'usual',
  forget: 'usual',
  prune: 'usual',
  check: 'usual',
  copy: 'usual',
  drill: 'usual',
  snapshots: 'never',
  stats: 'never',
  dry_run: 'never',
  retention_preview: 'never',
  unlock: 'never',
  restore: 'never',
}

type Tried = Pick<JobView, 'kind' | 'group' | 'origin' | 'state'>

/** How many attempts there are at most, the first included; `null` where nobody knows the group's rule. */
function most({ kind, group }: Tried, plan: Pick<Plan, 'groups'>): number | null {
  switch (RETRIED[kind]) {
    case 'never':
      return 1
    case 'usual':
      return USUAL_MAX + 1
    case 'by_group': {
      const rule = group === null ? undefined : plan.groups[group]?.retry
      return rule === undefined ? null : rule.max + 1
    }
  }
}

const attempt = ({ origin }: Tried): number => (origin.by === 'retry' ? origin.attempt : 1)

/** How many attempts were made, where this was the last of several and nothing came of it; `null` where it was not. */
export function attemptsUsed(job: Tried, plan: Pick<Plan, 'groups'>): number | null {
  const made = attempt(job)
  const inVain = job.state === 'failed' || job.state === 'interrupted'
  return inVain && made > 1 && made === most(job, plan) ? made : null
}

/** Why it ran, and of a retry which of how many it is. A rule that was made smaller since says nothing of it. */
export function becauseOf(job: Tried, plan: Pick<Plan, 'groups'> | undefined): string {
  const words = originWords(job.origin)
  const all = plan === undefined || job.origin.by !== 'retry' ? null : most(job, plan)
  return all === null || all < attempt(job) ? words : `${words} of ${all}`
}
