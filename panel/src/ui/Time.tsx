// Times, durations and sizes as text that keeps its exact value at hand.

import { formatBytes, formatCount } from '../model/bytes'
import { formatDuration, formatExact, formatRelative, isoTime, relativeStaysMs } from '../model/time'
import { useNow } from './clock'
import styles from './Time.module.css'

/** `3 minutes ago`, ticking; the exact time in the title. */
export function RelativeTime({ at, never = 'never' }: { at: number | null | undefined; never?: string }) {
  if (at === null || at === undefined) return <span className={styles.absent}>{never}</span>
  return <Ticking at={at} />
}

function Ticking({ at }: { at: number }) {
  // The ticking time may be seconds old when a new `at` comes: what has just happened must not seem to lie ahead.
  const now = Math.max(useNow(relativeStaysMs(at, Date.now())), Date.now())
  return (
    <time dateTime={isoTime(at)} title={formatExact(at)} className={styles.value}>
      {formatRelative(at, now)}
    </time>
  )
}

/** The exact time, the relative one in the title. */
export function ExactTime({ at }: { at: number | null | undefined }) {
  if (at === null || at === undefined) return <span className={styles.absent}>–</span>
  return (
    <time dateTime={isoTime(at)} className={styles.value}>
      {formatExact(at)}
    </time>
  )
}

/** From `from` to `to`, or ticking up to now. */
export function Duration({ from, to }: { from: number | null | undefined; to?: number | null | undefined }) {
  if (from === null || from === undefined) return <span className={styles.absent}>–</span>
  if (to === null || to === undefined) return <Running from={from} />
  return <span className={styles.value}>{formatDuration(to - from)}</span>
}

function Running({ from }: { from: number }) {
  const now = useNow(1_000)
  return <span className={styles.value}>{formatDuration(Math.max(0, now - from))}</span>
}

export function Bytes({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return <span className={styles.absent}>–</span>
  return (
    <span className={styles.value} title={`${formatCount(value)} bytes`}>
      {formatBytes(value)}
    </span>
  )
}

export function Count({ value }: { value: number | null | undefined }) {
  if (value === null || value === undefined) return <span className={styles.absent}>–</span>
  return <span className={styles.value}>{formatCount(value)}</span>
}
