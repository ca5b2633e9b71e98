import { describe, expect, test } from 'vitest'
import type { OrderView, Outcome, Plan } from '../../src/api/types.gen'
import {
  changesOf,
  type Draft,
  edited,
  isOvertaken,
  parseDraft,
  rebased,
  settled,
} from '../../src/model/draft'
import { emptyGroup, USUAL_MAINTENANCE } from '../../src/model/plan'

const PLAN: Plan = {
  repositories: { main: { backend: { kind: 'local', path: '/srv/repo' } } },
  groups: { default: { ...emptyGroup('main'), includes: ['/etc'] } },
  schedules: {},
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}
const BASIS = { revision: 4, plan: PLAN }
const slower = (plan: Plan): Plan => ({ ...plan, limits: { ...plan.limits, upload_kib_s: 100 } })
const draft = (): Draft => edited(null, BASIS, slower)
const sent = (): Draft => ({ ...draft(), sent: { order: 'o1', at: 1 } })

function order(state: OrderView['state'], outcome: Outcome | null = null): OrderView {
  return {
    order: 'o1',
    agent: 'a',
    action: 'set_plan',
    person: 'ann',
    issued_at: 1,
    expires_at: 2,
    state,
    outcome,
    answered_at: null,
  }
}

describe('a draft', () => {
  test('begins from what is there, and goes on from itself', () => {
    const one = draft()
    const two = edited(one, { revision: 9, plan: PLAN }, (plan) => ({ ...plan, presence: 'intermittent' }))
    expect(two).toMatchObject({ revision: 4, base: PLAN })
    expect(changesOf(two).map(({ area }) => area)).toEqual(['limits', 'presence'])
  })

  test('typing that means nothing changes nothing', () => {
    const typed = edited(null, BASIS, (plan) => ({
      ...plan,
      groups: { default: { ...emptyGroup('main'), includes: ['/etc', ''] } },
    }))
    expect(changesOf(typed)).toEqual([])
    expect(typed.mine.groups.default?.includes).toEqual(['/etc', ''])
  })

  test('stays as it was sent until the host has answered', () => {
    expect(edited(sent(), BASIS, (plan) => ({ ...plan, presence: 'intermittent' }))).toEqual(sent())
  })

  test('is overtaken by another revision, and laid on top of it', () => {
    const theirs = { revision: 5, plan: { ...PLAN, presence: 'intermittent' as const } }
    expect(isOvertaken(draft(), BASIS)).toBe(false)
    expect(isOvertaken(draft(), theirs)).toBe(true)
    expect(isOvertaken(sent(), theirs)).toBe(false)
    const next = rebased(draft(), theirs)
    expect(next).toMatchObject({ revision: 5, sent: null, refusal: null })
    expect(next.mine).toMatchObject({ presence: 'intermittent', limits: { upload_kib_s: 100 } })
    expect(changesOf(next).map(({ area }) => area)).toEqual(['limits'])
  })
})

describe('the host’s answer', () => {
  test.each(['waiting', 'sent'] as const)('is open while the order is %s', (state) => {
    expect(settled(sent(), [order(state)])).toEqual({ is: 'open' })
  })

  test('is open while the list does not show the order yet', () => {
    expect(settled(sent(), [])).toEqual({ is: 'open' })
    expect(settled(draft(), [order('answered', { outcome: 'accepted', jobs: [], revision: 5 })])).toEqual({
      is: 'open',
    })
  })

  test('accepted names the new revision', () => {
    const accepted = order('answered', { outcome: 'accepted', jobs: [], revision: 5 })
    expect(settled(sent(), [accepted])).toEqual({ is: 'accepted', revision: 5 })
  })

  test('refused gives the draft back with the reason; nothing typed is lost', () => {
    const refusal = {
      code: 'stale_revision' as const,
      message: 'The plan is at 5.',
      hint: 'Look at the difference.',
    }
    const answer = settled(sent(), [order('answered', { outcome: 'refused', ...refusal })])
    expect(answer).toEqual({ is: 'refused', refusal, draft: { ...sent(), sent: null, refusal } })
  })

  test.each(['withdrawn', 'expired'] as const)('%s gives the draft back', (state) => {
    expect(settled(sent(), [order(state)])).toEqual({ is: 'returned', draft: draft(), why: state })
  })
})

describe('what a tab kept', () => {
  test('comes back as it was', () => {
    expect(parseDraft(JSON.stringify(sent()))).toEqual(sent())
  })

  test.each([null, '', '{', '{}', '[]', '{"revision":1,"base":{},"mine":{},"sent":null}', 'null'])(
    '%s is none',
    (text) => {
      expect(parseDraft(text)).toBeNull()
    },
  )
})
