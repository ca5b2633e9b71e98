// The frame of a preview: the button that asks the host, how it goes, why there is nothing to show, and the answer.

import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { Action, JobView } from '../../api/types.gen'
import { formatBytes } from '../../model/bytes'
import { explained, isOver, jobTitle } from '../../model/job'
import { isSigned } from '../../model/orders'
import { lackWords } from '../../model/restic'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import styles from '../../parts/Preview.module.css'
import { paths } from '../../paths'
import { Button, Notice, RelativeTime, Stack } from '../../ui'
import { useHost } from './context'
import type { Trial } from './trial'

interface FrameProps {
  trial: Trial
  title: string
  /** What the button says. */
  verb: string
  /** What it would show, before anything was asked. */
  lead: string
  /** What would be asked now; `null` with `why` where it makes no sense. */
  action: Action | null
  why?: string
  /** The answer, once the job is over and has one. */
  children: (job: JobView) => ReactNode
  'data-testid': string
}

export function TrialFrame({ trial, title, verb, lead, action, why, children, ...rest }: FrameProps) {
  const { present, host, mayOperate } = useHost()
  const { operator, busy, job, refused, asked, begin, stop } = trial
  const blocked = !mayOperate
    ? 'It takes the role operator to ask the host.'
    : !present
      ? `${host.row.name} is away: nothing can be looked at there until it is back.`
      : action === null
        ? (why ?? null)
        : null
  // A viewer cannot ask at all, whatever key this browser has.
  const signed = mayOperate && action !== null && isSigned(action)
  const stale = asked !== null && action !== null && asked !== JSON.stringify(action)
  return (
    <section className={styles.frame} aria-label={title} {...rest}>
      <div className={styles.head}>
        <div>
          <h3>{title}</h3>
          <p>{blocked ?? lead}</p>
        </div>
        {busy && job !== undefined ? (
          <Button small icon="stop" onClick={() => void stop()}>
            Stop
          </Button>
        ) : (
          <Button
            small
            icon="search"
            busy={busy}
            disabled={blocked !== null || (signed && !mayAct(operator, 'operator'))}
            onClick={() => {
              if (action !== null) void begin(action)
            }}
          >
            {asked === null ? verb : 'Look again'}
          </Button>
        )}
      </div>
      {signed && (
        <OperatorNotice operator={operator} needed="operator" what="try unsaved settings at a host" />
      )}
      <div role="status">
        {refused !== null && (
          <Notice tone="bad" title="There is no preview">
            {refused}
          </Notice>
        )}
        {busy && <Going job={job} />}
      </div>
      {job !== undefined && isOver(job.state) && (
        <Stack tight>
          {stale && (
            <Notice tone="idle">
              This is the answer to what stood here before. Look again for what you see now.
            </Notice>
          )}
          <Ended job={job} />
          {job.result !== null && children(job)}
        </Stack>
      )}
    </section>
  )
}

function Going({ job }: { job: JobView | undefined }) {
  if (job === undefined) return <p>The host is asked…</p>
  if (job.state === 'queued') return <p>It waits for other work on the same repository…</p>
  const { progress } = job
  if (progress === null) return <p>The host looks…</p>
  return (
    <p>
      {progress.files_done.toLocaleString('en')} files, {formatBytes(progress.bytes_done)} looked at so far…
    </p>
  )
}

/** Why it is no plain answer, and what restic there cannot say. */
function Ended({ job }: { job: JobView }) {
  const why = explained(job)
  const link = (
    <Link to={paths.job(job.agent, job.job)}>
      {jobTitle(job)}, <RelativeTime at={job.finished_at} />
    </Link>
  )
  return (
    <>
      {why !== null && (
        <Notice tone={job.state === 'failed' ? 'bad' : 'warn'} title={why.message}>
          {why.hint} {link}
        </Notice>
      )}
      {job.explanation === null && job.state !== 'succeeded' && (
        <Notice tone="warn" title={`It ended ${job.state}`}>
          {link}
        </Notice>
      )}
      {job.state === 'succeeded' && job.result === null && (
        <Notice tone="warn" title="The host gave no answer">
          Its agent may be older than this panel. {link}
        </Notice>
      )}
      {job.lacks.length > 0 && <p>Not known here: {job.lacks.map(lackWords).join('; ')}.</p>}
    </>
  )
}
