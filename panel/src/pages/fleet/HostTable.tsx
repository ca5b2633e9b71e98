// One row per host; the row is the link to it, and has one verb of its own.

import { useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import { giveOrder } from '../../api/calls'
import type { HostRow } from '../../api/types.gen'
import type { Sort } from '../../model/search'
import { JobStateDot, PresenceDot, ReadinessDot } from '../../parts/presence'
import { paths } from '../../paths'
import { Badge, Button, Bytes, type Column, Count, DataTable, RelativeTime, toast } from '../../ui'
import styles from './Fleet.module.css'

interface Props {
  rows: readonly HostRow[]
  total: number | null
  sort: Sort
  onSort: (sort: Sort) => void
  onTag: (tag: string) => void
  canRun: boolean
  more: { has: boolean; loading: boolean; load: () => void }
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
          {row.name}
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
      width: '8.5rem',
      cell: (row) => <PresenceDot presence={row.presence} />,
    },
    {
      id: 'last_backup',
      header: 'Last backup',
      sortable: true,
      descendingFirst: true,
      width: '14.5rem',
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
      width: '7.5rem',
      hideBelow: 'md',
      cell: (row) => <RelativeTime at={row.next_run} never="not scheduled" />,
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
      width: '6.5rem',
      align: 'end',
      cell: (row) => <Bytes value={row.size_bytes} />,
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
      width: '9rem',
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
      hideBelow: 'lg',
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
  if (canRun) {
    columns.push({
      id: 'run',
      header: 'Run now',
      headerHidden: true,
      width: '8.5rem',
      align: 'end',
      cell: (row) => (row.run_now.length > 0 ? <RunNow row={row} /> : null),
    })
  }
  return columns
}

/** Where exactly one schedule covers everything there is nothing to ask. */
function RunNow({ row }: { row: HostRow }) {
  const [busy, setBusy] = useState(false)
  const navigate = useNavigate()

  async function run() {
    setBusy(true)
    try {
      await giveOrder(row.agent, { routine: { do: 'run', groups: row.run_now, upload_kib_s: null } })
      if (row.presence === 'online') {
        toast.ok(`${row.name} starts a backup`, `Groups: ${row.run_now.join(', ')}`)
        navigate(paths.jobs(row.agent))
      } else {
        toast.ok(`${row.name} will start when it is back`, 'The order waits for an hour, then it expires.')
      }
    } catch (error) {
      toast.failed(`${row.name} was not told to start`, error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Button small icon="play" busy={busy} onClick={() => void run()} aria-label={`Run now on ${row.name}`}>
      Run now
    </Button>
  )
}
