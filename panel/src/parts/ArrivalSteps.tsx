// A new host on its way: waiting → connected → repository ready → first snapshot. Each step from what the host has said,
// with what to do where it does not go on.

import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { giveOrder } from '../api/calls'
import { hostQuery, jobsQuery, ordersQuery, planQuery } from '../api/queries'
import type { HostView, JobView } from '../api/types.gen'
import { arrivalOf, type StepState } from '../model/arrival'
import { formatCount } from '../model/bytes'
import { explained } from '../model/job'
import { isHalfReplaced } from '../model/replacement'
import { paths } from '../paths'
import { Button, ErrorState, Icon, LinkButton, RelativeTime, Skeleton, toast } from '../ui'
import styles from './ArrivalSteps.module.css'
import { ReplacementLinks } from './ReplacementLinks'

export function ArrivalSteps({ agent }: { agent: string }) {
  const host = useQuery(hostQuery(agent))
  const jobs = useInfiniteQuery(jobsQuery(agent))
  const orders = useQuery(ordersQuery(agent))
  if (host.data === undefined) {
    return host.isError ? (
      <ErrorState error={host.error} retry={() => void host.refetch()} />
    ) : (
      <Skeleton rows={4} />
    )
  }
  const list = jobs.data?.pages.flatMap((page) => page.items) ?? []
  const arrival = arrivalOf(host.data, list, orders.data ?? [])
  return (
    <ol className={styles.steps} aria-label={`How ${host.data.row.name} arrives`} data-testid="arrival">
      <Step state={arrival.connected} title="Connected" testid="connected">
        {arrival.connected === 'done' ? (
          <>
            Seen <RelativeTime at={host.data.row.last_seen} />
          </>
        ) : (
          'Waiting for the host. It comes by itself as soon as its agent runs and reaches this coordinator.'
        )}
      </Step>
      <Step state={arrival.planned} title="Plan taken" testid="planned">
        {arrival.refusal !== null ? (
          <>
            The host refused: {arrival.refusal.message} {arrival.refusal.hint}{' '}
            <LinkButton small to={paths.repository(agent)}>
              Mend it
            </LinkButton>
          </>
        ) : arrival.planned === 'done' ? (
          `Revision ${host.data.plan_revision}`
        ) : arrival.planned === 'open' ? (
          <>
            It has no plan yet. <ReplacementLinks agent={agent} half={isHalfReplaced(host.data)} />
          </>
        ) : (
          'The plan is on its way.'
        )}
      </Step>
      <Step state={arrival.repository} title="Repository ready" testid="repository">
        <Repository host={host.data} job={arrival.repositoryJob} state={arrival.repository} />
      </Step>
      <Step state={arrival.snapshot} title="First snapshot" testid="snapshot">
        <FirstSnapshot
          host={host.data}
          job={arrival.backupJob}
          state={arrival.snapshot}
          ready={arrival.repository === 'done'}
        />
        {arrival.adopted > 0 && <Adopted agent={agent} snapshots={arrival.adopted} />}
      </Step>
    </ol>
  )
}

const WORDS: Record<StepState, string> = { done: 'done', now: 'under way', open: 'not yet', failed: 'failed' }

function Step({
  state,
  title,
  children,
  testid,
}: {
  state: StepState
  title: string
  children: ReactNode
  testid: string
}) {
  return (
    <li data-state={state} data-testid={`arrival-${testid}`}>
      <span className={styles.mark}>
        {state === 'done' ? (
          <Icon name="check" size={14} />
        ) : state === 'failed' ? (
          <Icon name="warn" size={14} />
        ) : null}
        <span className="rm-visually-hidden">{WORDS[state]}: </span>
      </span>
      <div>
        <strong>{title}</strong>
        <div className={styles.detail}>{children}</div>
      </div>
    </li>
  )
}

function whyOf(job: JobView | null): string | null {
  const why = job && explained(job)
  return why && `${why.message} ${why.hint}`
}

function Repository({ host, job, state }: { host: HostView; job: JobView | null; state: StepState }) {
  const agent = host.row.agent
  if (state === 'done') return <>{host.repositories.map((repository) => repository.location).join(', ')}</>
  if (state === 'failed') {
    return (
      <>
        {whyOf(job) ?? 'The repository cannot be used.'}{' '}
        <LinkButton small to={job === null ? paths.repository(agent) : paths.job(agent, job.job)}>
          {job === null ? 'Look at the repository' : 'See the log'}
        </LinkButton>
      </>
    )
  }
  if (state === 'now' && job !== null) {
    return (
      <>
        The host makes it.{' '}
        <LinkButton small to={paths.job(agent, job.job)}>
          Watch
        </LinkButton>
      </>
    )
  }
  if (state === 'now') return <>The host looks whether it is there, and makes it where it is not.</>
  return (
    <>
      {host.row.repository === 'needs_secret'
        ? 'The host waits for the repository’s secret.'
        : 'After the plan was taken.'}
    </>
  )
}

function Adopted({ agent, snapshots }: { agent: string; snapshots: number }) {
  return (
    <p>
      It has no backup of its own yet. {formatCount(snapshots)} {snapshots === 1 ? 'snapshot' : 'snapshots'}{' '}
      of the machine whose place it took can be restored.{' '}
      <LinkButton small to={paths.snapshots(agent)}>
        Show them
      </LinkButton>
    </p>
  )
}

function FirstSnapshot({
  host,
  job,
  state,
  ready,
}: {
  host: HostView
  job: JobView | null
  state: StepState
  ready: boolean
}) {
  const agent = host.row.agent
  const queries = useQueryClient()
  async function run() {
    try {
      const { plan } = await queries.fetchQuery(planQuery(agent))
      const groups = Object.keys(plan.groups)
      await giveOrder(agent, { routine: { do: 'run', groups, upload_kib_s: null } })
      toast.ok('The host was told to start')
    } catch (error) {
      toast.failed('The host was not told to start', error)
    }
  }
  if (state === 'done') {
    return (
      <>
        It is backed up.{' '}
        <LinkButton small look="primary" to={paths.host(agent)}>
          Go to {host.row.name}
        </LinkButton>
      </>
    )
  }
  if (job !== null) {
    return (
      <>
        {state === 'failed'
          ? (whyOf(job) ?? 'The first backup did not succeed.')
          : 'The first backup is under way.'}{' '}
        <LinkButton small to={paths.job(agent, job.job)}>
          {state === 'failed' ? 'See the log' : 'Watch it live'}
        </LinkButton>{' '}
        {state === 'failed' && (
          <Button small onClick={() => void run()}>
            Try again
          </Button>
        )}
      </>
    )
  }
  if (!ready) return <>After the repository is ready.</>
  return (
    <>
      Next run <RelativeTime at={host.row.next_run} never="is not scheduled" />{' '}
      <Button small icon="play" onClick={() => void run()}>
        Back up now
      </Button>
    </>
  )
}
