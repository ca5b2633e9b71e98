// How far a new host has come, from its view, its jobs and its orders. Pure.

import type { HostView, JobView, OrderView } from '../api/types.gen'

/** `now`: it is being done. `open`: something else has to happen first. */
export type StepState = 'done' | 'now' | 'open' | 'failed'

export interface Arrival {
  connected: StepState
  planned: StepState
  repository: StepState
  snapshot: StepState
  /** Snapshots of the machine whose place it took, while it has none of its own. */
  adopted: number
  /** Why the host did not take the plan. */
  refusal: { message: string; hint: string } | null
  /** The job that makes or opens the repository, the newest. */
  repositoryJob: JobView | null
  backupJob: JobView | null
}

const active = (job: JobView | null) => job !== null && (job.state === 'queued' || job.state === 'running')

/** `jobs` and `orders` with the newest first. */
export function arrivalOf(host: HostView, jobs: readonly JobView[], orders: readonly OrderView[]): Arrival {
  const { row } = host
  const repositoryJob = jobs.find((job) => job.kind === 'init' || job.kind === 'probe') ?? null
  const backupJob = jobs.find((job) => job.kind === 'backup') ?? null
  const planOrder = orders.find((order) => order.action === 'set_plan') ?? null
  const hasPlan = host.repositories.length > 0
  const refusal = !hasPlan && planOrder?.outcome?.outcome === 'refused' ? planOrder.outcome : null

  const ready = row.repository === 'ready'
  const repository: StepState = ready
    ? 'done'
    : active(repositoryJob)
      ? 'now'
      : row.repository === 'unusable' || repositoryJob?.state === 'failed'
        ? 'failed'
        : hasPlan && row.repository === 'unknown'
          ? 'now'
          : 'open'
  // What a machine brought along of the one whose place it took is no backup of its own.
  const adopted = host.replaces !== null && row.last_backup === null
  const snapshot: StepState =
    row.snapshots > 0 && !adopted
      ? 'done'
      : active(backupJob)
        ? 'now'
        : backupJob !== null && backupJob.state !== 'succeeded' && backupJob.state !== 'incomplete'
          ? 'failed'
          : backupJob !== null
            ? 'now'
            : 'open'
  return {
    adopted: adopted ? row.snapshots : 0,
    connected: row.last_seen !== null || row.presence === 'online' ? 'done' : 'now',
    planned: hasPlan
      ? 'done'
      : refusal !== null
        ? 'failed'
        : planOrder !== null &&
            (planOrder.state === 'waiting' || planOrder.state === 'sent' || planOrder.state === 'answered')
          ? 'now'
          : 'open',
    repository,
    snapshot,
    refusal: refusal === null ? null : { message: refusal.message, hint: refusal.hint },
    repositoryJob,
    backupJob,
  }
}
