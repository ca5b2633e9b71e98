// What the endpoint's own policy (agent.toml) refuses from afar, in sentences. Pure.

import type { Plan, PlanProblem, PolicyFacts, Retention } from '../api/types.gen'
import { actionWords } from './orders'
import { retentionWords } from './plan'
import { KEEPS } from './whole'

/** One sentence per rule; empty where the endpoint refuses nothing. */
export function policyWords(policy: PolicyFacts): string[] {
  const floor = policy.keep_at_least === null ? null : retentionWords(policy.keep_at_least)
  return [
    ...(policy.refuse_destination_changes
      ? ['Where backups go can be changed at the host alone, also by an admin.']
      : []),
    ...(policy.refuse_hooks ? ['Hooks can be set at the host alone.'] : []),
    ...(floor === null ? [] : [`No plan may keep less than ${floor}.`]),
    ...(policy.refuse_orders.length === 0
      ? []
      : [`These orders are refused: ${policy.refuse_orders.map(lowerWords).join(', ')}.`]),
  ]
}

function lowerWords(action: string): string {
  return actionWords(action).replace(/^./, (first) => first.toLowerCase())
}

/** The rule by which a retention keeps less than the endpoint wants: "daily 30". Keeping everything is never too little. */
export function belowFloor(retention: Retention, floor: PolicyFacts['keep_at_least']): string | null {
  if (floor === null) return null
  const everything =
    KEEPS.every((rule) => retention[rule] === 0) && !/[1-9]/.test(retention.keep_within ?? '')
  const broken = KEEPS.find((rule) => retention[rule] < floor[rule])
  return everything || broken === undefined ? null : `${broken.replace('keep_', '')} ${floor[broken]}`
}

/** What the endpoint would refuse of a plan, by the fields that are wrong. */
export function policyProblems(plan: Plan, policy: Pick<PolicyFacts, 'keep_at_least'>): PlanProblem[] {
  const own = Object.entries(plan.groups).map(
    ([name, group]) => [`groups.${name}.retention`, group.retention] as const,
  )
  const wards = Object.entries(plan.repositories).flatMap(([repository, { wards = [] }]) =>
    wards.flatMap(({ groups }, n) =>
      Object.entries(groups).map(
        ([name, retention]) => [`repositories.${repository}.wards[${n}].groups.${name}`, retention] as const,
      ),
    ),
  )
  return [...own, ...wards].flatMap(([field, retention]) => {
    const least = belowFloor(retention, policy.keep_at_least)
    return least === null
      ? []
      : [{ field, message: `must keep ${least} at least: the host’s own policy wants it` }]
  })
}
