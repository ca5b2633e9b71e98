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

export interface Pair {
  older: SnapshotRow
  newer: SnapshotRow
}

/**
 * What each snapshot, by its id, is compared with where nobody says: the one before it of the same group, else any before it;
 * the oldest of all with the one after it. One that is alone has no pair.
 */
export function pairsOf(all: readonly SnapshotRow[]): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>()
  for (const repository of new Set(all.map((row) => row.repository))) {
    const last = new Map<string, SnapshotRow>()
    let any: SnapshotRow | undefined
    for (const newer of ofRepository(all, repository).reverse()) {
      const older = last.get(seriesOf(newer)) ?? any
      if (older !== undefined) {
        const pair = { older, newer }
        pairs.set(newer.snapshot.id, pair)
        if (!pairs.has(older.snapshot.id)) pairs.set(older.snapshot.id, pair)
      }
      last.set(seriesOf(newer), newer)
      any = newer
    }
  }
  return pairs
}
