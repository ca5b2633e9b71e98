import { describe, expect, it } from 'vitest'
import type { AuditAction } from '../../src/api/types.gen'
import {
  ACTIONS,
  actionsOf,
  actionWords,
  actorWords,
  didWords,
  differences,
  GROUPS,
  reasonOf,
} from '../../src/model/audit'
import { asQuery, readFilter } from '../../src/pages/audit/filter'

const time = (at: number) => `at ${at}`

describe('what somebody did', () => {
  it('says which order it was, where the record names it', () => {
    const after = { order: 'o', action: 'restore' }
    expect(didWords({ action: 'order_give', after })).toBe('Gave a host an order: Restore')
    expect(didWords({ action: 'order_withdraw', before: after })).toBe('Withdrew an order: Restore')
    expect(didWords({ action: 'order_give', before: { revision: 1 } })).toBe('Gave a host an order')
    expect(didWords({ action: 'order_give' })).toBe('Gave a host an order')
    expect(didWords({ action: 'host_approve', after })).toBe('Approved a host')
  })
})

describe('what changed', () => {
  it('is told field by field, without what stayed', () => {
    const before = { role: 'viewer', email: 'a@b', tags: ['x'], deep: { one: 1, two: 2 } }
    const after = { role: 'admin', email: 'a@b', tags: ['x', 'y'], deep: { one: 1, two: 3 } }
    expect(differences(before, after, time)).toEqual([
      { label: 'Role', before: 'viewer', after: 'admin' },
      { label: 'Tags', before: 'x', after: 'x, y' },
      { label: 'Deep, two', before: '2', after: '3' },
    ])
  })

  it('says what was not there before, and what is not there any more', () => {
    expect(differences(undefined, { expires_at: 5, whole: false }, time)).toEqual([
      { label: 'Expires at', before: null, after: 'at 5' },
      { label: 'Whole', before: null, after: 'no' },
    ])
    expect(differences({ name: 'ci' }, null, time)).toEqual([{ label: 'Name', before: 'ci', after: null }])
    expect(differences('old', 'new', time)).toEqual([{ label: 'Value', before: 'old', after: 'new' }])
    expect(differences(undefined, undefined, time)).toEqual([])
  })
})

describe('words', () => {
  it('every action stands in exactly one group', () => {
    const grouped = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).flatMap(actionsOf)
    expect(grouped.sort()).toEqual(Object.keys(ACTIONS).sort())
  })

  it('an action of a newer coordinator keeps its own word', () => {
    expect(actionWords('moon_landing' as AuditAction)).toBe('moon landing')
  })

  it('a refusal has a reason, without quotes, and blames nobody’s role for it', () => {
    expect(actionWords('refused')).toBe('Was refused')
    expect(reasonOf({ action: 'refused', after: 'the current password is wrong' })).toBe(
      'The current password is wrong',
    )
    expect(reasonOf({ action: 'sign_in_refused', after: '"ada" is disabled' })).toBe('"ada" is disabled')
    expect(reasonOf({ action: 'sign_in_refused', after: '"no"' })).toBe('No')
    expect(reasonOf({ action: 'sign_in', after: 'x' })).toBeNull()
    expect(reasonOf({ action: 'refused', after: null })).toBeNull()
  })

  it('each actor is told, and can be filtered by', () => {
    expect(actorWords({ kind: 'token', token: 'ci', name: 'ada', role: 'viewer' })).toEqual({
      name: 'ada',
      as: 'by the API token ci, viewer',
      filter: 'ada',
    })
    expect(actorWords({ kind: 'console' }).filter).toBe('(console)')
    expect(actorWords({ kind: 'nobody', name: '' }).name).toBe('Somebody unknown')
  })
})

describe('the filter', () => {
  const query = (text: string) => asQuery(readFilter(new URLSearchParams(text)), 10_000_000)

  it('is newest first, of everything', () => {
    expect(query('')).toEqual({ actor: '', action: [], target: '', order: 'desc' })
  })

  it('takes one action, or a whole group', () => {
    expect(query('action=person_invite').action).toEqual(['person_invite'])
    expect(query('action=group:audit').action).toEqual(['refused', 'audit_trim'])
    expect(query('action=nonsense').action).toEqual([])
  })

  it('takes a span that ends now, or one between two times', () => {
    expect(query('range=hour').since).toBe(10_000_000 - 3_600_000)
    const between = query('range=between&since=2026-11-20T10:00&until=2026-11-21T10:00')
    expect(between.since).toBe(new Date('2026-11-20T10:00').getTime())
    expect((between.until ?? 0) - (between.since ?? 0)).toBe(86_400_000)
    expect(query('range=between&since=never')).not.toHaveProperty('since')
  })

  it('sorts by time alone', () => {
    expect(query('sort=at').order).toBe('asc')
    expect(query('sort=actor').order).toBe('desc')
  })
})
