// Values of a plan as people read them.

import type { PlanWarning, Retention } from '../../api/types.gen'
import { saidWhole } from '../whole'

export const EVERYTHING: Retention = {
  keep_last: 0,
  keep_hourly: 0,
  keep_daily: 0,
  keep_weekly: 0,
  keep_monthly: 0,
  keep_yearly: 0,
  keep_within: null,
}

/** "the last 3, 7 daily, 4 weekly and all of the last 14d"; `null`: no rule, everything stays. */
export function retentionWords(retention: Retention): string | null {
  const parts = [
    retention.keep_last === 0 ? '' : `the last ${saidWhole(retention.keep_last)}`,
    count(retention.keep_hourly, 'hourly'),
    count(retention.keep_daily, 'daily'),
    count(retention.keep_weekly, 'weekly'),
    count(retention.keep_monthly, 'monthly'),
    count(retention.keep_yearly, 'yearly'),
    retention.keep_within === null ? '' : `all of the last ${retention.keep_within}`,
  ].filter((part) => part !== '')
  if (parts.length === 0) return null
  return parts.length === 1
    ? (parts[0] ?? null)
    : `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`
}

function count(n: number, word: string): string {
  return n === 0 ? '' : `${saidWhole(n)} ${word}`
}

/** The tag that pins a snapshot, unless the plan names others. */
export const PINNED = 'pinned'

/** The tags whose snapshots no rule removes. */
export function pinnedTags({ keep_tags }: Retention): readonly string[] {
  return keep_tags ?? [PINNED]
}

/** What a warning means for a person, and what to do. */
export function warningWords(warning: PlanWarning): string {
  switch (warning.what) {
    case 'never_scheduled':
      return `No enabled schedule backs up ${warning.group}: it runs only when somebody starts it.`
    case 'retention_finer_than_schedule': {
      const rule = warning.rule.replace('keep_', '')
      return `${warning.group} keeps ${rule} snapshots, but no schedule makes them that often: the rule keeps no more than a coarser one. Run it more often, or drop the rule.`
    }
  }
}
