// A row's small line in words: it is an image, and somebody may only hear it. Pure.

/** `trend`: shares of the largest, 0 to 100, a day each, oldest first. */
export function trendWords(trend: readonly number[]): string {
  const [first, last] = [trend[0], trend.at(-1)]
  if (first === undefined || last === undefined) return 'Stored size: not known'
  const days = trend.length === 1 ? 'today' : `over the last ${trend.length} days`
  const change = last - first
  if (Math.abs(change) < 3) return `Stored size ${days}: about the same`
  return `Stored size ${days}: ${change > 0 ? 'grew' : 'shrank'}, from ${first} to ${last} percent of its largest`
}
