// What a job was asked for beside the plan, in words. Pure.

import type { JobOptions } from '../api/types.gen'
import { restoreOptionWords } from './restore'

/** One phrase per option; empty: as the plan says. */
export function optionWords(options: JobOptions): string[] {
  const words: string[] = []
  if (options.upload_kib_s !== undefined) words.push(`upload at most ${options.upload_kib_s} KiB/s`)
  if (options.download_kib_s !== undefined) words.push(`download at most ${options.download_kib_s} KiB/s`)
  if (options.read_data_percent !== undefined) words.push(`reads ${options.read_data_percent} % of the data`)
  if (options.group !== undefined) words.push('the group as it was about to be saved')
  if (options.retention !== undefined) words.push('the policy as it was about to be saved')
  if (options.to !== undefined) words.push(`to ${options.to}`)
  if (options.snapshots !== undefined && options.snapshots.length > 0) {
    words.push(options.snapshots.length === 1 ? '1 snapshot' : `${options.snapshots.length} snapshots`)
  }
  if (options.locks !== undefined && options.locks.length > 0) {
    words.push(
      options.locks.length === 1 ? '1 lock that was named' : `${options.locks.length} locks that were named`,
    )
  }
  if (options.ward !== undefined) words.push(`for ${options.ward}`)
  if (options.released === true) words.push('with the released credential')
  if (options.restore !== undefined) words.push(...restoreOptionWords(options.restore))
  return words
}
