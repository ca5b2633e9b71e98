// A keeper's wards: the hosts whose snapshots it forgets, each with the policies of its own plan, copied at one revision.
// Whether a copy still says what the host's plan says. Pure.

import type { Plan, Ward } from '../api/types.gen'
import { same } from './plan/merge'

/** A host that could be looked after, as far as its plan was read. */
export interface Charge {
  agent: string
  /** As people call it. */
  name: string
  /** As restic names it in its snapshots. */
  hostname: string
  /** What the repository is called in that host's plan. */
  repository: string
  plan: Plan
  revision: number
}

/** What a keeper is to know of a host. */
export function wardOf({ agent, hostname, repository, plan, revision }: Charge): Ward {
  return {
    agent,
    hostname,
    revision,
    groups: Object.fromEntries(
      Object.entries(plan.groups).flatMap(([name, group]) =>
        group.repository === repository || group.copy_to === repository ? [[name, group.retention]] : [],
      ),
    ),
  }
}

/** `unknown`: the host's plan is not here to compare with. */
export type WardStanding = 'in_step' | 'behind' | 'unknown'

/** A later revision that changed no policy leaves the copy as good as it was. */
export function wardStanding(ward: Ward, charge: Charge | undefined): WardStanding {
  if (charge === undefined) return 'unknown'
  const fresh = wardOf(charge)
  return ward.hostname === fresh.hostname && same(ward.groups, fresh.groups) ? 'in_step' : 'behind'
}

/** The list with this ward new or in place of its older copy. */
export function withWard(wards: readonly Ward[], ward: Ward): Ward[] {
  const known = wards.some(({ agent }) => agent === ward.agent)
  return known ? wards.map((one) => (one.agent === ward.agent ? ward : one)) : [...wards, ward]
}

export function withoutWard(wards: readonly Ward[], agent: string): Ward[] {
  return wards.filter((one) => one.agent !== agent)
}

/** What `wards` of a repository become; an empty list is no field. */
export function withWards(plan: Plan, repository: string, wards: readonly Ward[]): Plan {
  const { wards: _, ...rest } = plan.repositories[repository] ?? {}
  if (!('backend' in rest) || rest.backend === undefined) return plan
  return {
    ...plan,
    repositories: {
      ...plan.repositories,
      [repository]: { ...rest, backend: rest.backend, ...(wards.length > 0 && { wards: [...wards] }) },
    },
  }
}
