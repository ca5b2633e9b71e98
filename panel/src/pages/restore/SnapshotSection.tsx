// Which snapshot files come back from: the one of the address, and a quick way to another.

import { useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import type { Place } from '../../api/trees'
import type { SnapshotRow } from '../../api/types.gen'
import { newestOfEach, ofRepository } from '../../model/snapshots'
import { useSnapshots } from '../../parts/snapshots'
import { paths } from '../../paths'
import {
  Button,
  Bytes,
  Chip,
  Count,
  ErrorState,
  ExactTime,
  Facts,
  Notice,
  RelativeTime,
  Section,
  Stack,
} from '../../ui'
import styles from './Restore.module.css'
import { SnapshotPicker } from './SnapshotPicker'
import type { Wishing } from './wish'

interface Props {
  place: Place
  wishing: Wishing
}

export function SnapshotSection({ place, wishing }: Props) {
  const { agent, repository, snapshot: id } = place
  const { query, all, complete } = useSnapshots(agent)
  const rows = ofRepository(all, repository)
  const row = rows.find(({ snapshot }) => snapshot.id === id)
  const [choosing, setChoosing] = useState(false)
  const navigate = useNavigate()
  const [search] = useSearchParams()
  function choose({ snapshot }: SnapshotRow) {
    setChoosing(false)
    wishing.carryTo({ agent, repository, snapshot: snapshot.id })
    const from = search.get('at') ?? undefined
    void navigate(paths.restore(agent, repository, snapshot.id, from === undefined ? {} : { from }))
  }
  return (
    <Section
      title="Snapshot"
      actions={
        <Button small onClick={() => setChoosing(true)} disabled={rows.length === 0}>
          Another snapshot…
        </Button>
      }
      data-testid="restore-snapshot"
    >
      <Stack tight>
        {query.isError && rows.length === 0 ? (
          <ErrorState
            error={query.error}
            title="The list of snapshots is not here"
            retry={() => void query.refetch()}
          />
        ) : (
          <Of row={row} id={id} complete={complete} />
        )}
        <Newest rows={rows} id={id} onChoose={choose} />
      </Stack>
      <SnapshotPicker
        open={choosing}
        onClose={() => setChoosing(false)}
        title="Restore from another snapshot"
        rows={rows}
        but={[id]}
        onChoose={choose}
      />
    </Section>
  )
}

function Of({ row, id, complete }: { row: SnapshotRow | undefined; id: string; complete: boolean }) {
  if (row === undefined) {
    return complete ? (
      <Notice tone="warn" title={`The host told of no snapshot ${id.slice(0, 8)}`}>
        It was forgotten, or the repository was not read since it was made. Choose another one, or read the
        repository again on its page.
      </Notice>
    ) : (
      <p className={styles.dim}>
        <code>{id.slice(0, 8)}</code>
      </p>
    )
  }
  const { snapshot } = row
  return (
    <Facts
      items={[
        {
          name: 'Made',
          value: (
            <>
              <ExactTime at={snapshot.time} /> · <RelativeTime at={snapshot.time} />
            </>
          ),
        },
        { name: 'Id', value: <code title={snapshot.id}>{snapshot.id.slice(0, 8)}</code> },
        { name: 'Group', value: snapshot.group === null ? 'none' : <Chip>{snapshot.group}</Chip> },
        { name: 'Size', value: <Bytes value={snapshot.size_bytes} /> },
        { name: 'Files', value: <Count value={snapshot.files} /> },
      ]}
    />
  )
}

/** One click to the newest of each group. */
function Newest(props: { rows: readonly SnapshotRow[]; id: string; onChoose: (row: SnapshotRow) => void }) {
  const others = newestOfEach(props.rows)
    .filter(({ snapshot }) => snapshot.id !== props.id)
    .slice(0, 6)
  if (others.length === 0) return null
  return (
    <div className={styles.quick}>
      {others.map((row) => (
        <Button key={row.snapshot.id} small look="quiet" onClick={() => props.onChoose(row)}>
          Go to the newest of {row.snapshot.group ?? row.snapshot.paths.join(', ')}
        </Button>
      ))}
    </div>
  )
}
