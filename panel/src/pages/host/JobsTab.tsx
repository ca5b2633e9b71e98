// A host's jobs, newest first: filters in the address, pages read as one scrolls.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { type JobFilter, jobsQuery } from '../../api/queries'
import type { JobKind, JobState, JobView } from '../../api/types.gen'
import { explained, JOB_KINDS, jobTitle, originWords } from '../../model/job'
import { numbersWords } from '../../model/jobNumbers'
import { withParams } from '../../model/search'
import { JobStateDot, jobStateWord } from '../../parts/presence'
import { paths } from '../../paths'
import {
  Button,
  Bytes,
  type Column,
  DataTable,
  Duration,
  EmptyState,
  ErrorState,
  RelativeTime,
  Section,
  SelectField,
  Skeleton,
} from '../../ui'
import { useHost } from './context'
import { useMaybePlanEdit } from './planEdit'
import styles from './Tabs.module.css'

const ALL = '*'
const NO_FILTER = { kind: null, state: null, group: null, repository: null }
const STATES: readonly JobState[] = [
  'queued',
  'running',
  'succeeded',
  'incomplete',
  'failed',
  'cancelled',
  'interrupted',
  'skipped',
]

export default function JobsTab() {
  const { agent, host } = useHost()
  const edit = useMaybePlanEdit()
  const [search, setSearch] = useSearchParams()
  const filter = filterOf(search)
  const jobs = useInfiniteQuery(jobsQuery(agent, filter))
  const rows = useMemo(() => jobs.data?.pages.flatMap((page) => page.items) ?? [], [jobs.data])
  const set = (name: keyof JobFilter) => (value: string) =>
    setSearch(withParams(search, { [name]: value === ALL ? null : value }), { replace: true })
  const filtered = Object.keys(filter).length > 0
  const names = {
    group: withAsked(Object.keys(edit?.view.plan.groups ?? {}), filter.group),
    repository: withAsked(
      [...Object.keys(edit?.view.plan.repositories ?? {}), ...host.repositories.map(({ name }) => name)],
      filter.repository,
    ),
  }

  return (
    <Section flush title="Jobs" actions={<Filters filter={filter} names={names} set={set} />}>
      {jobs.data === undefined ? (
        jobs.isError ? (
          <ErrorState error={jobs.error} title="The jobs are not here" retry={() => void jobs.refetch()} />
        ) : (
          <Skeleton rows={8} label="Loading the jobs" />
        )
      ) : (
        <DataTable
          label="Jobs"
          rows={rows}
          columns={COLUMNS}
          rowKey={(job) => job.job}
          rowHref={(job) => paths.job(agent, job.job)}
          sortedByServer
          total={jobs.data.pages[0]?.total ?? null}
          more={{
            has: jobs.hasNextPage,
            loading: jobs.isFetchingNextPage,
            load: () => void jobs.fetchNextPage(),
            failed: jobs.isFetchNextPageError ? jobs.error : null,
          }}
          rowTestId={(job) => `job-${job.kind}`}
          empty={
            filtered ? (
              <EmptyState
                title="No job like that"
                action={
                  <Button onClick={() => setSearch(withParams(search, NO_FILTER), { replace: true })}>
                    Show every job
                  </Button>
                }
              />
            ) : (
              <EmptyState title="No jobs yet">What this host does appears here as it happens.</EmptyState>
            )
          }
        />
      )}
    </Section>
  )
}

/** The names there are, and the one that is asked for although it is gone. */
function withAsked(names: readonly string[], asked: string | undefined): string[] {
  return [...new Set([...names, ...(asked === undefined ? [] : [asked])])]
}

function Filters(props: {
  filter: JobFilter
  names: Readonly<Record<'group' | 'repository', readonly string[]>>
  set: (name: keyof JobFilter) => (value: string) => void
}) {
  const { filter, names, set } = props
  return (
    <div className={styles.filters}>
      <SelectField
        label="Kind"
        value={filter.kind ?? ALL}
        onChange={set('kind')}
        choices={[
          { value: ALL, label: 'Every kind' },
          ...Object.entries(JOB_KINDS).map(([value, label]) => ({ value, label })),
        ]}
      />
      <SelectField
        label="Outcome"
        value={filter.state ?? ALL}
        onChange={set('state')}
        choices={[
          { value: ALL, label: 'Every outcome' },
          ...STATES.map((value) => ({ value, label: jobStateWord(value) })),
        ]}
      />
      <SelectField
        label="Group"
        value={filter.group ?? ALL}
        onChange={set('group')}
        choices={[{ value: ALL, label: 'Every group' }, ...names.group.map(asChoice)]}
      />
      <SelectField
        label="Repository"
        value={filter.repository ?? ALL}
        onChange={set('repository')}
        choices={[{ value: ALL, label: 'Every repository' }, ...names.repository.map(asChoice)]}
      />
    </div>
  )
}

const asChoice = (value: string) => ({ value, label: value })

/** Only what the API knows: an address typed by hand filters by nothing else. */
function filterOf(search: URLSearchParams): JobFilter {
  const kind = search.get('kind')
  const state = search.get('state')
  const group = search.get('group')
  const repository = search.get('repository')
  return {
    ...(kind !== null && kind in JOB_KINDS && { kind: kind as JobKind }),
    ...(state !== null && STATES.includes(state as JobState) && { state }),
    ...(group !== null && group !== '' && { group }),
    ...(repository !== null && repository !== '' && { repository }),
  }
}

const COLUMNS: Column<JobView>[] = [
  { id: 'what', header: 'Job', cell: jobTitle },
  { id: 'state', header: 'Outcome', width: '9rem', cell: (job) => <JobStateDot state={job.state} /> },
  {
    id: 'when',
    header: 'Started',
    width: '9rem',
    cell: ({ started_at, queued_at }) =>
      started_at === null ? (
        <>
          queued <RelativeTime at={queued_at} />
        </>
      ) : (
        <RelativeTime at={started_at} />
      ),
  },
  {
    id: 'duration',
    header: 'Took',
    width: '7rem',
    align: 'end',
    cell: (job) => <Duration from={job.started_at} to={job.state === 'running' ? null : job.finished_at} />,
  },
  {
    id: 'origin',
    header: 'Because of',
    width: '14rem',
    hideBelow: 'md',
    cell: (job) => originWords(job.origin),
  },
  {
    id: 'added',
    header: 'Added',
    width: '8rem',
    align: 'end',
    hideBelow: 'lg',
    cell: ({ kind, numbers }) => (
      <Bytes value={kind === 'dry_run' ? null : (numbers.bytes_stored ?? numbers.bytes_added)} />
    ),
  },
  {
    id: 'result',
    header: 'Result',
    width: '12rem',
    hideBelow: 'lg',
    cell: numbersWords,
  },
  {
    id: 'reason',
    header: 'Why',
    hideBelow: 'xl',
    cell: (job) => <span title={explained(job)?.hint}>{explained(job)?.message ?? ''}</span>,
  },
]
