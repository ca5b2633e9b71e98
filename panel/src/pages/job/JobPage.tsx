// One job, live while it runs: how it stands and why, its numbers, its log; stop it, run it again.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { logDownload } from '../../api/calls'
import { useWatch } from '../../api/events'
import { hostQuery, jobQuery, sessionQuery } from '../../api/queries'
import type { JobView, Progress as ProgressNumbers } from '../../api/types.gen'
import { attemptsUsed } from '../../model/attempts'
import { explained, isOver, jobTitle, originJob, originWords } from '../../model/job'
import { useLack } from '../../parts/Allowed'
import { JobLog } from '../../parts/JobLog'
import { JobStateDot, presenceWord } from '../../parts/presence'
import { StatusTitle } from '../../parts/StatusTitle'
import { paths } from '../../paths'
import {
  Button,
  Cluster,
  ConfirmDialog,
  DownloadButton,
  ErrorState,
  Notice,
  Page,
  RelativeTime,
  Section,
  Skeleton,
  toast,
} from '../../ui'
import { useRoutine } from '../host/orders'
import { FIGURES, JobFacts } from './JobFacts'
import { JobProgress } from './JobProgress'
import { JobResult, Lacks } from './JobResult'
import { RestoreAgain } from './Restored'
import { RunAgain } from './RunAgain'
import { useJobLog } from './useJobLog'

export default function JobPage() {
  const { agent = '', job = '' } = useParams()
  const query = useQuery({
    ...jobQuery(agent, job),
    // Events tell when it ends; this is for when they are paused or lost.
    refetchInterval: ({ state }) => (state.data !== undefined && isOver(state.data.state) ? false : 5_000),
  })
  if (query.data !== undefined) return <Loaded key={`${agent}/${job}`} job={query.data} />
  return (
    <Page title="Job" trail={trail(agent, 'Host')}>
      {query.isError ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Skeleton rows={8} label="Loading the job" />
      )}
    </Page>
  )
}

function trail(agent: string, host: string) {
  return [
    { to: paths.fleet, label: 'Fleet' },
    { to: paths.host(agent), label: host },
    { to: paths.jobs(agent), label: 'Jobs' },
  ]
}

function Loaded({ job }: { job: JobView }) {
  const { agent } = job
  const over = isOver(job.state)
  const queries = useQueryClient()
  const log = useJobLog(agent, job.job, over)
  const [live, setLive] = useState<ProgressNumbers | null>(null)
  useWatch(
    agent,
    job.job,
    !over,
    (event) => {
      if (event.live === 'progress') setLive(event.progress)
      else log.take(event.lines)
    },
    () => {
      // Subscribed (again): what came before is read now.
      void queries.invalidateQueries({ queryKey: jobQuery(agent, job.job).queryKey, exact: true })
      log.catchUp()
    },
  )
  const progress = live ?? job.progress
  return (
    <Page
      title={`${jobTitle(job)} · ${job.host}`}
      heading={
        <StatusTitle title={jobTitle(job)}>
          <JobStateDot state={job.state} />
        </StatusTitle>
      }
      trail={trail(agent, job.host)}
      lead={<Because job={job} />}
      actions={<JobActions job={job} />}
    >
      <Outcome job={job} />
      {!over && <Away job={job} />}
      {!over && <JobProgress job={job} progress={progress} />}
      <JobResult job={job} />
      <JobFacts job={job} />
      <Lacks job={job} told={FIGURES} />
      <Section title="Log">
        {log.error !== null && log.count === 0 ? (
          <ErrorState error={log.error} title="The log is not here" retry={log.retry} />
        ) : !log.ready ? (
          <Skeleton rows={6} label="Loading the log" />
        ) : (
          <JobLog
            lines={log.lines}
            count={log.count}
            running={!over}
            empty={over ? 'This job printed nothing.' : 'Nothing printed yet.'}
            tools={
              <Cluster>
                <DownloadButton small href={logDownload(agent, job.job, 'txt')}>
                  .txt
                </DownloadButton>
                <DownloadButton small href={logDownload(agent, job.job, 'ndjson')}>
                  .ndjson
                </DownloadButton>
              </Cluster>
            }
          />
        )}
      </Section>
    </Page>
  )
}

function Because({ job }: { job: JobView }) {
  const other = originJob(job.origin)
  const words = originWords(job.origin)
  return <>Because of: {other === null ? words : <Link to={paths.job(job.agent, other)}>{words}</Link>}</>
}

