// One row per record; opened, it shows what was there before and after.

import { useMemo } from 'react'
import { Link } from 'react-router'
import type { AuditView } from '../../api/types.gen'
import { actorWords, didWords, reasonOf, targetWords } from '../../model/audit'
import type { Sort } from '../../model/search'
import { paths } from '../../paths'
import { type Column, DataTable, IconButton, type More, RelativeTime } from '../../ui'
import styles from './Audit.module.css'
import { Record } from './Record'

interface Props {
  rows: readonly AuditView[]
  sort: Sort
  onSort: (sort: Sort) => void
  /** Those that are opened, by their place in the chain. */
  open: ReadonlySet<number>
  onToggle: (seq: number) => void
  more: More
  empty: React.ReactNode
}

export function AuditTable({ rows, sort, onSort, open, onToggle, more, empty }: Props) {
  const columns = useMemo(() => auditColumns(open, onToggle), [open, onToggle])
  return (
    <DataTable
      label="Audit"
      rows={rows}
      columns={columns}
      rowKey={({ seq }) => String(seq)}
      rowTestId={({ action }) => `record-${action}`}
      rowDetail={(record) =>
        open.has(record.seq) ? (
          <div id={idOf(record.seq)}>
            <Record record={record} />
          </div>
        ) : null
      }
      sort={sort}
      onSort={onSort}
      sortedByServer
      more={more}
      empty={empty}
    />
  )
}

function Reason({ of }: { of: AuditView }) {
  const reason = reasonOf(of)
  return reason === null ? null : <span className={styles.reason}>{reason}</span>
}

const idOf = (seq: number) => `record-${seq}`

function auditColumns(open: ReadonlySet<number>, onToggle: (seq: number) => void): Column<AuditView>[] {
  return [
    {
      id: 'action',
      header: 'What',
      cell: (record) => (
        <div className={styles.what}>
          <span className={styles.action}>{didWords(record)}</span>
          <Reason of={record} />
        </div>
      ),
    },
    {
      id: 'actor',
      header: 'Who',
      width: '13rem',
      cell: ({ actor }) => {
        const { name, as } = actorWords(actor)
        return (
          <span className={styles.who}>
            <bdi>{name}</bdi> {as !== null && <span className={styles.dim}>{as}</span>}
          </span>
        )
      },
    },
    {
      id: 'target',
      header: 'On what',
      width: '17rem',
      hideBelow: 'md',
      cell: ({ target }) =>
        target === undefined ? (
          <span className={styles.dim}>–</span>
        ) : (
          <span className={styles.who}>
            <span className={styles.dim}>{targetWords(target.kind)}</span>{' '}
            {target.kind === 'host' ? (
              <Link to={paths.host(target.id)}>
                <bdi>{target.name}</bdi>
              </Link>
            ) : (
              <bdi>{target.name}</bdi>
            )}
          </span>
        ),
    },
    {
      id: 'at',
      header: 'When',
      sortable: true,
      descendingFirst: true,
      width: '9rem',
      cell: ({ at }) => <RelativeTime at={at} />,
    },
    {
      id: 'address',
      header: 'From',
      width: '10rem',
      hideBelow: 'md',
      cell: ({ address }) =>
        address === undefined ? (
          <span className={styles.dim}>–</span>
        ) : (
          <code className={styles.who}>{address}</code>
        ),
    },
    {
      id: 'details',
      header: 'Details',
      headerHidden: true,
      width: '3.5rem',
      align: 'end',
      cell: (record) => (
        <IconButton
          icon={open.has(record.seq) ? 'up' : 'down'}
          label={`Details of record ${record.seq}: ${didWords(record)}`}
          expanded={open.has(record.seq)}
          controls={idOf(record.seq)}
          onClick={() => onToggle(record.seq)}
        />
      ),
    },
  ]
}
