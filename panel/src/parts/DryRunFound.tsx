// What a dry run found: how much each path holds, the largest files, what is missing or cannot be read.

import { useState } from 'react'
import type { DryRunItem, DryRunResult, ItemChange, JobView } from '../api/types.gen'
import { printedPath } from '../model/diffTree'
import { Badge, Button, Bytes, Count, Notice, type Tone } from '../ui'
import { PathList } from './PathList'
import styles from './Preview.module.css'
import { ScrollList } from './ScrollList'

/** Of the largest files, before one asks for more. */
const SHOWN_FIRST = 10

export function DryRunFound({ job: { numbers }, result }: { job: JobView; result: DryRunResult }) {
  const { includes, largest, missing, unreadable } = result
  const [all, setAll] = useState(false)
  const most = Math.max(1, ...includes.map(({ bytes }) => bytes))
  const shown = all ? largest : largest.slice(0, SHOWN_FIRST)
  return (
    <>
      <p className={styles.sum}>
        <strong>
          <Count value={numbers.files_total ?? null} /> files, <Bytes value={numbers.bytes_total ?? null} />
        </strong>
        {numbers.bytes_added !== undefined && (
          <>
            , of which <Bytes value={numbers.bytes_added} /> are new since the snapshot before
          </>
        )}
      </p>
      {missing.length > 0 && (
        <Notice tone="bad" title="These paths do not exist on the host">
          <PathList items={missing} none="" />
          Correct them, or mount what is missing.
        </Notice>
      )}
      {unreadable.length > 0 && (
        <Notice tone="warn" title="These cannot be read, and would be missing in the snapshot">
          <PathList items={unreadable} none="" />
          Exclude them, or let the agent read them.
        </Notice>
      )}
      <p className={styles.caption}>By path</p>
      <ScrollList label="What each path holds">
        {includes.map((item) => (
          <li key={item.path}>
            <code>{printedPath(item.path)}</code>
            <span className={styles.figure}>
              <Bytes value={item.bytes} /> in <Count value={item.files} /> files
            </span>
            <span className={styles.bar} style={{ width: `${(100 * item.bytes) / most}%` }} />
          </li>
        ))}
      </ScrollList>
      {largest.length > 0 && (
        <>
          <p className={styles.caption}>The largest files</p>
          <ScrollList label="The largest files">
            {shown.map((item) => (
              <Largest key={item.path} item={item} />
            ))}
          </ScrollList>
          {largest.length > SHOWN_FIRST && (
            <div>
              <Button small look="quiet" onClick={() => setAll(!all)} aria-expanded={all}>
                {all ? 'Show fewer' : `Show all ${largest.length}`}
              </Button>
            </div>
          )}
        </>
      )}
    </>
  )
}

const CHANGES: Readonly<Record<ItemChange, { word: string; tone: Tone }>> = {
  new: { word: 'new', tone: 'ok' },
  changed: { word: 'changed', tone: 'run' },
  unmodified: { word: 'as before', tone: 'idle' },
}

function Largest({ item }: { item: DryRunItem }) {
  const { word, tone } = CHANGES[item.change]
  return (
    <li>
      <code>{printedPath(item.path)}</code>
      <span className={styles.figure}>
        <Badge tone={tone}>{word}</Badge> <Bytes value={item.bytes} />
      </span>
    </li>
  )
}
