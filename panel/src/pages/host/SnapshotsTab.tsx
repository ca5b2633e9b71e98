// A host's snapshots, newest first, all of them in one list that draws only what is in view.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { snapshotsQuery } from '../../api/queries'
import type { SnapshotRow } from '../../api/types.gen'
import { atLeast, needs } from '../../model/restic'
import { formatSort, parseSort, type Sort, withParams } from '../../model/search'
import { paths } from '../../paths'
import {
  Badge,
  Bytes,
  Chip,
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
import styles from './Tabs.module.css'

const NEWEST: Sort = { id: 'time', desc: true }
const ALL = '*'
const NONE = '-'
/** Since then snapshots carry their own numbers. */
const SIZES_SINCE = '0.17'

export default function SnapshotsTab() {
  const { agent, host } = useHost()
  const [search, setSearch] = useSearchParams()
  const snapshots = useInfiniteQuery(snapshotsQuery(agent))
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = snapshots
  // The whole list is read, page after page: filter and sort are over all of it, not over what happens to be here.
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage])
  const all = useMemo(() => snapshots.data?.pages.flatMap((page) => page.items) ?? [], [snapshots.data])
  const group = search.get('group') ?? ALL
  const rows = useMemo(
    () => (group === ALL ? all : all.filter(({ snapshot }) => (snapshot.group ?? NONE) === group)),
    [all, group],
  )
  const repositories = new Set(all.map((row) => row.repository))
  const columns = useMemo(() => columnsOf(repositories.size > 1), [repositories.size])

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
  return (
    <Section
      flush
      title={`${rows.length === all.length ? '' : `${rows.length} of `}${all.length} ${all.length === 1 ? 'snapshot' : 'snapshots'}${hasNextPage ? ' so far' : ''}`}
      actions={
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
      }
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
  )
}

function columnsOf(manyRepositories: boolean): Column<SnapshotRow>[] {
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
  ]
}
