// What a version of restic does not say or do, in words; ratios of a repository's numbers. Pure.

import type { Lack, RepositoryNumbers } from '../api/types.gen'

/** `0.17` against `0.17.3`: numbers, part by part; a missing part is 0. Unknown versions are taken as new. */
export function atLeast(version: string | null, needed: string): boolean {
  if (version === null) return true
  const parts = (text: string) => text.split(/[.+-]/).map((part) => Number.parseInt(part, 10))
  const [have, want] = [parts(version), parts(needed)]
  if (have.some(Number.isNaN)) return true
  for (let n = 0; n < want.length; n += 1) {
    const [one = 0, other = 0] = [have[n], want[n]]
    if (one !== other) return one > other
  }
  return true
}

export const needs = (version: string): string => `restic ≥ ${version} needed`

const FIELDS: Readonly<Record<string, string>> = {
  bytes_stored: 'bytes as stored',
  bytes_freed: 'bytes that were freed',
  size_bytes: 'sizes of snapshots',
  files: 'files of snapshots',
  added_bytes: 'what a snapshot added',
  uncompressed_bytes: 'size before compression',
  restore_bytes: 'size when restored',
  skip_if_unchanged: 'leaving out snapshots without a change',
  read_data_subset: 'reading a part of the data',
  backup_group_by: 'finding the snapshot before by group',
  progress: 'progress while it runs',
  counts: 'how much a restore wrote',
}

/** "bytes as stored: restic ≥ 0.17 needed" */
export function lackWords({ what, needed }: Lack): string {
  return `${FIELDS[what] ?? what.replaceAll('_', ' ')}: ${needs(needed)}`
}

/** The version that is needed for a number, where it is absent for that reason. */
export function neededFor(lacks: readonly Lack[], what: string): string | null {
  return lacks.find((lack) => lack.what === what)?.needed ?? null
}

/** How many times smaller it became; `null` where it is not known or nothing was saved. */
export function ratio(whole: number | null | undefined, part: number | null | undefined): number | null {
  if (whole == null || part == null || part <= 0 || whole <= part) return null
  return whole / part
}

/** Saved by storing equal blocks once: all snapshots restored, against what is stored before compression. */
export function dedupRatio(numbers: RepositoryNumbers | null): number | null {
  if (numbers === null) return null
  return ratio(numbers.restore_bytes, numbers.uncompressed_bytes ?? numbers.stored_bytes)
}

export function compressionRatio(numbers: RepositoryNumbers | null): number | null {
  return numbers === null ? null : ratio(numbers.uncompressed_bytes, numbers.stored_bytes)
}

/** `3.2 ×`; whole numbers from ten on. */
export function ratioWords(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ×`
}
