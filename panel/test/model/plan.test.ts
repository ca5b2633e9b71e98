import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/api/types.gen'
import {
  changes,
  emptyGroup,
  hints,
  normalise,
  onTop,
  problemsAt,
  renameGroup,
  retentionWords,
  roleFor,
  same,
  schedulesOf,
  USUAL_MAINTENANCE,
  warningWords,
  without,
} from '../../src/model/plan'

const PLAN: Plan = {
  repositories: { main: { backend: { kind: 'local', path: '/srv/repo' } } },
  groups: { default: { ...emptyGroup('main'), includes: ['/etc', '/home'] } },
  schedules: {
    nightly: { cron: '0 2 * * *', zone: null, enabled: true, groups: ['default'], jitter_s: 600 },
  },
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}

const group = (plan: Plan, change: Partial<Plan['groups'][string]>): Plan => ({
  ...plan,
  groups: { ...plan.groups, default: { ...emptyGroup('main'), ...plan.groups.default, ...change } },
})
const schedule = (plan: Plan, change: Partial<Plan['schedules'][string]>): Plan => ({
  ...plan,
  schedules: {
    ...plan.schedules,
    nightly: {
      cron: '',
      zone: null,
      enabled: true,
      groups: [],
      jitter_s: 0,
      ...plan.schedules.nightly,
      ...change,
    },
  },
})

describe('changes in words', () => {
  test('none between equal plans, also when a key order differs', () => {
    const other = Object.fromEntries(Object.entries(PLAN).reverse()) as unknown as Plan
    expect(changes(PLAN, other)).toEqual([])
  })

  test('lists say what came and what went', () => {
    const [change] = changes(PLAN, group(PLAN, { includes: ['/etc', '/srv'] }))
    expect(change).toMatchObject({ area: 'group', name: 'default', kind: 'changed' })
    expect(change?.fields).toEqual([
      { label: 'Paths', before: null, after: null, added: ['/srv'], removed: ['/home'] },
    ])
  })

  test('a new order of the same paths is a change that is named', () => {
    const [change] = changes(PLAN, group(PLAN, { includes: ['/home', '/etc'] }))
    expect(change?.fields).toMatchObject([
      { label: 'Paths', after: 'in another order', added: [], removed: [] },
    ])
  })

  test('a schedule is read in words', () => {
    const [change] = changes(PLAN, schedule(PLAN, { cron: '0 4 * * 0', enabled: false }))
    expect(change?.fields.map(({ label, before, after }) => [label, before, after])).toEqual([
      ['When', 'Every day at 02:00', 'Every Sunday at 04:00'],
      ['Crontab', '0 2 * * *', '0 4 * * 0'],
      ['State', 'on', 'paused'],
    ])
  })

  test('every area is noticed, and only a destination wants an admin', () => {
    const after: Plan = {
      repositories: { main: { backend: { kind: 'local', path: '/mnt/repo' } } },
      groups: { ...PLAN.groups, photos: { ...emptyGroup('main'), includes: ['/photos'] } },
      schedules: {},
      maintenance: { ...USUAL_MAINTENANCE, forget: null },
      limits: { ...PLAN.limits, upload_kib_s: 512 },
      presence: 'intermittent',
    }
    const all = changes(PLAN, after)
    expect(all.map(({ area, name, kind }) => [area, name, kind])).toEqual([
      ['repository', 'main', 'changed'],
      ['group', 'photos', 'added'],
      ['schedule', 'nightly', 'removed'],
      ['maintenance', null, 'changed'],
      ['limits', null, 'changed'],
      ['presence', null, 'changed'],
    ])
    expect(all.every((change) => change.kind === 'removed' || change.fields.length > 0)).toBe(true)
    expect(roleFor(all)).toBe('admin')
    expect(roleFor(all.filter((change) => change.area !== 'repository'))).toBe('operator')
  })
})

test('another name of the snapshots is shown, and takes an admin', () => {
  const named = { ...PLAN, hostname: 'web-1' }
  for (const [before, after] of [
    [PLAN, named],
    [named, PLAN],
    [named, { ...PLAN, hostname: 'web-2' }],
  ] as const) {
    const all = changes(before, after)
    expect(all.map(({ area, fields }) => [area, fields.length])).toEqual([['hostname', 1]])
    expect(roleFor(all)).toBe('admin')
  }
})

test('a group that goes, or is called otherwise, takes an admin where it has hooks', () => {
  const hooks = { pre: 'secret', post: 'inherit', timeout_s: null } as const
  const { default: group, ...others } = PLAN.groups
  if (group === undefined) throw new Error('the plan has it')
  for (const [before, role] of [
    [{ ...group, hooks }, 'admin'],
    [group, 'operator'],
  ] as const) {
    const from = { ...PLAN, groups: { ...others, default: before } }
    expect(roleFor(changes(from, { ...PLAN, groups: others }))).toBe(role)
    expect(roleFor(changes(from, { ...PLAN, groups: { ...others, renamed: before } }))).toBe(role)
  }
})

