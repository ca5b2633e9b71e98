// A host's snapshots, newest first, all of them in one list that draws only what is in view.

import { lazy, Suspense, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { SnapshotRow } from '../../api/types.gen'
import { atLeast, needs } from '../../model/restic'
import { formatSort, parseSort, type Sort, withParams } from '../../model/search'
import { type Pair, pairsOf } from '../../model/snapshots'
import { useSnapshots } from '../../parts/snapshots'
import { paths } from '../../paths'
import {
  Badge,
  Bytes,
  Chip,
  Cluster,
  type Column,
  Count,
  DataTable,
  EmptyState,
  ErrorState,
  LinkButton,
  RelativeTime,
  Section,
  SelectField,
  Skeleton,
} from '../../ui'
import { useHost } from './context'
import { FindForm } from './FindForm'
import styles from './Tabs.module.css'

const FindResults = lazy(() => import('./FindResults'))

const NEWEST: Sort = { id: 'time', desc: true }
const ALL = '*'
const NONE = '-'
/** Since then snapshots carry their own numbers. */
const SIZES_SINCE = '0.17'

export default function SnapshotsTab() {
  const { agent, host, present } = useHost()
  const [search, setSearch] = useSearchParams()
  // Filter and sort are over all of them, not over what happens to be here.
  const { query: snapshots, all } = useSnapshots(agent)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = snapshots
  const group = search.get('group') ?? ALL
  const rows = useMemo(
    () => (group === ALL ? all : all.filter(({ snapshot }) => (snapshot.group ?? NONE) === group)),
    [all, group],
  )
  const repositories = [...new Set(all.map((row) => row.repository))].sort()
  const many = repositories.length > 1
  const columns = useMemo(() => columnsOf(agent, pairsOf(all), many), [agent, all, many])

  if (snapshots.data === undefined) {
    return snapshots.isError ? (
      <ErrorState
        error={snapshots.error}
        title="The snapshots are not here"
        retry={() => void snapshots.refetch()}
      />
    ) : (
      <Skeleton rows={8} label="Loading the snapshots" />
    )
  }
  if (all.length === 0) {
    return (
      <Section>
        <EmptyState
          title="No snapshots yet"
          action={<LinkButton to={paths.jobs(agent)}>See the jobs</LinkButton>}
        >
          {host.row.next_run === null ? (
            'No schedule is on: start a group by hand, or put a schedule on.'
          ) : (
            <>
              The next run is <RelativeTime at={host.row.next_run} />.
            </>
          )}
        </EmptyState>
      </Section>
    )
  }
  const groups = [...new Set(all.map(({ snapshot }) => snapshot.group ?? NONE))].sort()
  const groupField = (
    <div className={styles.filter}>
      <SelectField
        label="Group"
        value={group}
        onChange={(value) =>
          setSearch(withParams(search, { group: value === ALL ? null : value }), { replace: true })
        }
        choices={[
          { value: ALL, label: 'All groups' },
          ...groups.map((value) => ({ value, label: value === NONE ? 'Without a group’s tag' : value })),
        ]}
      />
    </div>
  )
  const pattern = search.get('find') ?? ''
  const form = (
    <Section>
      <FindForm
        repositories={repositories}
        blocked={present ? null : `${host.row.name} is away, and only the host can look into its repository.`}
      />
    </Section>
  )
  if (pattern !== '') {
    return (
      <>
        {form}
        <Suspense fallback={<Skeleton rows={6} label="Loading the search" />}>
          <FindResults
            agent={agent}
            repository={search.get('repository') ?? repositories[0] ?? ''}
            pattern={pattern}
            ignoreCase={search.get('i') === '1'}
            group={group === ALL || group === NONE ? null : group}
            snapshots={all}
            actions={groupField}
            onClose={() => setSearch(withParams(search, { find: null }))}
          />
        </Suspense>
      </>
    )
  }
  return (
    <>
      {form}
      <Section
        flush
        title={`${rows.length === all.length ? '' : `${rows.length} of `}${all.length} ${all.length === 1 ? 'snapshot' : 'snapshots'}${hasNextPage ? ' so far' : ''}`}
        actions={groupField}
      >
        {atLeast(host.facts.restic_version, SIZES_SINCE) ? null : (
          <p className={styles.note}>
            Sizes and files of snapshots: {needs(SIZES_SINCE)}; this host has {host.facts.restic_version}.
          </p>
        )}
        <DataTable
          label="Snapshots"
          rows={rows}
          columns={columns}
          rowKey={({ repository, snapshot }) => `${repository}/${snapshot.id}`}
          sort={parseSort(search.get('sort'), NEWEST)}
          onSort={(sort) => setSearch(withParams(search, { sort: formatSort(sort) }), { replace: true })}
          more={{
            // All are read anyway; what failed is read again when one asks for it.
            has: false,
            loading: isFetchingNextPage,
            load: () => void fetchNextPage(),
            failed: snapshots.isFetchNextPageError ? snapshots.error : null,
          }}
          empty={<EmptyState title="No snapshot of this group" />}
          rowTestId={({ snapshot }) => `snapshot-${snapshot.id.slice(0, 8)}`}
        />
      </Section>
    </>
  )
}

function columnsOf(
  agent: string,
  pairs: ReadonlyMap<string, Pair>,
  manyRepositories: boolean,
): Column<SnapshotRow>[] {
  return [
    {
      id: 'time',
      header: 'Made',
      sortable: true,
      descendingFirst: true,
      width: '9rem',
      value: ({ snapshot }) => snapshot.time,
      cell: ({ snapshot }) => <RelativeTime at={snapshot.time} />,
    },
    {
      id: 'id',
      header: 'Id',
      width: '9rem',
      cell: ({ snapshot }) => (
        <>
          <code title={snapshot.id}>{snapshot.id.slice(0, 8)}</code>{' '}
          {snapshot.doubt != null && (
            <Badge
              tone="warn"
              title={
                snapshot.doubt === 'future'
                  ? 'It claims a time to come; retention does not trust it.'
                  : 'No job of this host made it; retention does not trust it.'
              }
            >
              doubtful
            </Badge>
          )}
        </>
      ),
    },
    {
      id: 'group',
      header: 'Group',
      sortable: true,
      width: '10rem',
      value: ({ snapshot }) => snapshot.group,
      cell: ({ snapshot }) =>
        snapshot.group === null ? (
          <span title={`Tags: ${snapshot.tags.join(', ') || 'none'}`}>
            <bdi>{snapshot.tags.join(', ') || 'no tag'}</bdi>
          </span>
        ) : (
          <Chip>{snapshot.group}</Chip>
        ),
    },
    ...(manyRepositories
      ? [
          {
            id: 'repository',
            header: 'Repository',
            sortable: true,
            width: '8rem',
            hideBelow: 'lg',
            value: (row: SnapshotRow) => row.repository,
            cell: (row: SnapshotRow) => row.repository,
          } as const,
        ]
      : []),
    {
      id: 'paths',
      header: 'Paths',
      hideBelow: 'md',
      cell: ({ snapshot }) => (
        <span className={styles.paths} title={snapshot.paths.join('\n')}>
          {snapshot.paths.join(', ')}
        </span>
      ),
    },
    {
      id: 'size',
      header: 'Size',
      sortable: true,
      descendingFirst: true,
      align: 'end',
      width: '7.5rem',
      value: ({ snapshot }) => snapshot.size_bytes,
      cell: ({ snapshot }) => <Bytes value={snapshot.size_bytes} />,
    },
    {
      id: 'files',
      header: 'Files',
      sortable: true,
      descendingFirst: true,
      align: 'end',
      width: '7rem',
      hideBelow: 'md',
      value: ({ snapshot }) => snapshot.files,
      cell: ({ snapshot }) => <Count value={snapshot.files} />,
    },
    {
      id: 'added',
      header: 'Added',
      sortable: true,
      descendingFirst: true,
      align: 'end',
      width: '7.5rem',
      value: ({ snapshot }) => snapshot.added_bytes,
      cell: ({ snapshot }) => <Bytes value={snapshot.added_bytes} />,
    },
    {
      id: 'verbs',
      header: 'What to do with it',
      headerHidden: true,
      align: 'end',
      width: '12.5rem',
      cell: (row) => <Verbs agent={agent} row={row} pair={pairs.get(row.snapshot.id) ?? null} />,
    },
  ]
}

function Verbs({ agent, row, pair }: { agent: string; row: SnapshotRow; pair: Pair | null }) {
  const { repository, snapshot } = row
  const short = snapshot.id.slice(0, 8)
  return (
    <Cluster end>
      <LinkButton
        small
        look="quiet"
        to={
          pair === null
            ? ''
            : paths.compare(agent, repository, pair.older.snapshot.id, pair.newer.snapshot.id)
        }
        blocked={pair === null ? 'There is no other snapshot to compare it with.' : null}
        aria-label={`Compare ${short}`}
      >
        Compare
      </LinkButton>
      <LinkButton
        small
        to={paths.restore(agent, repository, snapshot.id)}
        aria-label={`Restore from ${short}`}
      >
        Restore
      </LinkButton>
    </Cluster>
  )
}
