// One person's unsaved edit of one host's plan, from the first key to the host's answer. Pure: who sends and stores it is
// the page's business.

import type { OrderRefusalCode, OrderView, Plan, PlanView } from '../api/types.gen'
import { changes, normalise, onTop, type PlanChange, same } from './plan'

export interface Draft {
  /** The revision and plan that the edit began from. */
  revision: number
  base: Plan
  mine: Plan
  /** The order that carries it, while the host has not answered. */
  sent: { order: string; at: number } | null
  refusal: Refusal | null
}

export interface Refusal {
  code: OrderRefusalCode
  message: string
  hint: string
}

type Basis = Pick<PlanView, 'revision' | 'plan'>

/** The draft after one more edit, begun from `basis` when there was none. While it is on its way it stays as sent. */
export function edited(draft: Draft | null, basis: Basis, change: (plan: Plan) => Plan): Draft {
  if (draft === null) {
    return { revision: basis.revision, base: basis.plan, mine: change(basis.plan), sent: null, refusal: null }
  }
  return draft.sent === null ? { ...draft, mine: change(draft.mine) } : draft
}

/** What it would change, of what is meant rather than typed. */
export function changesOf(draft: Draft | null): PlanChange[] {
  return draft === null ? [] : changes(draft.base, normalise(draft.mine))
}

/** Somebody else's edit came first. */
export function isOvertaken(draft: Draft | null, basis: Basis | undefined): boolean {
  return draft !== null && draft.sent === null && basis !== undefined && basis.revision > draft.revision
}

/** What I changed, laid on top of the plan as it is now. */
export function rebased(draft: Draft, basis: Basis): Draft {
  const { merged } = onTop(draft.base, normalise(draft.mine), basis.plan)
  return { revision: basis.revision, base: basis.plan, mine: merged, sent: null, refusal: null }
}

export type Settled =
  | { is: 'open' }
  | { is: 'accepted'; revision: number | null }
  | { is: 'refused'; draft: Draft; refusal: Refusal }
  /** Withdrawn or expired: nothing was done, and one can go on editing. */
  | { is: 'returned'; draft: Draft; why: 'withdrawn' | 'expired' }

/** What became of the order that carries the draft. */
export function settled(draft: Draft, orders: readonly OrderView[]): Settled {
  const { sent } = draft
  const order = orders.find((one) => one.order === sent?.order)
  if (sent === null || order === undefined) return { is: 'open' }
  switch (order.state) {
    case 'waiting':
    case 'sent':
      return { is: 'open' }
    case 'withdrawn':
    case 'expired':
      return { is: 'returned', draft: { ...draft, sent: null }, why: order.state }
    case 'answered': {
      const { outcome } = order
      if (outcome === null) return { is: 'open' }
      if (outcome.outcome === 'accepted') return { is: 'accepted', revision: outcome.revision }
      const refusal = { code: outcome.code, message: outcome.message, hint: outcome.hint }
      return { is: 'refused', draft: { ...draft, sent: null, refusal }, refusal }
    }
  }
}

/** What a tab kept over a reload; anything else is no draft. */
export function parseDraft(text: string | null): Draft | null {
  if (text === null) return null
  try {
    const draft = JSON.parse(text) as Partial<Draft>
    const whole =
      typeof draft.revision === 'number' &&
      isPlan(draft.base) &&
      isPlan(draft.mine) &&
      (draft.sent === null || typeof draft.sent?.order === 'string')
    return whole && !same(draft.base, draft.mine)
      ? { ...(draft as Draft), refusal: draft.refusal ?? null }
      : null
  } catch {
    return null
  }
}

function isPlan(plan: unknown): plan is Plan {
  if (typeof plan !== 'object' || plan === null) return false
  return ['repositories', 'groups', 'schedules', 'maintenance', 'limits'].every(
    (name) => typeof (plan as Record<string, unknown>)[name] === 'object',
  )
}
