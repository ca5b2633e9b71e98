// Jobs in words: kinds and origins. One table each, exhaustive by type. Why a job failed is said by the coordinator, in the
// same words as at the host's terminal.

import type {
  Action,
  Explanation,
  JobKind,
  JobState,
  JobView,
  MaintenanceTask,
  Origin,
} from '../api/types.gen'
import { shownText } from './rawPath'

export const JOB_KINDS: Readonly<Record<JobKind, string>> = {
  init: 'Create repository',
  probe: 'Look at repository',
  backup: 'Backup',
  forget: 'Forget',
  snapshots: 'Read snapshots',
  stats: 'Read numbers',
  dry_run: 'Dry run',
  retention_preview: 'Retention preview',
  prune: 'Prune',
  check: 'Check',
  unlock: 'Unlock',
  copy: 'Copy',
  drill: 'Restore drill',
  restore: 'Restore',
}

export function isOver(state: JobState): boolean {
  return state !== 'queued' && state !== 'running'
}

/** "Backup of default", "Look at repository main". */
export function jobTitle(job: Pick<JobView, 'kind' | 'group' | 'repository'>): string {
  if (job.kind === 'restore') return `Restore from ${job.repository}`
  if (job.group !== null) return `${JOB_KINDS[job.kind]} of ${job.group}`
  if (['init', 'probe', 'prune', 'check', 'unlock'].includes(job.kind))
    return `${JOB_KINDS[job.kind]} ${job.repository}`
  return `${JOB_KINDS[job.kind]} of ${job.repository}`
}

export function originWords(origin: Origin): string {
  switch (origin.by) {
    case 'schedule':
      return `schedule ${origin.schedule}`
    case 'catch_up':
      return `caught up, schedule ${origin.schedule}`
    case 'retry':
      return `retry, attempt ${origin.attempt}${origin.of === undefined ? '' : ` of ${origin.of}`}`
    case 'operator':
      return origin.person
    case 'local':
      return 'the host’s terminal'
    case 'maintenance':
      return 'maintenance'
    case 'follow':
      return origin.job === null ? 'a change of the plan' : 'follows another job'
  }
}

/** Where to see more of the origin: the job it repeats or follows. */
export function originJob(origin: Origin): string | null {
  return origin.by === 'retry' || origin.by === 'follow' ? origin.job : null
}

type Again = Pick<JobView, 'kind' | 'group' | 'repository' | 'options'>

/** The order that does the same work once more; `null` where an order cannot. */
export function againAction({ kind, group, repository, options }: Again): Action | null {
  switch (kind) {
    case 'backup': {
      const { upload_kib_s = null, download_kib_s } = options
      if (group === null) return null
      return {
        do: 'run',
        groups: [group],
        upload_kib_s,
        ...(download_kib_s !== undefined && { download_kib_s }),
      }
    }
    case 'probe':
    case 'init':
      return { do: 'probe', repository }
    case 'snapshots':
    case 'stats':
      return { do: 'refresh', repository }
    case 'dry_run':
      return group === null ? null : { do: 'dry_run', group, settings: options.group ?? null }
    case 'retention_preview':
      return group === null || options.retention === undefined
        ? null
        : { do: 'preview_retention', group, retention: options.retention }
    case 'forget':
    case 'prune':
    case 'check':
    case 'drill':
      return maintainAgain(kind, { group, repository, options })
    case 'unlock':
      // Locks that were named may be those of living jobs: that is asked again, at the list of locks.
      return (options.locks ?? []).length > 0 ? null : { do: 'unlock', repository, locks: [] }
    case 'copy':
      return group === null || options.to === undefined
        ? null
        : { do: 'copy', group, to: options.to, snapshots: options.snapshots ?? [] }
    case 'restore':
      // Where it went to is taken by now, and what was lent for it is gone: that is chosen again, on the page for it.
      return null
  }
}

/** What ran on a released credential takes another release; a ward's group is none of this host's own. */
function maintainAgain(task: MaintenanceTask, job: Omit<Again, 'kind'>): Action | null {
  const { group, repository, options } = job
  if (options.released === true) return null
  const groups = group === null || options.ward !== undefined ? [] : [group]
  return { do: 'maintain', repository, task, groups, read_data_percent: options.read_data_percent ?? null }
}

/** Why it came out as it did; names in it cannot make it read otherwise. */
export function explained({ explanation }: Pick<JobView, 'explanation'>): Explanation | null {
  return explanation && { message: shownText(explanation.message), hint: shownText(explanation.hint) }
}
