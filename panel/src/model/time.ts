// Times and durations in words. Pure: now is an argument.

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `75_000` → `1 m 15 s`; the two largest units, nothing finer than a second above a minute. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms < 0) return `−${formatDuration(-ms)}`
  if (ms < SECOND) return ms === 0 ? '0 s' : '< 1 s'
  const parts: [number, string][] = [
    [Math.floor(ms / DAY), 'd'],
    [Math.floor((ms % DAY) / HOUR), 'h'],
    [Math.floor((ms % HOUR) / MINUTE), 'm'],
    [Math.floor((ms % MINUTE) / SECOND), 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ')
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'long' })

/** `3 minutes ago`, `in 2 hours`, `just now`. */
export function formatRelative(at: number, now: number): string {
  const difference = at - now
  const size = Math.abs(difference)
  if (size < 10 * SECOND) return difference > 0 ? 'in a moment' : 'just now'
  if (size < MINUTE) return relative.format(Math.round(difference / SECOND), 'second')
  if (size < HOUR) return relative.format(Math.round(difference / MINUTE), 'minute')
  if (size < DAY) return relative.format(Math.round(difference / HOUR), 'hour')
  if (size < 60 * DAY) return relative.format(Math.round(difference / DAY), 'day')
  return relative.format(Math.round(difference / (30.44 * DAY)), 'month')
}

/** How long the words above stay right. */
export function relativeStaysMs(at: number, now: number): number {
  const size = Math.abs(at - now)
  if (size < MINUTE) return 5 * SECOND
  if (size < HOUR) return 15 * SECOND
  return MINUTE
}

const exact = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
})

/** In the reader's own zone and order, to the second, with the zone named. */
export function formatExact(at: number): string {
  return Number.isFinite(at) ? exact.format(at) : '–'
}

export function isoTime(at: number): string {
  return new Date(at).toISOString()
}
