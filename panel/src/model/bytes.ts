// Sizes in words. Binary units, as restic prints them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** `1536` → `1.50 KiB`; three significant digits, whole bytes below 1 KiB. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–'
  const sign = bytes < 0 ? '−' : ''
  let value = Math.abs(bytes)
  let unit = 0
  // 1023.9995 would print as "1024".
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  if (unit === 0) return `${sign}${Math.round(value)} B`
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0
  return `${sign}${value.toFixed(digits)} ${UNITS[unit]}`
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

// One for all: making a formatter takes longer than a row of a table.
const counts = new Intl.NumberFormat('en')

export function formatCount(count: number): string {
  return counts.format(count)
}
