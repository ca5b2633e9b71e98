// The form of a repository that the plan names already: its destination as the plan has it, and of its credentials what was
// typed for them, else what the host has. Pure.

import type { Backend } from '../api/types.gen'
import { type CredentialKind, credentialKinds, credentialSlot } from './credentials'
import { ENVIRONMENT } from './environment'
import { type BackendKind, draftOf, type RepositoryDraft } from './repository'

/** What is known of the secret in a slot, as far as the form cares. */
export interface Standing {
  held: boolean
  typed: string | undefined
  /** It was typed, and a reload took it. */
  lost: boolean
}

/** `heldFor`: the kind of the destination that the host's own credentials are for. */
export function existingRepository(
  name: string,
  backend: Backend,
  heldFor: BackendKind | null,
  standing: (slot: string) => Standing,
): RepositoryDraft {
  const draft = { ...draftOf(backend), heldFor }
  const held: Partial<Record<CredentialKind, 'kept' | 'replaced'>> = {}
  const kinds = new Set([
    ...credentialKinds(backend.kind),
    ...(heldFor === null ? [] : credentialKinds(heldFor)),
  ])
  for (const kind of kinds) {
    const { held: has, typed, lost } = standing(credentialSlot(name, kind))
    if (has) held[kind] = typed === undefined && !lost ? 'kept' : 'replaced'
    if (typed !== undefined) Object.assign(draft, typedFields(kind, typed))
  }
  return { ...draft, held }
}

/** A secret that was typed, as the fields it was typed into. */
function typedFields(kind: CredentialKind, value: string): Partial<RepositoryDraft> {
  if (kind === 'password') return { password: value }
  const fields = textFields(value)
  if (kind === 'environment') return { environment: fields }
  return { loginUser: fields.user ?? '', loginPassword: fields.password ?? '' }
}

function textFields(value: string): Record<string, string> {
  try {
    const parsed = JSON.parse(value) as unknown
    if (typeof parsed !== 'object' || parsed === null) return {}
    return Object.fromEntries(Object.entries(parsed).filter(([, text]) => typeof text === 'string'))
  } catch {
    return {}
  }
}

/** What a reload took, by the fields of the form that it was typed into. */
export function lostFields(
  name: string,
  kind: BackendKind,
  standing: (slot: string) => Standing,
): Record<string, string> {
  const fields: Readonly<Record<CredentialKind, string | undefined>> = {
    password: 'password',
    login: 'loginPassword',
    environment: ENVIRONMENT[kind][0]?.name,
  }
  return Object.fromEntries(
    credentialKinds(kind).flatMap((credential): [string, string][] => {
      const field = fields[credential]
      return field !== undefined && standing(credentialSlot(name, credential)).lost
        ? [[field, 'Typed before the page was loaded anew, and kept nowhere: type it again.']]
        : []
    }),
  )
}
