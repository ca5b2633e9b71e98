// A repository's size, and how it grew.

import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { NumbersAt, RepositoryView } from '../../api/types.gen'
import { formatBytes, formatCount } from '../../model/bytes'
import { withParams } from '../../model/search'
import { Bytes, Chart, Count, Facts, SegmentField, useNow } from '../../ui'
import styles from './Tabs.module.css'

const RANGES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '365 days' },
] as const
type Range = (typeof RANGES)[number]['value']
const DAY_MS = 86_400_000

export function Numbers({ state, days }: { state: RepositoryView; days: string | null }) {
  const [search, setSearch] = useSearchParams()
  const range: Range = RANGES.find(({ value }) => value === days)?.value ?? '30'
  const { numbers, history } = state
  return (
    <div className={styles.part}>
      <h3>Numbers</h3>
      <Facts
        items={[
          { name: 'Snapshots', value: <Count value={state.snapshots} /> },
          { name: 'Stored', value: <Bytes value={numbers?.stored_bytes} /> },
          {
            name: 'Before compression',
            value: (
              <Saved whole={numbers?.uncompressed_bytes} stored={numbers?.stored_bytes} what="compressed" />
            ),
          },
          {
            name: 'All snapshots restored',
            value: (
              <Saved whole={numbers?.restore_bytes} stored={numbers?.stored_bytes} what="the stored size" />
            ),
          },
          { name: 'Blobs', value: <Count value={numbers?.blobs} /> },
        ]}
      />
      <SegmentField
        label="Shown"
        value={range}
        choices={RANGES}
        onChange={(value) =>
          setSearch(withParams(search, { days: value === '30' ? null : value }), { replace: true })
        }
      />
      <Charts history={history} days={Number(range)} />
    </div>
  )
}

/** The whole, and how many times the stored size it is. */
function Saved({
  whole,
  stored,
  what,
}: {
  whole: number | null | undefined
  stored: number | null | undefined
  what: string
}) {
  if (whole == null) return <Bytes value={null} />
  return (
    <>
      <Bytes value={whole} />
      {stored != null &&
        stored > 0 &&
        whole > stored &&
        ` · ${(whole / stored).toFixed(whole / stored < 10 ? 1 : 0)} × ${what}`}
    </>
  )
}

function Charts({ history, days }: { history: readonly NumbersAt[]; days: number }) {
  const now = useNow(3_600_000)
  const { times, stored, snapshots } = useMemo(() => {
    const inRange = history.filter(({ at }) => at >= now - days * DAY_MS).sort((a, b) => a.at - b.at)
    return {
      times: inRange.map(({ at }) => at),
      stored: inRange.map(({ stored_bytes }) => stored_bytes),
      snapshots: inRange.map((one) => one.snapshots),
    }
  }, [history, days, now])
  if (times.length < 2) {
    return (
      <p>
        A line appears here after the second reading in these {days} days; the host reads the numbers after
        backups.
      </p>
    )
  }
  return (
    <div className={styles.charts}>
      <div>
        <h3>Stored</h3>
        <Chart times={times} values={stored} label="Stored" format={formatBytes} />
      </div>
      <div>
        <h3>Snapshots</h3>
        <Chart times={times} values={snapshots} label="Snapshots" format={wholeCount} />
      </div>
    </div>
  )
}

const wholeCount = (value: number) => (Number.isInteger(value) ? formatCount(value) : '')
