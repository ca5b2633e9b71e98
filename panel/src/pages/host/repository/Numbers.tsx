// A repository's size, what deduplication and compression save, and how it grew.

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { historyQuery, newestJobQuery } from '../../../api/queries'
import type { Lack, NumbersAt, RepositoryView } from '../../../api/types.gen'
import { formatBytes, formatCount } from '../../../model/bytes'
import { compressionRatio, dedupRatio, neededFor, needs, ratioWords } from '../../../model/restic'
import { withParams } from '../../../model/search'
import { Bytes, Chart, Count, ErrorState, Facts, SegmentField, Skeleton } from '../../../ui'
import { useHost } from '../context'
import styles from '../Tabs.module.css'

const RANGES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '365 days' },
] as const
type Range = (typeof RANGES)[number]['value']

export function Numbers({ state }: { state: RepositoryView }) {
  const { agent } = useHost()
  const [search, setSearch] = useSearchParams()
  const range: Range = RANGES.find(({ value }) => value === search.get('days'))?.value ?? '30'
  const history = useQuery(historyQuery(agent, state.name, Number(range)))
  return (
    <div className={styles.part} data-testid={`numbers-${state.name}`}>
      <h3>Numbers</h3>
      <Figures state={state} />
      <SegmentField
        label="Shown"
        value={range}
        choices={RANGES}
        onChange={(value) =>
          setSearch(withParams(search, { days: value === '30' ? null : value }), { replace: true })
        }
      />
      {history.data !== undefined ? (
        <Charts points={history.data.points} days={Number(range)} />
      ) : history.isError ? (
        <ErrorState
          error={history.error}
          title="How it grew is not here"
          retry={() => void history.refetch()}
        />
      ) : (
        <Skeleton rows={1} height={180} label="Loading how it grew" />
      )}
    </div>
  )
}

function Figures({ state }: { state: RepositoryView }) {
  const { agent } = useHost()
  const newest = useQuery(newestJobQuery(agent, 'stats'))
  const { numbers } = state
  const lacks = newest.data?.lacks ?? []
  const dedup = dedupRatio(numbers)
  const compression = compressionRatio(numbers)
  return (
    <Facts
      items={[
        { name: 'Snapshots', value: <Count value={state.snapshots} /> },
        { name: 'Stored', value: <Bytes value={numbers?.stored_bytes} /> },
        {
          name: 'Before compression',
          value: <Known value={numbers?.uncompressed_bytes} lacks={lacks} what="uncompressed_bytes" />,
        },
        { name: 'Compression', value: compression === null ? '–' : `${ratioWords(compression)} smaller` },
        {
          name: 'All snapshots restored',
          value: <Known value={numbers?.restore_bytes} lacks={lacks} what="restore_bytes" />,
        },
        { name: 'Deduplication', value: dedup === null ? '–' : `${ratioWords(dedup)} smaller` },
        { name: 'Blobs', value: <Count value={numbers?.blobs} /> },
      ]}
    />
  )
}

/** A size; where this restic does not say it, the version that does. */
function Known(props: { value: number | null | undefined; lacks: readonly Lack[]; what: string }) {
  const needed = props.value == null ? neededFor(props.lacks, props.what) : null
  return needed === null ? <Bytes value={props.value} /> : <span>{needs(needed)}</span>
}

function Charts({ points, days }: { points: readonly NumbersAt[]; days: number }) {
  const { times, stored, snapshots } = useMemo(
    () => ({
      times: points.map(({ at }) => at),
      stored: points.map(({ stored_bytes }) => stored_bytes),
      snapshots: points.map((one) => one.snapshots),
    }),
    [points],
  )
  if (times.length < 2) {
    return (
      <p>
        A line appears here after the second reading in these {days} days; the host reads the numbers after
        backups, and there is one point for each day.
      </p>
    )
  }
  return (
    <div className={styles.charts}>
      <div>
        <h4>Stored</h4>
        <Chart times={times} values={stored} label="Stored" format={formatBytes} />
      </div>
      <div>
        <h4>Snapshots</h4>
        <Chart times={times} values={snapshots} label="Snapshots" format={wholeCount} />
      </div>
    </div>
  )
}

const wholeCount = (value: number) => (Number.isInteger(value) ? formatCount(value) : '')
