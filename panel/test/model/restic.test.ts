import { describe, expect, it, test } from 'vitest'
import type { JobNumbers, JobOptions, JobResult } from '../../src/api/types.gen'
import { numbersWords } from '../../src/model/jobNumbers'
import { optionWords } from '../../src/model/jobOptions'
import { hookLine } from '../../src/model/log'
import {
  atLeast,
  compressionRatio,
  dedupRatio,
  lackWords,
  neededFor,
  ratio,
  ratioWords,
} from '../../src/model/restic'
import { trendWords } from '../../src/model/trend'
import { asHostFilter, isFiltered, readFilter } from '../../src/pages/fleet/filter'

describe('versions', () => {
  it.each([
    ['0.17.0', '0.17', true],
    ['0.16.4', '0.17', false],
    ['0.9.6', '0.17', false],
    ['1.0', '0.17', true],
    ['0.18.0-dev (compiled)', '0.18', true],
    ['a build of my own', '0.17', true],
    [null, '0.17', true],
  ])('%s has what came with %s: %s', (have, needed, is) => expect(atLeast(have, needed)).toBe(is))

  test('what is lacking is said with the version that has it', () => {
    const lacks = [
      { what: 'bytes_stored', needed: '0.17' },
      { what: 'a_new_thing', needed: '0.20' },
    ]
    expect(lacks.map(lackWords)).toEqual([
      'bytes as stored: restic ≥ 0.17 needed',
      'a new thing: restic ≥ 0.20 needed',
    ])
    expect(neededFor(lacks, 'bytes_stored')).toBe('0.17')
    expect(neededFor(lacks, 'bytes_freed')).toBeNull()
  })
})

describe('ratios', () => {
  it.each([
    [100, 50, 2],
    [100, 0, null],
    [50, 100, null],
    [null, 5, null],
    [5, undefined, null],
  ])('%s to %s', (whole, part, is) => expect(ratio(whole, part)).toBe(is))

  test('of a repository', () => {
    const numbers = {
      stored_bytes: 10,
      uncompressed_bytes: 20,
      restore_bytes: 250,
      snapshots: 3,
      blobs: null,
    }
    expect(compressionRatio(numbers)).toBe(2)
    expect(dedupRatio(numbers)).toBe(12.5)
    expect(dedupRatio({ ...numbers, uncompressed_bytes: null })).toBe(25)
    expect(dedupRatio(null)).toBeNull()
    expect([ratioWords(1.56), ratioWords(12.5)]).toEqual(['1.6 ×', '13 ×'])
  })
})

describe('what a job came to', () => {
  const words = (
    kind: Parameters<typeof numbersWords>[0]['kind'],
    numbers: JobNumbers,
    result: JobResult | null = null,
  ) => numbersWords({ kind, numbers, result })
  it.each([
    ['forget', { snapshots_removed: 3, snapshots_kept: 1200 }, '3 removed, 1,200 kept'],
    ['prune', { bytes_freed: 2048 }, '2.00 KiB freed'],
    ['unlock', { locks_removed: 1 }, '1 lock removed'],
    ['copy', { snapshots_copied: 2 }, '2 copied'],
    ['retention_preview', { snapshots_removed: 3, snapshots_kept: 4 }, '3 would go, 4 stay'],
    ['dry_run', { bytes_added: 1024 }, '1.00 KiB would be new'],
    ['backup', { bytes_added: 1024 }, ''],
    ['dry_run', {}, ''],
  ] as const)('%s %j: %s', (kind, numbers, is) => expect(words(kind, numbers)).toBe(is))

  test('with its result', () => {
    const check: JobResult = { of: 'check', read_data_percent: 5, problems: [] }
    expect(words('check', { problems: 0 }, check)).toBe('0 problems, read 5 %')
    const drill: JobResult = {
      of: 'drill',
      snapshot: 'a',
      files: 20,
      compared_with_source: 3,
      mismatches: [],
    }
    expect(words('drill', { problems: 1 }, drill)).toBe('1 problem, 20 files tried')
  })

  it.each([
    [{}, []],
    [{ upload_kib_s: 5, read_data_percent: 0 }, ['upload at most 5 KiB/s', 'reads 0 % of the data']],
    [{ to: 'second', snapshots: ['a'] }, ['to second', '1 snapshot']],
    [{ locks: [], ward: 'web-2', released: true }, ['for web-2', 'with the released credential']],
    [{ locks: ['a', 'b'] }, ['2 locks that were named']],
  ] as [JobOptions, string[]][])('was asked for %j', (options, is) =>
    expect(optionWords(options)).toEqual(is),
  )
})

test.each([
  ['hook(pre): dumping', { hook: 'pre', text: 'dumping' }],
  ['hook(post):', { hook: 'post', text: '' }],
  ['a hook(pre): in the middle', null],
  ['hook(other): x', null],
])('the log line “%s”', (text, is) => expect(hookLine(text)).toEqual(is))

test.each([
  [[], /not known/],
  [[100], /today: about the same/],
  [[50, 60, 100], /last 3 days: grew, from 50 to 100 percent/],
  [[100, 40], /shrank/],
])('the trend %j in words', (trend, words) => expect(trendWords(trend)).toMatch(words))

test('the fleet’s conditions are in its address', () => {
  const filter = readFilter(
    new URLSearchParams(
      'q= web &status=retired&repository=ready&held=true&replaced=true&tag=a&tag=b&sort=-size',
    ),
  )
  expect(asHostFilter(filter)).toEqual({
    q: 'web',
    status: ['retired'],
    repository: 'ready',
    held: 'true',
    replaced: 'true',
    tag: ['a', 'b'],
    sort: 'size',
    order: 'desc',
  })
  expect(isFiltered(filter)).toBe(true)
  const plain = readFilter(new URLSearchParams('status=nonsense&held=perhaps&replaced=perhaps'))
  expect(isFiltered(plain)).toBe(false)
  expect(asHostFilter(plain)).toMatchObject({
    status: [],
    held: '',
    replaced: '',
    sort: 'name',
    order: 'asc',
  })
})
