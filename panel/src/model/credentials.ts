// The credentials of a plan's repositories: which a kind of destination has, in which slots, and which of them an edit has
// to bring along. Pure. The spelling of slots is wire::seal::SecretSlot's.

import type { Plan, PlanProblem } from '../api/types.gen'
import { ENVIRONMENT } from './environment'
import { same } from './plan/merge'
import type { BackendKind } from './repository'

export type CredentialKind = 'password' | 'login' | 'environment'

export function credentialSlot(repository: string, kind: CredentialKind): string {
  return `repository/${repository}/${kind}`
}

/** The repository that a slot belongs to; `null` for a hook's or a ping's. */
export function repositoryOfSlot(slot: string): string | null {
  const [area, name] = slot.split('/')
  return area === 'repository' && name !== undefined ? name : null
}

export function credentialKinds(backend: BackendKind): CredentialKind[] {
  if (backend === 'rest') return ['password', 'login']
  return ENVIRONMENT[backend].length > 0 ? ['password', 'environment'] : ['password']
}

/** Every slot that the plan's repositories can use. */
export function credentialSlots({ repositories }: Plan): string[] {
  return Object.entries(repositories).flatMap(([name, { backend }]) =>
    credentialKinds(backend.kind).map((kind) => credentialSlot(name, kind)),
  )
}

/** A slot that has to be filled for a destination that is new or another, and is not. */
export interface MissingCredential extends PlanProblem {
  slot: string
}

/**
 * What the edit from `base` to `mine` relies on and neither the host holds nor the edit gives: without it the host cannot
 * open, or make, the repository there. Access keys count only for the kind of storage that they were given for; a REST
 * server may ask for no login.
 */
export function missingCredentials(
  base: Plan,
  mine: Plan,
  held: ReadonlySet<string>,
  typed: ReadonlySet<string>,
): MissingCredential[] {
  return Object.entries(mine.repositories).flatMap(([name, { backend }]) => {
    const before = base.repositories[name]?.backend
    if (same(before, backend)) return []
    return credentialKinds(backend.kind).flatMap((kind): MissingCredential[] => {
      const slot = credentialSlot(name, kind)
      const fits = kind === 'password' || before === undefined || before.kind === backend.kind
      if (kind === 'login' || typed.has(slot) || (held.has(slot) && fits)) return []
      const message =
        kind === 'password'
          ? 'its password is not given yet: type it in'
          : 'its access keys are not given yet: type them in'
      return [{ slot, field: `repositories.${name}`, message }]
    })
  })
}
