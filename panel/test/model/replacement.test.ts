// The plan that a host takes over, and the secrets that it needs.

import { describe, expect, it } from 'vitest'
import type { Plan, TroubleKind } from '../../src/api/types.gen'
import {
  inheritedPlan,
  isHalfReplaced,
  missingFor,
  planFromBundle,
  planWords,
  secretsFor,
} from '../../src/model/replacement'
import { PLAN } from '../hosts'

const OLD = { agent: 'a'.repeat(64), hostname: 'web-1' }
const NEXT = { agent: 'b'.repeat(64), name: 'web', hostname: 'web-1' }
const owned = (agent: string): Plan => ({
  ...PLAN,
  repositories: { main: { backend: { kind: 'local', path: '/r' }, owner: { agent, name: 'someone' } } },
})

describe('the plan of a replaced host', () => {
  it('is the old one, and says the snapshots’ name only where the machine is called otherwise', () => {
    expect(inheritedPlan(PLAN, OLD, NEXT)).toEqual(PLAN)
    expect(inheritedPlan(PLAN, OLD, { ...NEXT, hostname: 'web-9' })).toEqual({ ...PLAN, hostname: 'web-1' })
    // A machine that is called like the snapshots again needs no word of it any more.
    expect(inheritedPlan({ ...PLAN, hostname: 'web-1' }, OLD, NEXT)).toEqual(PLAN)
  })

  it('owns what the old one owned, and nothing else', () => {
    const owner = (plan: Plan) => plan.repositories.main?.owner
    expect(owner(inheritedPlan(owned(OLD.agent), OLD, NEXT))).toEqual({ agent: NEXT.agent, name: 'web' })
    expect(owner(inheritedPlan(owned('c'.repeat(64)), OLD, NEXT))?.agent).toBe('c'.repeat(64))
  })
})

describe('a plan from a bundle', () => {
  const backend = { kind: 'local', path: '/r' } as const
  const host = { ...OLD, name: 'web-1', boxes: [], repositories: { offsite: backend, main: backend } }

  it('has all repositories, and backs up to main', () => {
    const plan = planFromBundle(host, ['/etc'], { ...NEXT, hostname: 'new' })
    expect(Object.keys(plan?.repositories ?? {})).toEqual(['offsite', 'main'])
    expect(plan?.groups.default).toMatchObject({ repository: 'main', includes: ['/etc'] })
    expect(plan?.hostname).toBe('web-1')
  })

  it('backs up to the first where there is no main, and is none without any', () => {
    const other = planFromBundle({ ...host, repositories: { far: backend } }, ['/etc'], NEXT)
    expect(other?.groups.default?.repository).toBe('far')
    expect(other?.hostname).toBeUndefined()
    expect(planFromBundle({ ...host, repositories: {} }, ['/etc'], NEXT)).toBeNull()
  })
})

describe('secrets', () => {
  const plan: Plan = {
    ...owned(OLD.agent),
    repositories: { main: { backend: { kind: 'rest', url: 'https://b', path: '' } } },
    hooks: { pre: 'secret', post: 'none', timeout_s: null },
  }
  const values = {
    'repository/main/password': 'p',
    'repository/main/login': 'l',
    'repository/gone/password': 'x',
    'hook/*/pre': 'true',
    'hook/*/post': 'false',
  }

  it('that the plan uses are handed on', () => {
    expect(secretsFor(plan, values).map(({ slot }) => slot)).toEqual([
      'repository/main/password',
      'repository/main/login',
      'hook/*/pre',
    ])
  })

  it('that nobody has are named', () => {
    expect(missingFor(plan, [])).toEqual([
      'the password of repository main',
      'the host’s hook before backups',
    ])
    expect(missingFor(plan, secretsFor(plan, values))).toEqual([])
  })
})

it('a plan in a few words', () => {
  expect(planWords(PLAN)).toBe('1 group, 0 schedules, 1 repository')
})

describe('a replacement that stopped half way', () => {
  const half = {
    replaces: { agent: OLD.agent, name: 'old' },
    replaced_by: null,
    retired_at: null,
    plan_revision: 0,
    plan_waiting: false,
    journal: { epoch: 1, seq: 2, verified_at: 1 },
    trouble: null,
  }

  it('is one whose own journal tells of no plan', () => {
    expect(isHalfReplaced(half)).toBe(true)
    expect(isHalfReplaced({ ...half, plan_revision: 1 })).toBe(false)
  })

  it('is claimed of no host whose journal was not read, as after a lost database', () => {
    expect(isHalfReplaced({ ...half, journal: { epoch: 0, seq: 0, verified_at: null } })).toBe(false)
  })

  it.each<[TroubleKind, boolean]>([
    ['set_back', false],
    ['fork', false],
    ['doubled', false],
    ['namesake', true],
  ])('with the trouble %s: %s', (kind, claimed) => {
    expect(isHalfReplaced({ ...half, trouble: { kind, message: '' } })).toBe(claimed)
  })
})
