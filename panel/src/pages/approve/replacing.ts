// Putting a host in the place of another: its plan made and its secrets opened first, so that nothing is half done when the
// words are wrong; then the admission that names whom it replaces, then the plan with everything sealed anew.

import { checkPlan } from '../../api/calls'
import type { WholeHost } from '../../api/queries'
import { readEscrow } from '../../api/recovery'
import type { EscrowHost, KeyBinding, Plan, PlanView } from '../../api/types.gen'
import {
  inheritedPlan,
  missingFor,
  type Next,
  planFromBundle,
  secretsFor,
  type Value,
} from '../../model/replacement'
import type { Operator } from '../../parts/operator'
import { EscrowError, kitForBundle, kitOfFleet, type Opened, openEscrow } from '../../seal'

type Ready = Extract<Operator, { state: 'ready' }>

/** Whose place is taken. */
export type Place =
  | { of: 'host'; old: WholeHost; plan: Plan }
  /** `known`: this coordinator has the host as well, so that its history leads on. */
  | { of: 'bundle'; host: EscrowHost; fleet: string; known: boolean; includes: readonly string[] }

export interface Inheritance {
  plan: Plan
  secrets: readonly Value[]
  /** What it has to be given by hand afterwards. */
  missing: readonly string[]
}

/** The name that the old host's snapshots bear. */
export function snapshotName(place: Place): string {
  return place.of === 'bundle' ? place.host.hostname : (place.plan.hostname ?? place.old.facts.hostname)
}

export function agentOf(place: Place): string {
  return place.of === 'bundle' ? place.host.agent : place.old.row.agent
}

/** Whom the admission names; a host that the coordinator never saw has nothing here that could lead on. */
export function replacesOf(place: Place): string | null {
  return place.of === 'bundle' && !place.known ? null : agentOf(place)
}

/** Whether the old plan is here: where the coordinator never saw one it shows an empty plan, and that is nobody's inheritance. */
export function hasPlan({ revision }: Pick<PlanView, 'revision'>): boolean {
  return revision > 0
}

/** The plan that it gets. */
export function planOf(place: Place, next: Next): Plan {
  if (place.of === 'host') {
    const old = { agent: place.old.row.agent, hostname: snapshotName(place) }
    return inheritedPlan(place.plan, old, next)
  }
  const plan = planFromBundle(place.host, place.includes, next)
  if (plan !== null) return plan
  throw new EscrowError(
    `The bundle does not say where any repository of ${place.host.name} is.`,
    'Look for an older bundle, or approve the host as a new one.',
  )
}

/** Everything that can go wrong without a trace goes wrong here. `words`: the kit's; `null`: secrets are given later. */
export async function inherit(
  place: Place,
  next: Next,
  words: string | null,
  operator: Ready,
): Promise<Inheritance> {
  const plan = planOf(place, next)
  const { problems } = await checkPlan(plan)
  if (problems.length > 0) {
    throw new EscrowError(
      `The old plan is not valid here: ${problems.map(({ field, message }) => `${field}: ${message}`).join('; ')}.`,
      'Approve the host without a plan, and set it up on its own page.',
    )
  }
  const secrets = words === null ? [] : secretsFor(plan, (await opened(place, words, operator)).values)
  return { plan, secrets, missing: missingFor(plan, secrets) }
}

async function opened(place: Place, words: string, { trust }: Ready): Promise<Opened> {
  if (place.of === 'bundle') {
    const kit = kitForBundle(words, { fleet: place.fleet, hosts: [place.host] })
    try {
      return await openEscrow(kit, place.fleet, place.host)
    } finally {
      kit.wipe()
    }
  }
  const kit = kitOfFleet(words, trust.statement)
  try {
    const agent = agentOf(place)
    const host = (await readEscrow([agent])).hosts.find((one) => one.agent === agent)
    if (host !== undefined) return await openEscrow(kit, trust.fleet, host)
    throw new EscrowError(
      `The coordinator has nothing in escrow of ${place.old.row.name}.`,
      'Choose Later, and give the credentials on the new host’s Repository page. A bundle that was kept elsewhere opens under Settings, Recovery.',
    )
  } finally {
    kit.wipe()
  }
}

export function nextOf(binding: KeyBinding, name: string, hostname: string): Next {
  return { agent: binding.id, name, hostname }
}
