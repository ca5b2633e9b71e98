// Where a file is, in all snapshots of a repository: hits as they come, snapshot by snapshot. Each leads to
// its directory in the snapshot, with the file ticked.

import { useCallback, useMemo } from 'react'
import { find } from '../../api/lines'
import type { Hit, NodeKind, Part, SnapshotRow } from '../../api/types.gen'
import { formatCount } from '../../model/bytes'
import { placeOf, printedPath } from '../../model/diffTree'
import { useAnswer } from '../../parts/answer'
import { paths } from '../../paths'
import {
  Button,
  Bytes,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  ExactTime,
  Notice,
  Section,
} from '../../ui'
import styles from './Tabs.module.css'

interface Props {
  agent: string
  repository: string
  pattern: string
  ignoreCase: boolean
  group: string | null
  snapshots: readonly SnapshotRow[]
  actions: React.ReactNode
  onClose: () => void
}

interface Found {
  n: number
  hit: Hit
  snapshot: string
}

interface Gathered {
  /** As many as are shown. */
  found: Found[]
  total: number
  snapshots: Set<string>
}

/** More is not shown: whoever gets so many looks for something more exact. */
const MOST_HITS = 20_000

export default function FindResults(props: Props) {
  const { agent, repository, pattern, ignoreCase, group, snapshots, actions, onClose } = props
  const ask = useCallback(
    (signal: AbortSignal) => find({ agent, repository, pattern, ignoreCase, group }, signal),
    [agent, repository, pattern, ignoreCase, group],
  )
  const answer = useAnswer<Gathered>(ask, () => ({ found: [], total: 0, snapshots: new Set() }), take)
  const { value, version, state, error } = answer
  const times = useMemo(
    () => new Map(snapshots.map(({ snapshot }) => [snapshot.id, snapshot.time])),
    [snapshots],
  )
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was gathered grows in place, and its version tells
  const rows = useMemo(() => [...value.found], [value, version])
  const columns = useMemo(() => columnsOf(times), [times])
  const { total, snapshots: seen } = value
  return (
    <Section flush title={`Files like ${pattern}`} actions={actions} data-testid="find-results">
      <div className={styles.state}>
        <p className={styles.note} role="status">
          {state === 'coming' ? 'Looking through the snapshots… ' : ''}
          {/* Of a look that failed before anything came, a zero would be a finding. */}
          {(state !== 'failed' || total > 0) && (
            <>
              {formatCount(total)} {total === 1 ? 'hit' : 'hits'} in {formatCount(seen.size)}{' '}
              {seen.size === 1 ? 'snapshot' : 'snapshots'}
              {state === 'coming' ? ' so far.' : state === 'stopped' ? ', stopped.' : '.'}
            </>
          )}
        </p>
        <div className={styles.pad}>
          {state === 'coming' ? (
            <Button small icon="stop" onClick={answer.stop}>
              Stop
            </Button>
          ) : (
            <Button small onClick={onClose}>
              Back to the snapshots
            </Button>
          )}
        </div>
      </div>
      {state === 'failed' && (
        <ErrorState
          error={error}
          title={total > 0 ? 'Not everything was looked through' : 'It was not looked for to the end'}
          retry={answer.again}
        />
      )}
      {total > MOST_HITS && (
        <Notice tone="warn" title={`The first ${formatCount(MOST_HITS)} hits are shown`}>
          Look for something more exact, such as a name with its ending, or within one group.
        </Notice>
      )}
      {(rows.length > 0 || state !== 'coming') && (
        <DataTable
          label="Hits"
          rows={rows}
          columns={columns}
          rowKey={({ n }) => `${n}`}
          rowHref={({ hit, snapshot }) => {
            const { at, pick, like } = placeOf(hit.path)
            return paths.restore(agent, repository, snapshot, { from: at, pick, like })
          }}
          total={total}
          empty={
            state === 'done' ? (
              <EmptyState title="No file of that name in any snapshot">
                A part of the name is enough; * and ? stand for what is not known, and with a slash it is held
                against whole paths.
              </EmptyState>
            ) : undefined
          }
        />
      )}
    </Section>
  )
}

function take(gathered: Gathered, part: Part): void {
  if (part.part !== 'hits') return
  gathered.snapshots.add(part.snapshot)
  for (const hit of part.hits) {
    if (gathered.total < MOST_HITS) gathered.found.push({ n: gathered.total, hit, snapshot: part.snapshot })
    gathered.total += 1
  }
}

const KINDS: Readonly<Record<NodeKind, string>> = {
  file: 'file',
  directory: 'directory',
  link: 'link',
  other: 'device or pipe',
}

function columnsOf(times: ReadonlyMap<string, number>): Column<Found>[] {
  return [
    {
      id: 'path',
      header: 'Path',
      cell: ({ hit }) => (
        <span className={styles.paths} title={printedPath(hit.path)}>
          {printedPath(hit.path)}
        </span>
      ),
    },
    {
      id: 'snapshot',
      header: 'In the snapshot of',
      width: '20rem',
      // Snapshots that were made within one hour are told apart by no relative time.
      cell: ({ snapshot }) => {
        const time = times.get(snapshot)
        return (
          <>
            <code title={snapshot}>{snapshot.slice(0, 8)}</code>
            {time !== undefined && (
              <>
                {' '}
                · <ExactTime at={time} />
              </>
            )}
          </>
        )
      },
    },
    { id: 'kind', header: 'Kind', width: '8rem', hideBelow: 'lg', cell: ({ hit }) => KINDS[hit.kind] },
    {
      id: 'size',
      header: 'Size',
      width: '7rem',
      align: 'end',
      cell: ({ hit }) => <Bytes value={hit.size} />,
    },
    {
      id: 'mtime',
      header: 'Changed',
      width: '15rem',
      align: 'end',
      hideBelow: 'md',
      cell: ({ hit }) => <ExactTime at={hit.mtime} />,
    },
  ]
}
