// What a retention would do to a group's snapshots: which would go, which stay, and by which rule.

import { useState } from 'react'
import type { JobView, KeptSnapshot, RetentionResult } from '../api/types.gen'
import { Badge, ExactTime, Notice, SegmentField } from '../ui'
import styles from './Preview.module.css'
import { ScrollList } from './ScrollList'

type Shown = 'all' | 'remove' | 'keep'

export function RetentionVerdict({ job: { numbers }, result }: { job: JobView; result: RetentionResult }) {
  const [shown, setShown] = useState<Shown>('all')
  const kept = numbers.snapshots_kept ?? result.keep.length
  const removed = numbers.snapshots_removed ?? result.remove.length
  const rows = [
    ...(shown === 'keep' ? [] : result.remove.map((snapshot) => ({ snapshot, stays: false }))),
    ...(shown === 'remove' ? [] : result.keep.map((snapshot) => ({ snapshot, stays: true }))),
  ].sort((a, b) => b.snapshot.time - a.snapshot.time)
  const cut = result.keep.length + result.remove.length < kept + removed
  return (
    <>
      <p className={styles.sum}>
        <strong>
          {removed === 0 ? 'Nothing would go' : `${removed} would go`}, {kept} {kept === 1 ? 'stays' : 'stay'}
        </strong>
      </p>
      {kept === 0 && removed > 0 && (
        <Notice tone="bad" title="These rules would remove every snapshot of the group">
          Keep at least one, such as the last.
        </Notice>
      )}
      {kept + removed > 0 && (
        <>
          <SegmentField<Shown>
            label="Show"
            value={shown}
            onChange={setShown}
            choices={[
              { value: 'all', label: 'All' },
              { value: 'remove', label: 'Would go' },
              { value: 'keep', label: 'Stays' },
            ]}
          />
          <ScrollList label="Snapshots and what becomes of them">
            {rows.map(({ snapshot, stays }) => (
              <Fate key={snapshot.id} snapshot={snapshot} stays={stays} />
            ))}
          </ScrollList>
          {cut && <p>Not all are listed; the numbers above count them all.</p>}
        </>
      )}
    </>
  )
}

function Fate({ snapshot, stays }: { snapshot: KeptSnapshot; stays: boolean }) {
  return (
    <li>
      <span>
        <ExactTime at={snapshot.time} /> <code>{snapshot.id.slice(0, 8)}</code>
      </span>
      <span className={styles.figure}>
        <Badge tone={stays ? 'ok' : 'bad'}>{stays ? 'stays' : 'would go'}</Badge>
      </span>
      {stays && snapshot.rules.length > 0 && (
        <span className={styles.rules}>{snapshot.rules.join(', ')}</span>
      )}
    </li>
  )
}
