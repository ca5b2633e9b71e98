// What a job came to, in a few words, for a row of a list. Pure.

import type { JobView } from '../api/types.gen'
import { formatBytes, formatCount } from './bytes'

/** Empty where the kind adds up to nothing, or it did not get that far. */
export function numbersWords(job: Pick<JobView, 'kind' | 'numbers' | 'result'>): string {
  const { kind, numbers, result } = job
  if (kind === 'retention_preview') {
    const { snapshots_removed: removed, snapshots_kept: kept } = numbers
    return removed === undefined ? '' : `${formatCount(removed)} would go, ${formatCount(kept ?? 0)} stay`
  }
  if (kind === 'dry_run') {
    return numbers.bytes_added === undefined ? '' : `${formatBytes(numbers.bytes_added)} would be new`
  }
  const parts: string[] = []
  const count = (n: number | undefined, one: string, many: string) => {
    if (n !== undefined) parts.push(`${formatCount(n)} ${n === 1 ? one : many}`)
  }
  count(numbers.snapshots_removed, 'removed', 'removed')
  count(numbers.snapshots_kept, 'kept', 'kept')
  count(numbers.snapshots_copied, 'copied', 'copied')
  if (numbers.bytes_freed !== undefined) parts.push(`${formatBytes(numbers.bytes_freed)} freed`)
  count(numbers.locks_removed, 'lock removed', 'locks removed')
  count(numbers.problems, 'problem', 'problems')
  if (result?.of === 'check') parts.push(`read ${result.read_data_percent} %`)
  if (result?.of === 'restore') parts.push(`${formatCount(result.restored)} restored`)
  if (result?.of === 'drill') count(result.files, 'file tried', 'files tried')
  return parts.join(', ')
}
