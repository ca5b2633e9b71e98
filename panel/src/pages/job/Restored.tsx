// What a restore brought back, and where to: what failed with its reason, what a dry run would write; the way to do it again.

import { Link } from 'react-router'
import type { JobView, Restore, RestoreItem, RestoreResult } from '../../api/types.gen'
import { formatCount } from '../../model/bytes'
import { printedPath } from '../../model/diffTree'
import { isOver } from '../../model/job'
import { shownText } from '../../model/rawPath'
import { neededFor, needs } from '../../model/restic'
import { useLack } from '../../parts/Allowed'
import { paths } from '../../paths'
import { Bytes, type Column, CopyText, DataTable, Facts, LinkButton, Notice } from '../../ui'
import styles from './Job.module.css'

export function Restored({ job, result }: { job: JobView; result: RestoreResult }) {
  const asked = job.options.restore
  const dry = asked?.dry_run === true
  return (
    <>
      <Verdict job={job} result={result} dry={dry} />
      <Facts items={facts(job, result, asked)} />
      {result.failed.length > 0 && (
        <DataTable
          label="What did not come back"
          rows={result.failed}
          rowKey={({ path }) => path}
          columns={[
            { id: 'path', header: 'File', cell: ({ path }) => <code>{printedPath(path)}</code> },
            { id: 'what', header: 'Why', cell: ({ what }) => shownText(what) },
          ]}
        />
      )}
      {result.failed_total > result.failed.length && (
        <p className={styles.label}>
          The first {formatCount(result.failed.length)} of {formatCount(result.failed_total)}; the log has
          all.
        </p>
      )}
      {result.would.length > 0 && (
        <>
          <DataTable
            label="What would be restored"
            rows={result.would}
            rowKey={({ path }) => path}
            columns={WOULD}
          />
          {result.restored + result.skipped > result.would.length && (
            <p className={styles.label}>Only the first {formatCount(result.would.length)} are listed.</p>
          )}
        </>
      )}
      {result.warnings.length > 0 && (
        <Notice tone="warn" title="What to know about it">
          <ul className={styles.lacks}>
            {result.warnings.map((warning) => (
              <li key={warning}>{shownText(warning)}</li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  )
}

function Verdict({ job, result, dry }: { job: JobView; result: RestoreResult; dry: boolean }) {
  const { restored, failed_total: failed } = result
  const uncounted = uncountedBy(job, result)
  if (dry) return <Notice tone="idle" title="Nothing was written: this is what would be" />
  if (failed > 0) {
    return (
      <Notice
        tone="bad"
        title={`${formatCount(failed)} ${failed === 1 ? 'item' : 'items'} did not come back whole`}
      >
        Everything else is there. Mend what the list says, then restore these again.
      </Notice>
    )
  }
  if (job.state === 'succeeded') return <Notice tone="ok" title="All of it is back" />
  if (!isOver(job.state)) return null
  return (
    <Notice tone="warn" title="It ended before all was back">
      {uncounted !== null
        ? `What was written by then stays where it is${wasCutOff(job, result) ? ', and how much that is nobody knows' : ''}.`
        : restored === 0
          ? 'Nothing was written yet.'
          : `What was written by then – ${formatCount(restored)} ${restored === 1 ? 'item' : 'items'} – stays where it is.`}{' '}
      Files in the middle may be incomplete: restore again before you rely on them.
    </Notice>
  )
}

/** Why the counts say nothing: its end was not seen, or this host's restic tells none, and which one would. */
function uncountedBy(job: JobView, result: RestoreResult): string | null {
  if (wasCutOff(job, result)) return 'not known: its end was not seen'
  const needed = neededFor(job.lacks, 'counts')
  return result.restored > 0 || needed === null ? null : `not counted: ${needs(needed)}`
}

/** Nobody was left to count: a zero of such a job is no number. */
function wasCutOff({ state }: JobView, { restored, restored_bytes, skipped }: RestoreResult): boolean {
  return state === 'interrupted' && restored === 0 && restored_bytes === 0 && skipped === 0
}

function facts(job: JobView, result: RestoreResult, asked: Restore | undefined) {
  const { target, restored, restored_bytes, skipped, skipped_bytes, verified } = result
  const uncounted = uncountedBy(job, result)
  const inPlace = asked?.target.to === 'in_place'
  const source = asked?.lent
  return [
    {
      name: asked?.dry_run === true ? 'Where it would be' : 'Where it is',
      value: inPlace ? (
        'where the files were'
      ) : (
        <CopyText text={target} shown={shownText(target)} what="the directory" />
      ),
    },
    {
      name: asked?.dry_run === true ? 'Would be restored' : 'Restored',
      value: uncounted ?? (
        <>
          {formatCount(restored)}, <Bytes value={restored_bytes} />
        </>
      ),
    },
    ...(skipped === 0
      ? []
      : [
          {
            name: 'Left as it was',
            value: (
              <>
                {formatCount(skipped)}, <Bytes value={skipped_bytes} />
              </>
            ),
          },
        ]),
    ...(verified === undefined
      ? []
      : [{ name: 'Read again and compared', value: `${formatCount(verified)} files` }]),
    {
      name: 'Snapshot',
      value: (
        <Link to={paths.restore(source?.source ?? job.agent, job.repository, result.snapshot)}>
          <code>{result.snapshot.slice(0, 8)}</code>
        </Link>
      ),
    },
    ...(source === undefined
      ? []
      : [{ name: 'From', value: <Link to={paths.host(source.source)}>{source.source_name}</Link> }]),
  ]
}

const WOULD: Column<RestoreItem>[] = [
  { id: 'path', header: 'Path', cell: ({ path }) => <code>{printedPath(path)}</code> },
  {
    id: 'action',
    header: 'What would become of it',
    width: '12rem',
    cell: ({ action }) => ACTIONS[action] ?? action,
  },
  { id: 'bytes', header: 'Size', width: '7rem', align: 'end', cell: ({ bytes }) => <Bytes value={bytes} /> },
]

/** restic's words. */
const ACTIONS: Readonly<Record<string, string>> = {
  restored: 'made',
  updated: 'written over',
  unchanged: 'left as it is',
  deleted: 'removed',
}

/** To the page where it was chosen, with all that was chosen: where it went to is taken by now. */
export function RestoreAgain({ job }: { job: Pick<JobView, 'agent' | 'job' | 'options'> }) {
  const lack = useLack('operator', 'restore files')
  const asked = job.options.restore
  if (asked === undefined) return null
  const source = asked.lent?.source ?? job.agent
  return (
    <LinkButton
      icon="refresh"
      blocked={lack}
      to={paths.restoreAgain(source, asked.repository, asked.snapshot, job)}
      data-testid="restore-again"
    >
      Restore again…
    </LinkButton>
  )
}