describe('my changes on top of theirs', () => {
  test('different fields of the same group both stay', () => {
    const mine = group(PLAN, { includes: ['/etc', '/home', '/srv'] })
    const theirs = group(PLAN, { excludes: ['*.tmp'] })
    const { merged, collisions } = onTop(PLAN, mine, theirs)
    expect(merged.groups.default).toMatchObject({ includes: ['/etc', '/home', '/srv'], excludes: ['*.tmp'] })
    expect(collisions).toEqual([])
  })

  test('the same field is mine, and is said', () => {
    const { merged, collisions } = onTop(
      PLAN,
      schedule(PLAN, { cron: '0 5 * * *' }),
      schedule(PLAN, { cron: '0 6 * * *' }),
    )
    expect(merged.schedules.nightly?.cron).toBe('0 5 * * *')
    expect(collisions).toEqual([{ field: 'schedules.nightly.cron', mine: '0 5 * * *', theirs: '0 6 * * *' }])
  })

  test('the same change on both sides is no collision', () => {
    const both = schedule(PLAN, { cron: '0 5 * * *' })
    expect(onTop(PLAN, both, both)).toEqual({ merged: both, collisions: [] })
  })

  test('what I removed goes, what they added stays', () => {
    const mine: Plan = { ...PLAN, schedules: {} }
    const theirs = { ...PLAN, groups: { ...PLAN.groups, photos: emptyGroup('main') } }
    const { merged } = onTop(PLAN, mine, theirs)
    expect(Object.keys(merged.schedules)).toEqual([])
    expect(Object.keys(merged.groups)).toEqual(['default', 'photos'])
  })

  test('what they removed and I did not touch stays away; what I changed comes back whole', () => {
    const theirs: Plan = { ...PLAN, schedules: {} }
    expect(onTop(PLAN, group(PLAN, { one_file_system: true }), theirs).merged.schedules).toEqual({})
    const mine = schedule(PLAN, { enabled: false })
    const { merged, collisions } = onTop(PLAN, mine, theirs)
    expect(merged.schedules.nightly).toEqual(mine.schedules.nightly)
    expect(collisions.map(({ field }) => field)).toEqual(['schedules.nightly'])
  })

  test('a destination is taken whole: no mixture of two', () => {
    const mine: Plan = { ...PLAN, repositories: { main: { backend: { kind: 'local', path: '/mnt/a' } } } }
    const theirs: Plan = {
      ...PLAN,
      repositories: { main: { backend: { kind: 'rest', url: 'https://b', path: 'x' } } },
    }
    expect(onTop(PLAN, mine, theirs).merged.repositories).toEqual(mine.repositories)
    expect(onTop(PLAN, PLAN, theirs).merged.repositories).toEqual(theirs.repositories)
  })
})

describe('editing', () => {
  test('what only typing left behind goes, what is meant stays', () => {
    const typed = schedule(
      group(PLAN, {
        includes: [' /etc ', '', '/home', ''],
        retention: { ...emptyGroup('main').retention, keep_within: ' ' },
      }),
      { cron: ' 0  2 * * * ', zone: '' },
    )
    const plan = normalise(typed)
    expect(plan.groups.default?.includes).toEqual(['/etc', '/home'])
    expect(plan.groups.default?.retention.keep_within).toBeNull()
    expect(plan.schedules.nightly).toMatchObject({ cron: '0 2 * * *', zone: null })
    expect(same(normalise(PLAN), PLAN)).toBe(true)
  })

  test('a new name is followed by the schedules, and the order stays', () => {
    const two: Plan = { ...PLAN, groups: { ...PLAN.groups, photos: emptyGroup('main') } }
    const plan = renameGroup(two, 'default', 'system')
    expect(Object.keys(plan.groups)).toEqual(['system', 'photos'])
    expect(plan.schedules.nightly?.groups).toEqual(['system'])
    expect(schedulesOf(plan, 'system')).toEqual(['nightly'])
    expect(schedulesOf(plan, 'photos')).toEqual([])
    expect(Object.keys(without(plan.groups, 'photos'))).toEqual(['system'])
  })

  test('quick hints name the field as the coordinator does', () => {
    const wrong = normalise(schedule(group(PLAN, { includes: ['etc', '/home'] }), { groups: [] }))
    expect(hints(wrong).map(({ field }) => field)).toEqual([
      'groups.default.includes[0]',
      'schedules.nightly.groups',
    ])
    expect(hints(PLAN)).toEqual([])
  })

  test('problems stand at their field, once, as sentences', () => {
    const problems = [
      { field: 'groups.default.includes[0]', message: '`etc` must be an absolute path, such as /home' },
      { field: 'groups.default.includes[0]', message: '`etc` must be an absolute path, such as /home' },
      { field: 'groups.default.includes_more', message: 'is another field' },
      { field: 'groups.default.retry.max', message: 'must be 20 at most.' },
    ]
    expect(problemsAt(problems, 'groups.default.includes')).toEqual([
      '`etc` must be an absolute path, such as /home.',
    ])
    expect(problemsAt(problems, 'groups.default')).toEqual([])
    expect(problemsAt(problems, 'groups.default', true)).toHaveLength(3)
    expect(problemsAt(problems, 'groups.default.retry', true)).toEqual(['Must be 20 at most.'])
  })
})

test('retention and warnings in words', () => {
  expect(retentionWords(emptyGroup('main').retention)).toBe('7 daily, 4 weekly and 12 monthly')
  expect(
    retentionWords({ ...emptyGroup('x').retention, keep_daily: 0, keep_weekly: 0, keep_monthly: 0 }),
  ).toBeNull()
  expect(
    retentionWords({
      ...emptyGroup('x').retention,
      keep_last: 3,
      keep_daily: 0,
      keep_weekly: 0,
      keep_monthly: 0,
      keep_within: '14d',
    }),
  ).toBe('the last 3 and all of the last 14d')
  expect(warningWords({ what: 'never_scheduled', group: 'photos' })).toMatch(/photos/)
  expect(
    warningWords({ what: 'retention_finer_than_schedule', group: 'photos', rule: 'keep_hourly' }),
  ).toMatch(/hourly/)
})
