// Maintenance in words: what each task does, of what, and where its cadence stands in the plan. One table. Pure.

import type { Maintenance, MaintenanceTask, Plan } from '../api/types.gen'
import { readCron } from './cron'
import { retentionWords } from './plan/words'
import { BOUNDS, isWhole } from './whole'

export interface TaskWords {
  label: string
  /** What it does, for somebody who decides how often. */
  does: string
  /** What it costs not to do it. */
  off: string
  /** One job for each group, rather than one for each repository. */
  ofGroups: boolean
}

export const TASKS: Readonly<Record<MaintenanceTask, TaskWords>> = {
  forget: {
    label: 'Forget',
    does: 'Applies each group’s retention: removes snapshots that no rule keeps. Space is freed later, by pruning.',
    off: 'Off: every snapshot stays.',
    ofGroups: true,
  },
  prune: {
    label: 'Prune',
    does: 'Frees the space of what no snapshot needs any more. Locks the repository while it works.',
    off: 'Off: forgotten snapshots go on taking space.',
    ofGroups: false,
  },
  check: {
    label: 'Check',
    does: 'Looks whether the repository is whole; reads back as much of the data as is said here.',
    off: 'Off: damage shows only when somebody restores.',
    ofGroups: false,
  },
  drill: {
    label: 'Restore drill',
    does: 'Restores a random sample into a private directory, compares it, and leaves nothing behind.',
    off: 'Off: nobody tries whether a restore works.',
    ofGroups: true,
  },
}

export const TASK_ORDER: readonly MaintenanceTask[] = ['forget', 'prune', 'check', 'drill']

/** "Weekly on Sunday at 04:00", or that it does not run by itself. */
export function cadenceWords(cron: string | null): string {
  if (cron === null) return 'not by itself'
  const reading = readCron(cron)
  return reading.ok ? reading.words : cron
}

/** What a check of so much data means. */
export function subsetWords(percent: number): string {
  if (percent <= 0) return 'the structure alone: no data is read back, so rotten data is not found'
  if (percent >= 100) return 'all data, every time'
  const runs = Math.ceil(100 / percent)
  return `${percent} % of the data, another part each time; about ${runs} runs read all of it`
}

/**
 * Why a task of a repository does nothing here by the plan alone, also when somebody starts it: the agent's own rules. What
 * holds it back for the time being is not among it, and may be over by the time that it is tried.
 */
export function neverRuns(plan: Plan, agent: string, name: string, task: MaintenanceTask): string | null {
  const repository = plan.repositories[name]
  if (repository === undefined) return null
  const { append_only, owner, wards = [] } = repository
  if (task === 'prune' || task === 'check') {
    if (owner !== undefined && owner.agent !== agent)
      return `${owner.name} prunes and checks this repository.`
  }
  if (append_only === true && (task === 'forget' || task === 'prune')) {
    return 'The repository only lets this host add, so nothing can be removed from here.'
  }
  const groups = Object.values(plan.groups)
  if (task === 'drill' && !groups.some(({ repository }) => repository === name)) {
    return 'No group is backed up to this repository.'
  }
  if (task === 'forget') {
    const kept = [
      ...groups.filter(({ repository, copy_to }) => repository === name || copy_to === name),
      ...wards.flatMap((ward) => Object.values(ward.groups).map((retention) => ({ retention }))),
    ]
    if (!kept.some(({ retention }) => retentionWords(retention) !== null)) {
      return 'No group of this repository has a retention rule.'
    }
  }
  return null
}

/** What is wrong with the numbers beside a cadence, by field; the bounds of wire::plan. */
export function boundsProblems(
  maintenance: Pick<Maintenance, 'check_read_data_percent' | 'drill_files' | 'drill_mib'>,
): Partial<Record<'check_read_data_percent' | 'drill_files' | 'drill_mib', string>> {
  return {
    ...(!isWhole(maintenance.check_read_data_percent, BOUNDS.percent) && {
      check_read_data_percent: 'Between 0 and 100.',
    }),
    ...(!isWhole(maintenance.drill_files, BOUNDS.drillFiles) && { drill_files: 'Between 1 and 10,000.' }),
    ...(!isWhole(maintenance.drill_mib, BOUNDS.drillMib) && {
      drill_mib: 'Between 1 and 1,048,576 (a TiB).',
    }),
  }
}
