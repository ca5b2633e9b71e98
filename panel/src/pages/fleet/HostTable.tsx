// One row per host; the row is the link to it, and has one verb of its own.

import { useEffect, useMemo, useRef } from 'react'
import { useNavigate } from 'react-router'
import type { HostRow } from '../../api/types.gen'
import type { Sort } from '../../model/search'
import { trendWords } from '../../model/trend'
import { JobStateDot, PresenceDot, ReadinessDot, ReplacedDot, RetiredDot } from '../../parts/presence'
import { paths } from '../../paths'
import {
  Badge,
  Button,
  Bytes,
  type Column,
  Count,
  DataTable,
  LinkButton,
  type More,
  RelativeTime,
  Sparkline,
  toast,
} from '../../ui'
import { useRoutine } from '../host/orders'
import styles from './Fleet.module.css'

interface Props {
  rows: readonly HostRow[]
  total: number | null
  sort: Sort
  onSort: (sort: Sort) => void
  onTag: (tag: string) => void
  canRun: boolean
  more: More
  empty: React.ReactNode
}

export function HostTable({ rows, total, sort, onSort, onTag, canRun, more, empty }: Props) {
  const columns = useMemo(() => hostColumns(onTag, canRun), [onTag, canRun])
  return (
    <DataTable
      label="Hosts"
      rows={rows}
      columns={columns}
      rowKey={(row) => row.agent}
      rowHref={(row) => paths.host(row.agent)}
      rowTestId={(row) => `host-${row.name}`}
      sort={sort}
      onSort={onSort}
      sortedByServer
      total={total}
      more={more}
      empty={empty}
    />
  )
}

function hostColumns(onTag: (tag: string) => void, canRun: boolean): Column<HostRow>[] {
  const columns: Column<HostRow>[] = [
    {
      id: 'name',
      header: 'Name',
      sortable: true,
      cell: (row) => (
        <span className={styles.name}>
          <bdi>{row.name}</bdi>
          {row.held && (
            <Badge tone="warn" title="Something holds retention or upkeep back; backups go on">
              held
            </Badge>
          )}
          {row.active_jobs > 0 && <Badge tone="run">working</Badge>}
          {row.waiting_orders > 0 && (
            <Badge title="Orders that wait until the host is back">{row.waiting_orders} waiting</Badge>
          )}
        </span>
      ),
    },
    {
      id: 'presence',
      header: 'Presence',
      sortable: true,
      width: '7.5rem',
      cell: (row) =>
        row.replaced === true ? (
          <ReplacedDot />
        ) : row.retired === true ? (
          <RetiredDot />
        ) : (
          <PresenceDot presence={row.presence} />
        ),
    },
    {
      id: 'last_backup',
      header: 'Last backup',
      sortable: true,
      descendingFirst: true,
      width: '14rem',
      cell: (row) =>
        row.last_backup === null ? (
          <span className={styles.dim}>none yet</span>
        ) : (
          <span className={styles.pair}>
            <JobStateDot state={row.last_backup.state} />
            <span className={styles.dim}>
              <RelativeTime at={row.last_backup.at} />
            </span>
          </span>
        ),
    },
    {
      id: 'next_run',
      header: 'Next run',
      sortable: true,
      width: '8rem',
      hideBelow: 'md',
      cell: (row) => <RelativeTime at={row.next_run} never="none" />,
    },
    {
      id: 'repository',
      header: 'Repository',
      sortable: true,
      width: '9rem',
      hideBelow: 'lg',
      cell: (row) => <ReadinessDot readiness={row.repository} />,
    },
    {
      id: 'size',
      header: 'Size',
      sortable: true,
      descendingFirst: true,
      width: '10.25rem',
      align: 'end',
      cell: (row) => (
        <span className={styles.size}>
          <Sparkline values={row.trend} label={trendWords(row.trend)} width={60} height={20} />
          <Bytes value={row.size_bytes} />
        </span>
      ),
    },
    {
      id: 'snapshots',
      header: 'Snapshots',
      sortable: true,
      descendingFirst: true,
      width: '7rem',
      align: 'end',
      hideBelow: 'md',
      cell: (row) => <Count value={row.snapshots} />,
    },
    {
      id: 'tags',
      header: 'Tags',
      sortable: true,
      width: '11.5rem',
      hideBelow: 'lg',
      cell: (row) => (
        <span className={styles.tags}>
          {row.tags.map((tag) => (
            <button
              key={tag}
              type="button"
              className={styles.tag}
              aria-label={`Only hosts with the tag ${tag}`}
              onClick={() => onTag(tag)}
            >
              {tag}
            </button>
          ))}
        </span>
      ),
    },
    {
      id: 'os',
      header: 'System',
      sortable: true,
      width: '8rem',
      hideBelow: 'xl',
      cell: (row) => `${row.os} ${row.arch}`,
    },
    {
      id: 'version',
      header: 'Agent',
      sortable: true,
      width: '8rem',
      hideBelow: 'xl',
      cell: (row) => (
        <>
          {row.agent_version} {row.behind && <Badge tone="warn">behind</Badge>}
        </>
      ),
    },
  ]
  columns.push({
    id: 'verb',
    header: 'Action',
    headerHidden: true,
    width: '8.5rem',
    align: 'end',
    cell: (row) =>
      canRun && row.run_now.length > 0 && row.retired !== true && row.replaced !== true ? (
        <RunNow row={row} />
      ) : (
        <LinkButton small to={paths.host(row.agent)} aria-label={`Open ${row.name}`}>
          Open
        </LinkButton>
      ),
  })
  return columns
}

/** Where exactly one schedule covers everything there is nothing to ask. */
function RunNow({ row }: { row: HostRow }) {
  const routine = useRoutine(row.agent, row.presence === 'online')
  const navigate = useNavigate()
  const here = useRef(false)
  useEffect(() => {
    here.current = true
    return () => {
      here.current = false
    }
  }, [])
  const run = () =>
    void routine.give(`back up ${row.name}`, { do: 'run', groups: row.run_now, upload_kib_s: null }, () => {
      toast.ok(`${row.name} starts a backup`, `Groups: ${row.run_now.join(', ')}`)
      // Who went on to something else while the host answered is not fetched back.
      if (here.current) void navigate(paths.jobs(row.agent))
    })
  return (
    <Button
      small
      icon="play"
      busy={routine.busy !== null}
      onClick={run}
      aria-label={`Run now on ${row.name}`}
    >
      Run now
    </Button>
  )
}
