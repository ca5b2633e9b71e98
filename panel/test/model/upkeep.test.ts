import { describe, expect, it, test } from 'vitest'
import type { Lock, MaintenanceTask, Plan, Repository } from '../../src/api/types.gen'
import { HOLDS } from '../../src/model/holds'
import { deadLocks, LOCK_WORDS, lockKind, lockOwner } from '../../src/model/locks'
import { actionWords } from '../../src/model/orders'
import { EVERYTHING, emptyGroup } from '../../src/model/plan'
import { policyWords } from '../../src/model/policy'
import {
  boundsProblems,
  cadenceWords,
  neverRuns,
  subsetWords,
  TASK_ORDER,
  TASKS,
} from '../../src/model/upkeep'
import { PLAN } from '../hosts'

describe('cadences', () => {
  it.each([
    ['0 3 * * *', 'Every day at 03:00'],
    ['0 4 * * 0', 'Every Sunday at 04:00'],
    [null, 'not by itself'],
    ['no crontab', 'no crontab'],
  ])('%s: %s', (cron, words) => expect(cadenceWords(cron)).toBe(words))

  it.each([
    [0, /no data is read back/],
    [5, /5 % of the data.* 20 runs/],
    [30, /about 4 runs/],
    [100, /all data/],
  ])('a check of %d %%', (percent, words) => expect(subsetWords(percent)).toMatch(words))

  it('every task has its words, once', () => {
    expect([...TASK_ORDER].sort()).toEqual(Object.keys(TASKS).sort())
    expect(TASK_ORDER.filter((task) => TASKS[task].ofGroups)).toEqual(['forget', 'drill'])
  })

  it.each([
    [{ check_read_data_percent: 0, drill_files: 1, drill_mib: 1_048_576 }, []],
    [{ check_read_data_percent: 101, drill_files: 20, drill_mib: 200 }, ['check_read_data_percent']],
    [{ check_read_data_percent: 5, drill_files: 0, drill_mib: 0 }, ['drill_files', 'drill_mib']],
    [
      { check_read_data_percent: 2.5, drill_files: 10_001, drill_mib: 1 },
      ['check_read_data_percent', 'drill_files'],
    ],
  ])('bounds of %j', (numbers, wrong) => expect(Object.keys(boundsProblems(numbers))).toEqual(wrong))
})

describe('locks', () => {
  const NOW = 1_795_187_040_000
  const MINUTE = 60_000
  const lock = (change: Partial<Lock> = {}): Lock => ({
    id: 'a'.repeat(64),
    hostname: 'web-2',
    username: 'root',
    pid: 4711,
    since: NOW - MINUTE,
    exclusive: false,
    dead: false,
    ...change,
  })

  it.each([
    ['dead', { hostname: 'web-1', dead: true }],
    ['own', { hostname: 'WEB-1' }],
    ['foreign', {}],
    ['foreign', { since: NOW - 30 * MINUTE }],
    ['stale', { since: NOW - 31 * MINUTE }],
  ] as const)('%s: %j', (kind, change) => {
    expect(lockKind(lock(change), 'web-1', NOW)).toBe(kind)
    expect(LOCK_WORDS[kind].advice).not.toBe('')
  })

  test('whose it is, and which may go at once', () => {
    expect(lockOwner(lock())).toBe('root@web-2, process 4711')
    expect(lockOwner(lock({ username: '' }))).toBe('web-2, process 4711')
    expect(deadLocks([lock(), lock({ id: 'b', dead: true })]).map(({ id }) => id)).toEqual(['b'])
  })
})

test('each hold leads to the step that lifts it', () => {
  expect(Object.entries(HOLDS).map(([cause, { step }]) => `${cause} ${step}`)).toEqual([
    'clock_jumped confirm',
    'clock_disagrees confirm',
    'epoch_begun confirm',
    'future_snapshot adopt',
    'unknown_snapshot adopt',
    'claims owner',
  ])
})

describe('the endpoint’s policy', () => {
  const nothing = {
    refuse_destination_changes: false,
    refuse_hooks: false,
    refuse_orders: [],
    keep_at_least: null,
  }

  it('is silent where nothing is refused', () => expect(policyWords(nothing)).toEqual([]))

  it('is one sentence per rule', () => {
    const keep_at_least = {
      keep_last: 0,
      keep_hourly: 0,
      keep_daily: 7,
      keep_weekly: 0,
      keep_monthly: 0,
      keep_yearly: 0,
      keep_within: null,
    }
    const words = policyWords({
      refuse_destination_changes: true,
      refuse_hooks: true,
      refuse_orders: ['unlock', 'something_new'],
      keep_at_least,
    })
    expect(words).toHaveLength(4)
    expect(words.join(' ')).toMatch(/less than 7 daily.*remove locks, something_new/)
  })
})

test('an order that is newer than the panel is shown by its name', () => {
  expect(actionWords('maintain')).toBe('Maintenance now')
  expect(actionWords('teleport')).toBe('teleport')
})

describe('what never runs here', () => {
  const { main } = PLAN.repositories
  if (main === undefined) throw new Error('the plan of the tests has a repository')
  const at = (change: Partial<Repository>, plan: Plan = PLAN): Plan => ({
    ...plan,
    repositories: { main: { ...main, ...change } },
  })
  const none: Plan = { ...PLAN, groups: {} }
  const owner = { agent: 'b', name: 'nas' }
  const ward = { agent: 'b', hostname: 'nas', revision: 1, groups: { all: emptyGroup('main').retention } }
  test.each<[string, Plan, MaintenanceTask[]]>([
    ['nothing of a usual plan', PLAN, []],
    ['removing, where it only adds', at({ append_only: true }), ['forget', 'prune']],
    ['what another owner does', at({ owner }), ['prune', 'check']],
    ['nothing as the owner itself', at({ owner: { ...owner, agent: 'a' } }), []],
    ['what is of groups, without any', none, ['forget', 'drill']],
    ['the drill of a keeper', at({ wards: [ward] }, none), ['drill']],
    [
      'the drill where there are only copies',
      at({}, { ...PLAN, groups: { x: { ...emptyGroup('other'), copy_to: 'main' } } }),
      ['drill'],
    ],
    [
      'forgetting without a rule',
      { ...PLAN, groups: { x: { ...emptyGroup('main'), retention: EVERYTHING } } },
      ['forget'],
    ],
  ])('%s', (_, plan, tasks) => {
    expect(TASK_ORDER.filter((task) => neverRuns(plan, 'a', 'main', task) !== null)).toEqual(tasks)
  })
})
