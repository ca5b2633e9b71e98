// Which snapshots belong together. Pure.

import type { SnapshotRow } from '../api/types.gen'

/** Those of one repository, newest first. */
export function ofRepository(all: readonly SnapshotRow[], repository: string): SnapshotRow[] {
  return all
    .filter((row) => row.repository === repository)
    .sort((a, b) => b.snapshot.time - a.snapshot.time || (a.snapshot.id < b.snapshot.id ? 1 : -1))
}

/** What a snapshot is of: its group, or its paths where it has none. */
const seriesOf = ({ snapshot }: SnapshotRow) => snapshot.group ?? snapshot.paths.join('\n')

/** The newest of each group, in the order of their names; `all` newest first. */
export function newestOfEach(all: readonly SnapshotRow[]): SnapshotRow[] {
  const newest = new Map<string, SnapshotRow>()
  for (const row of all) if (!newest.has(seriesOf(row))) newest.set(seriesOf(row), row)
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

/**
 * What a snapshot is compared with where nobody says: the one before it of the same group, else any before it, else the one
 * after. As older and newer.
 */
export function beside(
  all: readonly SnapshotRow[],
  one: SnapshotRow,
): { older: SnapshotRow; newer: SnapshotRow } | null {
  const ordered = ofRepository(all, one.repository)
  const at = ordered.findIndex(({ snapshot }) => snapshot.id === one.snapshot.id)
  if (at === -1) return null
  const after = ordered.slice(at + 1)
  const older = after.find((row) => seriesOf(row) === seriesOf(one)) ?? after[0]
  if (older !== undefined) return { older, newer: one }
  const newer = ordered.slice(0, at).findLast((row) => seriesOf(row) === seriesOf(one)) ?? ordered[at - 1]
  return newer === undefined ? null : { older: one, newer }
}
