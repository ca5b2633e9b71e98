import { describe, expect, it } from 'vitest'
import type { Owner, Plan, Ward } from '../../src/api/types.gen'
import { type Claim, ownerStep, ownershipOf, withOwner } from '../../src/model/owner'
import { emptyGroup } from '../../src/model/plan'
import { policyProblems } from '../../src/model/policy'
import { type Charge, wardOf, wardStanding, withoutWard, withWard, withWards } from '../../src/model/wards'
import { PLAN } from '../hosts'

const ANN: Owner = { agent: 'a', name: 'ann' }
const BOB: Owner = { agent: 'b', name: 'bob' }

describe('who owns a shared repository', () => {
  const claim = (who: Owner, owner: Owner | null): Claim => ({ ...who, owner })
  it.each([
    ['alone', [claim(ANN, null)]],
    ['unset', [claim(ANN, null), claim(BOB, null)]],
    ['agreed', [claim(ANN, ANN), claim(BOB, ANN)]],
    // A plan that names nobody claims it for its own host.
    ['agreed', [claim(ANN, null), claim(BOB, ANN)]],
    ['split', [claim(ANN, null), claim(BOB, BOB)]],
    ['split', [claim(ANN, BOB), claim(BOB, ANN)]],
  ] as const)('%s', (is, claims) => expect(ownershipOf(claims).is).toBe(is))

  it.each([
    ['already', 'a', PLAN, null],
    ['change', 'b', PLAN, null],
    ['already', 'b', withOwner(PLAN, 'main', ANN), null],
    ['change', 'b', withOwner(PLAN, 'main', BOB), null],
    ['governed', 'b', PLAN, 'plan.toml'],
    ['missing', 'b', { ...PLAN, repositories: {} }, null],
  ] as const)('%s', (step, agent, plan: Plan, read_only) =>
    expect(ownerStep(agent, { plan, read_only }, 'main', ANN)).toBe(step),
  )

  it('changes nothing but the owner', () => {
    const plan = withOwner(PLAN, 'main', ANN)
    expect(plan).toEqual({
      ...PLAN,
      repositories: { main: { ...PLAN.repositories.main, owner: ANN } },
    })
    expect(withOwner(PLAN, 'elsewhere', ANN)).toBe(PLAN)
  })
})

describe('a keeper’s wards', () => {
  const plan: Plan = {
    ...PLAN,
    groups: {
      default: emptyGroup('main'),
      films: { ...emptyGroup('other'), copy_to: 'main' },
      notes: emptyGroup('other'),
    },
  }
  const charge: Charge = {
    agent: 'b',
    name: 'bob',
    hostname: 'bob.lan',
    repository: 'main',
    plan,
    revision: 9,
  }
  const daily = emptyGroup('main').retention

  it('take the policies of the groups that go to the repository, copies included', () => {
    expect(wardOf(charge)).toEqual({
      agent: 'b',
      hostname: 'bob.lan',
      revision: 9,
      groups: { default: daily, films: daily },
    })
  })

  const ward = wardOf(charge)
  it.each([
    ['in_step', ward],
    // A later revision that changed no policy.
    ['in_step', { ...ward, revision: 3 }],
    ['behind', { ...ward, groups: { default: daily } }],
    ['behind', { ...ward, groups: { ...ward.groups, films: { ...daily, keep_daily: 1 } } }],
    ['behind', { ...ward, hostname: 'bob' }],
  ] as const)('%s', (standing, one: Ward) => expect(wardStanding(one, charge)).toBe(standing))

  it('are not compared with what is not here', () => expect(wardStanding(ward, undefined)).toBe('unknown'))

  it('are one per host, and no field when there are none', () => {
    const other = { ...ward, agent: 'c' }
    const all = withWard(withWard([], other), ward)
    expect(withWard(all, { ...ward, revision: 10 }).map(({ agent, revision }) => [agent, revision])).toEqual([
      ['c', 9],
      ['b', 10],
    ])
    expect(withoutWard(all, 'c')).toEqual([ward])
    expect(withWards(plan, 'main', all).repositories.main?.wards).toEqual(all)
    expect(withWards(withWards(plan, 'main', all), 'main', [])).toEqual(plan)
    expect(withWards(plan, 'elsewhere', all)).toBe(plan)
  })

  it('are held to the endpoint’s floor like its own groups', () => {
    const policy = { keep_at_least: { ...daily, keep_daily: 7, keep_weekly: 0, keep_monthly: 0 } }
    const with1 = { ...ward, groups: { films: { ...daily, keep_daily: 1 } } }
    expect(policyProblems(withWards(plan, 'main', [ward]), policy)).toEqual([])
    expect(policyProblems(withWards(plan, 'main', [ward, with1]), policy)).toEqual([
      {
        field: 'repositories.main.wards[1].groups.films',
        message: 'must keep daily 7 at least: the host’s own policy wants it',
      },
    ])
  })
})
