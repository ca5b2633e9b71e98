// All snapshots of one repository, to choose one of.

import type { SnapshotRow } from '../../api/types.gen'
import {
  Button,
  Bytes,
  Chip,
  type Column,
  DataTable,
  Dialog,
  EmptyState,
  ExactTime,
  RelativeTime,
} from '../../ui'

interface Props {
  open: boolean
  onClose: () => void
  title: string
  rows: readonly SnapshotRow[]
  /** That cannot be chosen: the one that is already. */
  but: readonly string[]
  onChoose: (row: SnapshotRow) => void
}

export function SnapshotPicker({ open, onClose, title, rows, but, onChoose }: Props) {
  return (
    <Dialog open={open} onClose={onClose} title={title} size="lg" data-testid="snapshot-picker">
      {open && (
        <DataTable
          label="Snapshots to choose from"
          rows={rows.filter(({ snapshot }) => !but.includes(snapshot.id))}
          columns={columns(onChoose)}
          rowKey={({ snapshot }) => snapshot.id}
          empty={<EmptyState title="There is no other snapshot of this repository" />}
        />
      )}
    </Dialog>
  )
}

function columns(onChoose: Props['onChoose']): Column<SnapshotRow>[] {
  return [
    {
      id: 'time',
      header: 'Made',
      cell: ({ snapshot }) => (
        <>
          <ExactTime at={snapshot.time} /> · <RelativeTime at={snapshot.time} />
        </>
      ),
    },
    {
      id: 'group',
      header: 'Group',
      width: '9rem',
      cell: ({ snapshot }) => (snapshot.group === null ? 'no group' : <Chip>{snapshot.group}</Chip>),
    },
    {
      id: 'size',
      header: 'Size',
      width: '7rem',
      align: 'end',
      cell: ({ snapshot }) => <Bytes value={snapshot.size_bytes} />,
    },
    {
      id: 'choose',
      header: 'Choose',
      headerHidden: true,
      width: '7rem',
      align: 'end',
      cell: (row) => (
        <Button small aria-label={`Choose ${row.snapshot.id.slice(0, 8)}`} onClick={() => onChoose(row)}>
          Choose
        </Button>
      ),
    },
  ]
}
