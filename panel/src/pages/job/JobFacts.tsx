// When a job ran and what it added up to. Only what its kind has.

import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { JobView } from '../../api/types.gen'
import { isOver } from '../../model/job'
import { optionWords } from '../../model/jobOptions'
import { neededFor, needs } from '../../model/restic'
import { paths } from '../../paths'
import { Bytes, Chip, Count, Duration, ExactTime, Facts, Section } from '../../ui'

export function JobFacts({ job }: { job: JobView }) {
  const { numbers } = job
  const asked = optionWords(job.options)
  const all: (readonly [string, ReactNode] | null)[] = [
    [
      'Repository',
      <Link key="r" to={paths.repository(job.agent)}>
        {job.repository}
      </Link>,
    ],
    job.group === null ? null : ['Group', <Chip key="g">{job.group}</Chip>],
    ['Queued', <ExactTime key="q" at={job.queued_at} />],
    ['Started', <ExactTime key="s" at={job.started_at} />],
    isOver(job.state) ? ['Finished', <ExactTime key="f" at={job.finished_at} />] : null,
    isOver(job.state) && job.started_at !== null
      ? ['Took', <Duration key="d" from={job.started_at} to={job.finished_at} />]
      : null,
    numbers.snapshot === undefined
      ? null
      : [
          'Snapshot',
          <Link key="i" to={paths.snapshots(job.agent)}>
            <code>{numbers.snapshot.slice(0, 8)}</code>
          </Link>,
        ],
    count('New files', numbers.files_new),
    count('Changed files', numbers.files_changed),
    count('Unchanged files', numbers.files_unmodified),
    count('Files looked at', numbers.files_total),
    bytes('Bytes looked at', numbers.bytes_total),
    bytes('New data', numbers.bytes_added),
    bytes('Stored', numbers.bytes_stored) ?? missing(job, 'Stored', 'bytes_stored'),
    count('Snapshots removed', numbers.snapshots_removed),
    count('Snapshots kept', numbers.snapshots_kept),
    count('Snapshots copied', numbers.snapshots_copied),
    bytes('Freed', numbers.bytes_freed) ?? missing(job, 'Freed', 'bytes_freed'),
    count('Problems', numbers.problems),
    count('Locks removed', numbers.locks_removed),
    asked.length === 0 ? null : ['Asked for', asked.join(', ')],
  ]
  const items = all.flatMap((fact) => (fact === null ? [] : [{ name: fact[0], value: fact[1] }]))
  return (
    <Section title="Facts" data-testid="job-facts">
      <Facts items={items} />
    </Section>
  )
}

/** Figures that stand here even where this host's restic does not say them. */
export const FIGURES = ['bytes_stored', 'bytes_freed'] as const

/** In place of a number that this host's restic does not say: the version that does. */
function missing(
  { lacks }: JobView,
  name: string,
  what: (typeof FIGURES)[number],
): readonly [string, ReactNode] | null {
  const needed = neededFor(lacks, what)
  return needed === null ? null : [name, needs(needed)]
}

const count = (name: string, value: number | undefined): readonly [string, ReactNode] | null =>
  value === undefined ? null : [name, <Count key={name} value={value} />]
const bytes = (name: string, value: number | undefined): readonly [string, ReactNode] | null =>
  value === undefined ? null : [name, <Bytes key={name} value={value} />]
