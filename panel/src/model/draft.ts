// One person's unsaved edit of one host's plan, from the first key to the host's answer. Pure: who sends and stores it is
// the page's business.

import type { OrderRefusalCode, OrderView, Plan, PlanProblem, PlanView } from '../api/types.gen'
import { credentialSlots, missingCredentials, repositoryOfSlot } from './credentials'
import {
  changes,
  missingSecrets,
  normalise,
  onTop,
  type PlanChange,
  pingAddressProblem,
  pingSlot,
  same,
  secretChanges,
  slotWords,
  wantedSecrets,
} from './plan'

export interface Draft {
  /** The revision and plan that the edit began from. */
  revision: number
  base: Plan
  mine: Plan
  /** Why, in the person's words. */
  note: string
  /** The slots of the secrets that were typed. Their values are kept in memory alone, by the page. */
  typed: readonly string[]
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

/** As the agent keeps it. */
export const LONGEST_NOTE = 500

function begun({ revision, plan }: Basis): Draft {
  return { revision, base: plan, mine: plan, note: '', typed: [], sent: null, refusal: null }
}

/** The draft after one more edit, begun from `basis` when there was none. While it is on its way it stays as sent. */
export function edited(draft: Draft | null, basis: Basis, change: (plan: Plan) => Plan): Draft {
  const before = draft ?? begun(basis)
  return before.sent === null ? { ...before, mine: change(before.mine) } : before
}

/** The draft after a secret was typed, or was dropped again. */
export function withTyped(draft: Draft | null, basis: Basis, slot: string, typed: boolean): Draft {
  const before = draft ?? begun(basis)
  if (before.sent !== null) return before
  const others = before.typed.filter((one) => one !== slot)
  return { ...before, typed: typed ? [...others, slot] : others }
}

export function withNote(draft: Draft, note: string): Draft {
  return draft.sent === null ? { ...draft, note: note.slice(0, LONGEST_NOTE) } : draft
}

/** The secrets that go along: those the plan has a use for. What was typed for a hook that was taken out again stays here. */
export function secretsToSend({ mine, typed }: Draft): string[] {
  const wanted = new Set([...wantedSecrets(mine).map(({ slot }) => slot), ...credentialSlots(mine)])
  return typed.filter((slot) => wanted.has(slot))
}

/** Secrets that nobody gave, those that a reload took, and addresses that are none. `held`: the slots that the host fills. */
export function secretProblems(
  draft: Draft,
  held: ReadonlySet<string>,
  typed: ReadonlyMap<string, string>,
): PlanProblem[] {
  const here = new Set(typed.keys())
  const credentials = missingCredentials(draft.base, draft.mine, held, here)
  const unfilled = new Set([
    ...credentials.map(({ slot }) => slot),
    ...wantedSecrets(draft.mine).flatMap(({ slot }) => (held.has(slot) ? [] : [slot])),
  ])
  const lost = secretsToSend(draft).filter((slot) => !typed.has(slot) && !unfilled.has(slot))
  const addresses = Object.keys(draft.mine.pings ?? {}).flatMap((name): PlanProblem[] => {
    const address = typed.get(pingSlot(name))
    const message = address === undefined ? null : pingAddressProblem(address)
    return message === null ? [] : [{ field: `pings.${name}`, message }]
  })
  return [
    ...missingSecrets(draft.mine, new Set([...held, ...here])),
    ...credentials.map(({ field, message }) => ({ field, message })),
    ...addresses,
    ...lost.map((slot) => lostProblem(slot, held.has(slot))),
  ]
}

function lostProblem(slot: string, held: boolean): PlanProblem {
  const repository = repositoryOfSlot(slot)
  const instead = held ? 'keep what the host has' : 'go without'
  return {
    field: repository === null ? '' : `repositories.${repository}`,
    message: `${slotWords(slot)} was typed before the page was loaded anew, and secrets are kept nowhere: type it again, or ${instead}`,
  }
}

/** What it would change, of what is meant rather than typed. */
export function changesOf(draft: Draft | null): PlanChange[] {
  if (draft === null) return []
  return [...changes(draft.base, normalise(draft.mine)), ...secretChanges(secretsToSend(draft))]
}

/** Somebody else's edit came first. */
export function isOvertaken(draft: Draft | null, basis: Basis | undefined): boolean {
  return draft !== null && draft.sent === null && basis !== undefined && basis.revision > draft.revision
}

/** What I changed, laid on top of the plan as it is now. */
export function rebased(draft: Draft, basis: Basis): Draft {
  const { merged } = onTop(draft.base, normalise(draft.mine), basis.plan)
  return { ...draft, revision: basis.revision, base: basis.plan, mine: merged, sent: null, refusal: null }
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
    if (!whole) return null
    const typed = Array.isArray(draft.typed) ? draft.typed.filter((slot) => typeof slot === 'string') : []
    const note = typeof draft.note === 'string' ? draft.note : ''
    if (same(draft.base, draft.mine) && typed.length === 0) return null
    return { ...(draft as Draft), typed, note, refusal: draft.refusal ?? null }
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
