// Who prunes and checks a repository that several hosts use: what their plans say together, and what each would have to
// say. Pure.

import type { Owner, Plan } from '../api/types.gen'

/** One host's word on it. A plan that names nobody claims the upkeep for its own host. */
export interface Claim {
  agent: string
  name: string
  owner: Owner | null
}

/**
 * `alone`: nobody else uses it. `agreed`: every plan comes to the same host. `unset`: none names any, so each claims it for
 * itself. `split`: they come to different ones.
 */
export type Ownership = { is: 'alone' } | { is: 'agreed'; owner: Owner } | { is: 'unset' } | { is: 'split' }

/** Whom a plan comes to. */
function claimed({ agent, name, owner }: Claim): Owner {
  return owner ?? { agent, name }
}

/** `claims`: of all hosts that use it. */
export function ownershipOf(claims: readonly Claim[]): Ownership {
  if (claims.length < 2) return { is: 'alone' }
  const owners = new Map(claims.map((claim) => [claimed(claim).agent, claimed(claim)] as const))
  const [owner] = owners.values()
  if (owners.size === 1 && owner !== undefined) return { is: 'agreed', owner }
  return claims.every((claim) => claim.owner === null) ? { is: 'unset' } : { is: 'split' }
}

/** The plan with that owner of that repository. */
export function withOwner(plan: Plan, repository: string, owner: Owner): Plan {
  const before = plan.repositories[repository]
  if (before === undefined) return plan
  return { ...plan, repositories: { ...plan.repositories, [repository]: { ...before, owner } } }
}

/** What has to happen in one host's plan for `owner` to own. */
export type OwnerStep = 'change' | 'already' | 'governed' | 'missing'

export function ownerStep(
  agent: string,
  view: { plan: Plan; read_only: string | null } | undefined,
  repository: string,
  owner: Owner,
): OwnerStep {
  const there = view?.plan.repositories[repository]
  if (view === undefined || there === undefined) return 'missing'
  if ((there.owner?.agent ?? agent) === owner.agent) return 'already'
  return view.read_only === null ? 'change' : 'governed'
}