/** What is shown of work in progress comes from the host itself. */
function Away({ job }: { job: JobView }) {
  const row = useQuery(hostQuery(job.agent)).data?.row
  if (row === undefined || row.presence === 'online') return null
  return (
    <Notice tone="idle" title={`${job.host}: ${presenceWord(row.presence).toLowerCase()}`} role="status">
      What you see is what it said before it went away <RelativeTime at={row.last_seen} />. The job may go on
      there, or be over; the host tells when it is back.
    </Notice>
  )
}

/** Why it is no plain success, and what to do next. */
function Outcome({ job }: { job: JobView }) {
  const { state, reason } = job
  const why = explained(job)
  if (!isOver(state) || state === 'succeeded' || why === null) return null
  const tone =
    state === 'failed' ? 'bad' : state === 'incomplete' || state === 'interrupted' ? 'warn' : 'idle'
  return (
    <Notice tone={tone} title={why.message} role="status">
      {why.hint} {reason !== null && <Where job={job} code={reason.code} />}
      <LastAttempt job={job} />
    </Notice>
  )
}

/** That nothing tries it again by itself before it is due. */
function LastAttempt({ job }: { job: JobView }) {
  const made = attemptsUsed(job)
  if (made === null) return null
  return (
    <p data-testid="last-attempt">
      No attempt is left: {made} of {made} were made. Nothing tries it again before it is due the next time.{' '}
      <Link to={paths.schedules(job.agent)}>To the schedules</Link>
    </p>
  )
}

/** Where the next step is taken. */
function Where({ job, code }: { job: JobView; code: NonNullable<JobView['reason']>['code'] }) {
  switch (code) {
    case 'secret_missing':
    case 'wrong_password':
    case 'credential_refused':
    case 'forbidden':
    case 'unreachable':
    case 'repository_missing':
    case 'repository_not_ours':
    case 'no_space':
    case 'certificate':
    case 'locked':
    case 'locks_changed':
    case 'not_copied':
    case 'not_owner':
    case 'owner_unclear':
    case 'append_only':
    case 'damaged':
    case 'drill_failed':
    case 'nothing_restored':
      return <Link to={paths.repository(job.agent)}>To the repository</Link>
    case 'missing_paths':
    case 'nothing_to_back_up':
    case 'paths_silent':
    case 'unreadable_items':
    case 'empty_policy':
    case 'hook_failed':
      return <Link to={paths.groups(job.agent)}>To the groups</Link>
    case 'retention_held':
      return <Link to={paths.repository(job.agent)}>To what is held, and the step that lifts it</Link>
    case 'not_in_plan':
    case 'abandoned':
      return <Link to={paths.schedules(job.agent)}>To the schedules</Link>
    case 'not_in_snapshot':
      return <Link to={paths.snapshots(job.agent)}>To the snapshots</Link>
    case 'agent_died':
    case 'agent_stopped':
      return <Link to={paths.jobs(job.agent)}>To the other jobs</Link>
    default:
      return null
  }
}

function JobActions({ job }: { job: JobView }) {
  const { agent } = job
  const session = useQuery(sessionQuery)
  const host = useQuery(hostQuery(agent))
  // Until it is known, it is waited for: who is quick with the button is not told that the host is away.
  const present = host.data === undefined || host.data.row.presence === 'online'
  const routine = useRoutine(agent, present)
  const [asking, setAsking] = useState(false)
  const lack = useLack('operator', isOver(job.state) ? 'run it again' : 'cancel a job')
  if (session.data == null || host.data?.retired_at != null) return null

  if (!isOver(job.state)) {
    return (
      <>
        <Button
          icon="stop"
          look="danger"
          busy={routine.busy !== null}
          blocked={lack}
          onClick={() => setAsking(true)}
          data-testid="cancel-job"
        >
          Cancel
        </Button>
        <ConfirmDialog
          open={asking}
          onClose={() => setAsking(false)}
          title={`Cancel ${jobTitle(job).toLowerCase()}?`}
          verb="Cancel the job"
          keep="Let it run"
          danger
          busy={routine.busy !== null}
          onConfirm={() => {
            setAsking(false)
            void routine.give('cancel the job', { do: 'cancel', job: job.job }, () =>
              toast.ok('The host stops the job'),
            )
          }}
        >
          <p>
            It stops within seconds and leaves no lock behind.
            {(job.kind === 'backup' || job.kind === 'copy') &&
              ' What was already uploaded stays and makes the next run quicker.'}
            {job.kind === 'restore' && ' What was restored by then stays there; this page says where.'}
          </p>
        </ConfirmDialog>
      </>
    )
  }
  if (job.kind === 'restore') return <RestoreAgain job={job} />
  return <RunAgain job={job} present={present} lack={lack} />
}
