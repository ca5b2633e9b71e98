// People as admins see them: which match what is searched, and what cannot be done to somebody, with the reason. Pure; the
// coordinator decides, this says it before the attempt.

import type { DeviceKeyView, Factor, PersonState, PersonView, Role } from '../api/types.gen'
import { covers, roleWithArticle } from './roles'

export const STATE_WORDS: Readonly<Record<PersonState, string>> = {
  active: 'Active',
  setup_pending: 'Set-up pending',
  disabled: 'Disabled',
}

const FACTOR_WORDS: Readonly<Record<Factor, string>> = { totp: 'code generator', passkey: 'passkey' }

export function factorWords(factors: readonly Factor[]): string {
  return factors.length === 0 ? 'none' : factors.map((factor) => FACTOR_WORDS[factor]).join(', ')
}

/** By any part of name, e-mail, role or provider, whatever the case. */
export function matchesPerson({ name, email, role, provider }: PersonView, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  return wanted === '' || [name, email, role, provider].some((part) => part?.toLowerCase().includes(wanted))
}

/** Only who can sign in counts: an invited admin may never come. */
export function isLastAdmin(person: PersonView, all: readonly PersonView[]): boolean {
  const admins = all.filter(({ role, state }) => role === 'admin' && state === 'active')
  return admins.length === 1 && admins[0]?.id === person.id
}

/** Why the person's role or access cannot be taken; `null`: it can. `all`: those that are known here, or nothing yet. */
export function lastAdminReason(person: PersonView, all: readonly PersonView[] | undefined): string | null {
  if (all === undefined || !isLastAdmin(person, all)) return null
  return `${person.name} is the only admin who can sign in. Make somebody else an admin first.`
}

/** Why name, e-mail and role are not changed here; `null`: they are. */
export function providerReason({ provider }: PersonView): string | null {
  if (provider === null) return null
  return `${provider} says who this is: name, e-mail and role come from there at each sign-in, and are changed there.`
}

/** Whose key it is and in which browser: device names are the same for everybody. */
export function keyName({ person, name }: DeviceKeyView): string {
  return person === null || person === name ? name : `${person} · ${name}`
}

/** What is odd about a key that counts, so that an admin looks at it; `null`: nothing. */
export function keyDoubt(key: DeviceKeyView): string | null {
  if (key.role === null) return null
  if (key.person === null)
    return 'Nobody announced it here, so nobody knows whose it is. Its owner can, under Account, in the browser that has it.'
  if (key.person_disabled) return `${key.person} is disabled, but hosts still believe this key. Revoke it.`
  if (key.person_role === null)
    return `${key.person} is no longer among the people, but hosts still believe this key. Revoke it.`
  if (!covers(key.person_role, key.role))
    return `${key.person} is ${roleWithArticle(key.person_role)} now, but this key may still sign as ${key.role}. ${covers(key.person_role, 'operator') ? 'Lower or revoke it.' : 'Revoke it.'}`
  return null
}

/** Why a key that waits cannot be approved; `null`: it can. */
export function approvalReason(key: DeviceKeyView): string | null {
  if (key.person_disabled) return `${key.person ?? 'Its person'} is disabled.`
  if (!covers(key.person_role ?? undefined, 'operator'))
    return `${key.person ?? 'Its person'} is ${key.person_role === null ? 'nobody here' : 'a viewer'}, and signs nothing. Change the role first.`
  return null
}

/** What a key of a person with this role may be let sign: statements know operators and admins. */
export function signingRoles(role: Role | null): ('operator' | 'admin')[] {
  return (['operator', 'admin'] as const).filter((one) => covers(role ?? undefined, one))
}
