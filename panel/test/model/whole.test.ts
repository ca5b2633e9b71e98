import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/api/types.gen'
import { changes, emptyGroup, retentionWords } from '../../src/model/plan'
import { MOST, numberProblems, readWhole, UNREADABLE, wholeText, wholeWords } from '../../src/model/whole'
import { PLAN } from '../hosts'

test.each([
  ['', null],
  [' 7 ', 7],
  ['007', 7],
  ['-3', -3],
  ['−3', -3],
  ['2.5', 2.5],
  ['99999999999999', 99_999_999_999_999],
  ['1e3', UNREADABLE],
  ['2.', UNREADABLE],
  ['2,5', UNREADABLE],
  ['+5', UNREADABLE],
  ['seven', UNREADABLE],
])('%j reads as %j', (text, value) => expect(readWhole(text)).toBe(value))

test('a text that is no number is none after a reload either, and shows as nothing', () => {
  expect(JSON.parse(JSON.stringify(UNREADABLE))).toBe(UNREADABLE)
  expect(wholeText(UNREADABLE)).toBe('')
  expect(wholeText(-3)).toBe('-3')
})

test('bounds are said with their signs', () => {
  expect(wholeWords({ min: -20, max: 10_000 })).toBe('a whole number from −20 to 10,000')
})

const group = (change: Partial<Plan['groups'][string]>): Plan => ({
  ...PLAN,
  groups: { default: { ...emptyGroup('main'), ...change } },
})
const keeping = (keep_last: number) => group({ retention: { ...emptyGroup('main').retention, keep_last } })

describe('the numbers of a plan', () => {
  test.each<[string, Plan, string[]]>([
    ['as they usually are', PLAN, []],
    ['the most', keeping(MOST), []],
    ['one more', keeping(MOST + 1), ['groups.default.retention.keep_last']],
    ['a fraction', keeping(2.5), ['groups.default.retention.keep_last']],
    ['below zero', keeping(-3), ['groups.default.retention.keep_last']],
    ['no number', keeping(UNREADABLE), ['groups.default.retention.keep_last']],
    ['tries', group({ retry: { max: 21, backoff_s: 60 } }), ['groups.default.retry.max']],
    ['first try', group({ retry: { max: 3, backoff_s: -5 } }), ['groups.default.retry.backoff_s']],
    ['first try of none', group({ retry: { max: 0, backoff_s: 0 } }), []],
    [
      'first try of none, below zero',
      group({ retry: { max: 0, backoff_s: -5 } }),
      ['groups.default.retry.backoff_s'],
    ],
    [
      'hooks',
      {
        ...group({ hooks: { pre: 'none', post: 'none', timeout_s: 0 } }),
        hooks: { pre: 'none', post: 'none', timeout_s: 86_401 },
      },
      ['hooks.timeout_s', 'groups.default.hooks.timeout_s'],
    ],
    [
      'limits',
      { ...PLAN, limits: { upload_kib_s: 0, download_kib_s: MOST + 1, nice: -21 } },
      ['limits.upload_kib_s', 'limits.download_kib_s', 'limits.nice'],
    ],
    [
      'maintenance',
      {
        ...PLAN,
        maintenance: { ...PLAN.maintenance, check_read_data_percent: 101, drill_files: 0, drill_mib: 0.5 },
      },
      ['maintenance.check_read_data_percent', 'maintenance.drill_files', 'maintenance.drill_mib'],
    ],
  ])('%s', (_, plan, fields) => {
    expect(numberProblems(plan).map(({ field }) => field)).toEqual(fields)
  })

  test('are a question mark in words, while they are none', () => {
    expect(retentionWords(keeping(UNREADABLE).groups.default?.retention ?? emptyGroup('').retention)).toMatch(
      /^the last \?, 7 daily/,
    )
    const [change] = changes(PLAN, { ...PLAN, limits: { ...PLAN.limits, nice: UNREADABLE } })
    expect(change?.fields[0]?.after).toBe('?')
  })
})
