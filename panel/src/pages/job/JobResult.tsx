// What a job found, drawn by its kind; what this host's restic could not say.

import { Link } from 'react-router'
import type {
  CheckResult,
  DrillResult,
  JobView,
  Lock,
  JobResult as Result,
  UnlockResult,
} from '../../api/types.gen'
import { formatCount } from '../../model/bytes'
import { printedPath } from '../../model/diffTree'
import { lockOwner } from '../../model/locks'
import { lackWords } from '../../model/restic'
import { subsetWords } from '../../model/upkeep'
import { DryRunFound } from '../../parts/DryRunFound'
import { RetentionVerdict } from '../../parts/RetentionVerdict'
import { paths } from '../../paths'
import { Bytes, type Column, DataTable, Facts, Notice, RelativeTime, Section, Stack } from '../../ui'
import styles from './Job.module.css'
import { Restored } from './Restored'

const TITLES: Readonly<Record<Result['of'], string>> = {
  dry_run: 'What would be backed up',
  retention: 'What would be forgotten',
  check: 'What the check found',
  unlock: 'What became of the locks',
  drill: 'What the drill found',
  restore: 'What was restored, and where',
}

export function JobResult({ job }: { job: JobView }) {
  const { result } = job
  if (result === null) return null
  return (
    <Section title={TITLES[result.of]} data-testid={`result-${result.of}`}>
      <Stack tight>
        <Drawn job={job} result={result} />
      </Stack>
    </Section>
  )
}

function Drawn({ job, result }: { job: JobView; result: Result }) {
  switch (result.of) {
    case 'dry_run':
      return <DryRunFound job={job} result={result} />
    case 'retention':
      return <RetentionVerdict job={job} result={result} />
    case 'check':
      return <Check result={result} />
    case 'unlock':
      return <Unlock result={result} />
    case 'drill':
      return <Drill job={job} result={result} />
    case 'restore':
      return <Restored job={job} result={result} />
  }
}

function Check({ result: { read_data_percent, problems } }: { result: CheckResult }) {
  return (
    <>
      {problems.length === 0 ? (
        <Notice tone="ok" title="Whole, as far as it looked" />
      ) : (
        <Notice tone="bad" title={`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`}>
          Keep what there is: do not prune, and do not remove snapshots before somebody has looked.
        </Notice>
      )}
      <p>It looked at {subsetWords(read_data_percent)}.</p>
      <Lines label="Problems, in restic’s words" lines={problems} />
      {problems.length === 100 && (
        <p className={styles.label}>Only the first hundred are kept; the log has all.</p>
      )}
    </>
  )
}

function Unlock({ result: { removed, left } }: { result: UnlockResult }) {
  return (
    <>
      {removed.length + left.length === 0 && <p>There was no lock.</p>}
      {removed.length > 0 && <LockTable label="Removed" locks={removed} />}
      {left.length > 0 && (
        <>
          <LockTable label="Still there" locks={left} />
          <p>Their processes live, or are another machine’s: wait for them, or remove them by name.</p>
        </>
      )}
    </>
  )
}

function LockTable({ label, locks }: { label: string; locks: readonly Lock[] }) {
  return (
    <div>
      <h3 className={styles.caption}>
        {label}: {locks.length}
      </h3>
      <DataTable label={label} rows={locks} columns={LOCKS} rowKey={({ id }) => id} />
    </div>
  )
}

const LOCKS: Column<Lock>[] = [
  { id: 'owner', header: 'Held by', cell: lockOwner },
  { id: 'since', header: 'Since', width: '9rem', cell: ({ since }) => <RelativeTime at={since} /> },
  {
    id: 'kind',
    header: 'Kind',
    width: '7rem',
    cell: ({ exclusive }) => (exclusive ? 'exclusive' : 'shared'),
  },
  {
    id: 'dead',
    header: 'Process',
    width: '8rem',
    cell: ({ dead }) => (dead ? 'gone' : 'alive or elsewhere'),
  },
]

function Drill({ job, result }: { job: JobView; result: DrillResult }) {
  const { snapshot, files, compared_with_source, mismatches } = result
  return (
    <>
      {mismatches.length === 0 ? (
        <Notice tone="ok" title="What was restored is what was backed up" />
      ) : (
        <Notice tone="bad" title={`${mismatches.length} of the restored files differ`}>
          Run a check that reads all data, and restore one of these files by hand.
        </Notice>
      )}
      <Facts
        items={[
          {
            name: 'Snapshot',
            value: (
              <Link to={paths.snapshots(job.agent)}>
                <code>{snapshot.slice(0, 8)}</code>
              </Link>
            ),
          },
          { name: 'Files tried', value: formatCount(files) },
          { name: 'Bytes tried', value: <Bytes value={job.numbers.bytes_total} /> },
          {
            name: 'Compared byte by byte with the source',
            value: `${formatCount(compared_with_source)} of ${formatCount(files)}; the others changed since`,
          },
        ]}
      />
      {mismatches.length > 0 && (
        <DataTable
          label="Files that differ"
          rows={mismatches}
          rowKey={({ path }) => path}
          columns={[
            { id: 'path', header: 'File', cell: ({ path }) => <code>{printedPath(path)}</code> },
            { id: 'what', header: 'How', cell: ({ what }) => what },
          ]}
        />
      )}
      <p className={styles.label}>The restored files were removed again.</p>
    </>
  )
}

function Lines({ label, lines }: { label: string; lines: readonly string[] }) {
  if (lines.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section className={styles.lines} aria-label={label} tabIndex={0}>
      <pre>{lines.join('\n')}</pre>
    </section>
  )
}

/** What this host's restic does not say or do; those that a figure above stands for are told there. */
export function Lacks({ job, told }: { job: JobView; told: readonly string[] }) {
  const rest = job.lacks.filter(({ what }) => !told.includes(what))
  if (rest.length === 0) return null
  return (
    <Notice tone="idle" title="What restic on this host cannot say or do">
      <ul className={styles.lacks}>
        {rest.map((lack) => (
          <li key={lack.what}>{lackWords(lack)}</li>
        ))}
      </ul>
    </Notice>
  )
}
