// Numbers drawn: a bar that fills, a small line, a line over time with its axis.

import { lazy, Suspense } from 'react'
import styles from './Draw.module.css'
import { Skeleton } from './States'

/** `fraction` 0…1; `null`: under way, nobody knows how far. */
export function Progress({ fraction, label }: { fraction: number | null; label: string }) {
  const percent = fraction === null ? null : Math.max(0, Math.min(100, fraction * 100))
  return (
    <div
      className={styles.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent === null ? undefined : Math.round(percent)}
      data-unknown={percent === null}
    >
      <span style={{ width: percent === null ? '30%' : `${percent}%` }} />
    </div>
  )
}

interface SparklineProps {
  /** Oldest first. */
  values: readonly number[]
  /** What it shows, in words: it is an image. */
  label: string
  width?: number
  height?: number
}

export function Sparkline({ values, label, width = 96, height = 22 }: SparklineProps) {
  if (values.length < 2) return null
  const low = Math.min(...values)
  const span = Math.max(...values) - low
  const step = (width - 2) / (values.length - 1)
  const y = (value: number) => (span === 0 ? height / 2 : height - 2 - ((value - low) / span) * (height - 4))
  const points = values.map((value, n) => `${(1 + n * step).toFixed(1)},${y(value).toFixed(1)}`)
  return (
    <svg
      className={styles.spark}
      role="img"
      aria-label={label}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
    >
      <polyline points={points.join(' ')} />
    </svg>
  )
}

export interface ChartProps {
  /** Milliseconds since the epoch, ascending. */
  times: readonly number[]
  values: readonly number[]
  /** What it shows, in words. */
  label: string
  format: (value: number) => string
  height?: number
}

const Plot = lazy(() => import('./Plot'))

export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={<Skeleton rows={1} height={props.height ?? 180} label="Loading the chart" />}>
      <Plot {...props} />
    </Suspense>
  )
}
