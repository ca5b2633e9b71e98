// One job, live while it runs: how it stands and why, its numbers, its log; stop it, run it again.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useParams } from 'react-router'
import { logDownload } from '../../api/calls'
import { useWatch } from '../../api/events'
import { hostQuery, jobQuery, sessionQuery } from '../../api/queries'
import type { Action, JobView, Progress as ProgressNumbers } from '../../api/types.gen'
import { explain, isOver, jobTitle, originJob, originWords } from '../../model/job'
import { covers } from '../../model/roles'
import { JobLog } from '../../parts/JobLog'
import { JobStateDot } from '../../parts/presence'
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
  Section,
  Skeleton,
  toast,
} from '../../ui'
import { useRoutine, useRunNow } from '../host/orders'
import { JobFacts } from './JobFacts'
import { JobProgress } from './JobProgress'
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
      {!over && <JobProgress job={job} progress={progress} />}
      <JobFacts job={job} />
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

/** Why it is no plain success, and what to do next. */
function Outcome({ job }: { job: JobView }) {
  const { state, reason } = job
  const why = job.explanation ?? (reason === null ? null : explain(reason))
  if (!isOver(state) || state === 'succeeded' || why === null) return null
  const tone =
    state === 'failed' ? 'bad' : state === 'incomplete' || state === 'interrupted' ? 'warn' : 'idle'
  return (
    <Notice tone={tone} title={why.message} role="status">
      {why.hint} {reason !== null && <Where job={job} code={reason.code} />}
    </Notice>
  )
}

/** Where the next step is taken. */
function Where({ job, code }: { job: JobView; code: NonNullable<JobView['reason']>['code'] }) {
  switch (code) {
    case 'secret_missing':
    case 'wrong_password':
    case 'forbidden':
    case 'unreachable':
    case 'repository_missing':
    case 'repository_not_ours':
      return <Link to={paths.repository(job.agent)}>To the repository</Link>
    case 'missing_paths':
    case 'nothing_to_back_up':
    case 'unreadable_items':
    case 'empty_policy':
      return <Link to={paths.groups(job.agent)}>To the groups</Link>
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
  const present = host.data?.row.presence === 'online'
  const routine = useRoutine(agent, present)
  const runNow = useRunNow(agent, routine, () => {})
  const [asking, setAsking] = useState(false)
  if (!covers(session.data?.role, 'operator')) return null

  if (!isOver(job.state)) {
    return (
      <>
        <Button
          icon="stop"
          look="danger"
          busy={routine.busy !== null}
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
              toast.ok('The host stops the job', 'What it saved before can be used by the next run.'),
            )
          }}
        >
          <p>It stops within seconds. What was already uploaded stays and makes the next run quicker.</p>
        </ConfirmDialog>
      </>
    )
  }
  const again = againAction(job)
  if (again === null) return null
  return (
    <Button
      icon="refresh"
      busy={routine.busy !== null}
      data-testid="run-again"
      onClick={() =>
        again.do === 'run'
          ? void runNow(again.groups)
          : void routine.give('do it again', again, () =>
              toast.ok('The host does it again', 'It appears among its jobs.'),
            )
      }
    >
      Run again
    </Button>
  )
}

/** The order that does the same work once more; `null` where only the host itself starts such a job. */
function againAction(job: JobView): Extract<Action, { do: 'run' | 'probe' | 'refresh' }> | null {
  switch (job.kind) {
    case 'backup':
      return job.group === null ? null : { do: 'run', groups: [job.group], upload_kib_s: null }
    case 'probe':
    case 'init':
      return { do: 'probe', repository: job.repository }
    case 'snapshots':
    case 'stats':
      return { do: 'refresh', repository: job.repository }
    case 'forget':
      return null
  }
}
