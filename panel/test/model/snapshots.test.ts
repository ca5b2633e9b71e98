// Which snapshots belong together: what is compared with what, and which is the newest of its kind.

import { describe, expect, it } from 'vitest'
import type { SnapshotRow } from '../../src/api/types.gen'
import { newestOfEach, ofRepository, pairsOf } from '../../src/model/snapshots'

const row = (id: string, time: number, group: string | null, repository = 'main'): SnapshotRow => ({
  repository,
  snapshot: {
    ...{ id, time, group, hostname: 'web-1', paths: group === null ? ['/srv'] : [`/${group}`], tags: [] },
    ...{ size_bytes: null, files: null, added_bytes: null },
  },
})

const ALL = [
  ...[row('a1', 1, 'a'), row('b2', 2, 'b'), row('a3', 3, 'a'), row('n4', 4, null), row('b5', 5, 'b')],
  ...[row('x9', 9, 'a', 'other')],
]

describe('snapshots', () => {
  it('of one repository come newest first', () => {
    expect(ofRepository(ALL, 'main').map(({ snapshot }) => snapshot.id)).toEqual([
      'b5',
      'n4',
      'a3',
      'b2',
      'a1',
    ])
  })

  it('have a newest of each group, and of each set of paths without one', () => {
    const newest = newestOfEach(ofRepository(ALL, 'main')).map(({ snapshot }) => snapshot.id)
    expect(newest).toEqual(['n4', 'a3', 'b5'])
  })

  it('are compared with the one before of the same group', () => {
    const pairs = [...pairsOf(ALL)].map(([id, { older, newer }]) => [
      id,
      older.snapshot.id,
      newer.snapshot.id,
    ])
    expect(Object.fromEntries(pairs.map(([id, ...pair]) => [id, pair]))).toEqual({
      a1: ['a1', 'b2'],
      b2: ['a1', 'b2'],
      a3: ['a1', 'a3'],
      n4: ['a3', 'n4'],
      b5: ['b2', 'b5'],
    })
  })
})
