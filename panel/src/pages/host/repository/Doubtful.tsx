// Snapshots that retention does not trust: made by no job, or claiming a time to come. Until a person has looked, nothing of
// their groups is removed. What is the host's own is adopted by a signed order.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { snapshotsQuery } from '../../../api/queries'
import type { Snapshot, SnapshotDoubt } from '../../../api/types.gen'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import {
  Button,
  CheckField,
  type Column,
  ConfirmDialog,
  DataTable,
  ErrorState,
  ExactTime,
  Notice,
  Skeleton,
  Stack,
  StatusDot,
  toast,
} from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'
import styles from '../Tabs.module.css'

const DOUBTS: Readonly<Record<SnapshotDoubt, { word: string; advice: string }>> = {
  unknown: {
    word: 'Made by no job',
    advice: 'Somebody ran restic by hand, or with this host’s name from elsewhere.',
  },
  future: {
    word: 'Time to come',
    advice: 'A clock was wrong, or it is forged so that a policy keeps it and drops the others.',
  },
}

export function Doubtful({ name, count }: { name: string; count: number }) {
  const { agent, mayOperate } = useHost()
  const query = useInfiniteQuery(snapshotsQuery(agent))
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError } = query
  const found = useMemo(
    () =>
      (query.data?.pages ?? [])
        .flatMap((page) => page.items)
        .flatMap(({ repository, snapshot }) =>
          repository === name && snapshot.doubt != null ? [snapshot] : [],
        ),
    [query.data, name],
  )
  // Newest first, and doubtful ones may be anywhere: read on until all that were counted are here.
  useEffect(() => {
    if (found.length < count && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage()
  }, [found.length, count, hasNextPage, isFetchingNextPage, isError, fetchNextPage])
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = useState(false)
  const chosen = found.filter(({ id }) => picked.has(id))
  const toggle = (id: string) =>
    setPicked((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]))
  return (
    <div className={styles.part} id={`doubtful-${name}`} data-testid={`doubtful-${name}`}>
      <h3>Doubtful snapshots</h3>
      <Notice tone="warn" title={`${count} ${count === 1 ? 'snapshot is' : 'snapshots are'} not trusted`}>
        Old snapshots of their groups stay until somebody has looked. Adopt those that are this host’s own;
        remove forged ones with <code>restic forget ID</code>, with a login that may delete.
      </Notice>
      {query.isError && found.length < count ? (
        <ErrorState
          error={query.error}
          title="The snapshots are not here"
          retry={() => void query.refetch()}
        />
      ) : query.data === undefined ? (
        <Skeleton rows={2} label="Loading the snapshots" />
      ) : (
        <DataTable
          label={`Doubtful snapshots of ${name}`}
          rows={found}
          columns={columns(mayOperate ? { picked, toggle } : null)}
          rowKey={({ id }) => id}
        />
      )}
      {mayOperate && found.length > 0 && (
        <div>
          <Button
            disabled={chosen.length === 0}
            onClick={() => setAsking(true)}
            data-testid={`adopt-${name}`}
          >
            {chosen.length === 0 ? 'Adopt…' : `Adopt ${chosen.length}…`}
          </Button>
        </div>
      )}
      <Adopt
        name={name}
        chosen={chosen}
        open={asking}
        onClose={() => setAsking(false)}
        done={() => {
          setPicked(new Set())
          setAsking(false)
        }}
      />
    </div>
  )
}

function Adopt(props: {
  name: string
  chosen: readonly Snapshot[]
  open: boolean
  onClose: () => void
  done: () => void
}) {
  const { name, chosen, open, onClose, done } = props
  const { host } = useHost()
  const { operator, busy, give } = useGrave()
  async function adopt() {
    const action = { do: 'adopt', repository: name, snapshots: chosen.map(({ id }) => id) } as const
    const given = await give(`adopt snapshots of ${name}`, action, () =>
      toast.ok('Adopted', 'They count as the host’s own from now on.'),
    )
    if (given) done()
  }
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={chosen.length === 1 ? 'Adopt this snapshot?' : `Adopt ${chosen.length} snapshots?`}
      verb="Sign and adopt"
      keep="Not yet"
      busy={busy}
      disabled={!mayAct(operator, 'operator') || chosen.length === 0}
      onConfirm={() => void adopt()}
    >
      <Stack>
        <OperatorNotice operator={operator} needed="operator" what="adopt snapshots" />
        <ul className={styles.plain}>
          {chosen.map(({ id, time, hostname }) => (
            <li key={id}>
              <code>{id.slice(0, 8)}</code> <ExactTime at={time} />, <bdi>{hostname}</bdi>
            </li>
          ))}
        </ul>
        <p>
          They count as made by {host.row.name}: its retention keeps and removes them like its own. A snapshot
          that claims a later time than the others pushes them out of “the last N” rules.
        </p>
      </Stack>
    </ConfirmDialog>
  )
}

function columns(
  pick: { picked: ReadonlySet<string>; toggle: (id: string) => void } | null,
): Column<Snapshot>[] {
  return [
    {
      id: 'id',
      header: 'Id',
      width: '9rem',
      cell: ({ id }) =>
        pick === null ? (
          <code title={id}>{id.slice(0, 8)}</code>
        ) : (
          <CheckField
            label={<code title={id}>{id.slice(0, 8)}</code>}
            checked={pick.picked.has(id)}
            onChange={() => pick.toggle(id)}
          />
        ),
    },
    { id: 'time', header: 'Claims to be made', width: '14rem', cell: ({ time }) => <ExactTime at={time} /> },
    {
      id: 'doubt',
      header: 'Why',
      width: '10rem',
      cell: ({ doubt }) =>
        doubt == null ? (
          ''
        ) : (
          <StatusDot tone="warn">
            <span title={DOUBTS[doubt].advice}>{DOUBTS[doubt].word}</span>
          </StatusDot>
        ),
    },
    { id: 'host', header: 'Host', width: '9rem', cell: ({ hostname }) => hostname },
    {
      id: 'tags',
      header: 'Tags',
      width: '8rem',
      hideBelow: 'md',
      cell: ({ tags }) => tags.join(', ') || 'none',
    },
    {
      id: 'paths',
      header: 'Paths',
      hideBelow: 'md',
      cell: (snapshot) => (
        <span className={styles.paths} title={snapshot.paths.join('\n')}>
          {snapshot.paths.join(', ')}
        </span>
      ),
    },
  ]
}
