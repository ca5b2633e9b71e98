// The fleet's statements, as this browser believes them: verified from version 1, the highest seen remembered, nothing
// lower accepted. The same rules as wire::trust::Ledger (§3). Knows no network; memory.ts keeps what was seen.

import type { Credential, KeyBinding, Operator, Role, SignedDocument, Statement } from '../api/types.gen'
import { agentFingerprint, fleetFingerprint, verifyBinding } from './fingerprint'
import { open, type Verified } from './signed'
import { tokenProof } from './token'

const ZERO = '0'.repeat(64)

export class TrustError extends Error {
  override readonly name = 'TrustError'
  readonly code: 'forked' | 'lower' | 'other_fleet' | 'invalid' | 'not_admitted'
  readonly hint: string
  constructor(code: TrustError['code'], message: string, hint: string) {
    super(message)
    this.code = code
    this.hint = hint
  }
}

/** What a browser remembers of a fleet between visits. */
export interface Seen {
  fleet: string
  /** `hashes[n - 1]` is that of version n. */
  hashes: readonly string[]
}

/** A chain that holds. `statement` is its highest. */
export interface Trust extends Seen {
  statement: Statement
  /** The highest role that each key ever had: what somebody signed before leaving still stands. */
  rolesEver: ReadonlyMap<string, Role>
}

/** Verifies the chain from version 1, and that it holds all that was seen before. */
export function verifyChain(statements: readonly SignedDocument[], seen: Seen | null): Trust {
  const [first, ...rest] = statements.map((signed) => open('statement', signed))
  if (first === undefined) throw invalid('The coordinator shows no fleet statement.')
  founded(first, seen)
  const all = [first]
  for (const next of rest) {
    follows(all[all.length - 1] as Verified<Statement>, next)
    all.push(next)
  }
  const hashes = all.map((one) => one.hash)
  compare(hashes, seen)
  const rolesEver = new Map<string, Role>()
  for (const { document } of all) {
    for (const { key, role } of document.operators) {
      if (role === 'admin' || !rolesEver.has(key)) rolesEver.set(key, role)
    }
  }
  const statement = (all[all.length - 1] as Verified<Statement>).document
  return { fleet: first.document.fleet, hashes, statement, rolesEver }
}

function founded(first: Verified<Statement>, seen: Seen | null) {
  const { document, by } = first
  if (seen !== null && document.fleet !== seen.fleet) {
    throw new TrustError(
      'other_fleet',
      'This coordinator belongs to another fleet than the one this browser knows at this address.',
      'If it was set up anew on purpose, forget the old fleet below. If not, somebody answers in its place: do not sign in.',
    )
  }
  const sound =
    document.version === 1 &&
    document.previous === ZERO &&
    document.root === by &&
    fleetFingerprint(by) === document.fleet
  if (!sound)
    throw invalid('The first fleet statement is not signed by the root key that the fleet is named after.')
  validate(document)
}

function follows(before: Verified<Statement>, next: Verified<Statement>) {
  const { document, by } = next
  const version = before.document.version + 1
  if (document.version !== version) throw invalid(`Fleet statement ${version} is missing.`)
  if (document.fleet !== before.document.fleet || document.previous !== before.hash) {
    throw invalid(`Fleet statement ${version} was made for another history.`)
  }
  validate(document)
  if (by === before.document.root) return
  const admin = before.document.operators.some((operator) => operator.key === by && operator.role === 'admin')
  if (!admin) throw invalid(`Fleet statement ${version} is signed by nobody who may publish one.`)
  const same =
    document.root === before.document.root &&
    document.recovery === before.document.recovery &&
    JSON.stringify(document.coordinators) === JSON.stringify(before.document.coordinators)
  if (!same) throw invalid(`Fleet statement ${version} changes what only the recovery kit may change.`)
}

function validate(statement: Statement) {
  const { operators, coordinators, root, recovery, version } = statement
  const keys = [
    root,
    recovery,
    ...operators.map((operator) => operator.key),
    ...coordinators.flatMap((coordinator) => [coordinator.id, coordinator.channel]),
  ]
  const sound =
    coordinators.length > 0 &&
    operators.some((operator) => operator.role === 'admin') &&
    operators.every((operator) => operator.role === 'admin' || operator.role === 'operator') &&
    new Set(keys).size === keys.length
  if (!sound) throw invalid(`Fleet statement ${version} names no admin, no coordinator, or one key twice.`)
}

function compare(hashes: readonly string[], seen: Seen | null) {
  if (seen === null) return
  const fork = seen.hashes.findIndex((hash, n) => hashes[n] !== undefined && hashes[n] !== hash)
  if (fork >= 0) {
    throw new TrustError(
      'forked',
      `The coordinator shows another fleet statement ${fork + 1} than this browser has seen before.`,
      'Somebody rewrote the fleet’s history. Sign nothing; publish the next statement with the recovery kit.',
    )
  }
  if (hashes.length < seen.hashes.length) {
    throw new TrustError(
      'lower',
      `The coordinator shows fleet statement ${hashes.length}, but this browser has seen ${seen.hashes.length}.`,
      'It was set back, or hides a newer one. Restore its newest backup before you sign anything.',
    )
  }
}

function invalid(message: string): TrustError {
  return new TrustError(
    'invalid',
    message,
    'The coordinator’s database was changed, or another program answers in its place. Do not sign anything.',
  )
}

export function operatorOf(trust: Trust, key: string): Operator | undefined {
  return trust.statement.operators.find((operator) => operator.key === key)
}

/** An agent whose keys this browser has checked itself: the only thing that secrets are sealed to. */
export interface TrustedAgent {
  readonly agent: string
  readonly fleet: string
  readonly sealKey: string
  readonly fingerprint: string
}

/** A waiting host, when a person has just compared `approved` with the host's own screen. */
export function trustCompared(trust: Trust, binding: KeyBinding, approved: string): TrustedAgent {
  const fingerprint = soundBinding(binding)
  if (fingerprint !== approved) {
    throw notAdmitted(
      'The host shows other keys now than those that were compared.',
      'Compare the fingerprints again.',
    )
  }
  return { agent: binding.id, fleet: trust.fleet, sealKey: binding.seal, fingerprint }
}

/** The member that a person means by `agent`: its keys are its own, and its credential is checked up to the root. */
export function trustMember(
  trust: Trust,
  agent: string,
  binding: KeyBinding,
  credential: Credential,
): TrustedAgent {
  if (binding.id !== agent)
    throw notAdmitted('The coordinator shows another host’s keys in this one’s place.')
  const fingerprint = soundBinding(binding)
  if (credential.by === 'admission') {
    const { document, by } = open('admission', credential.admission)
    const sound =
      document.fleet === trust.fleet &&
      document.agent_fingerprint === fingerprint &&
      trust.rolesEver.get(by) === 'admin'
    if (!sound) throw notAdmitted('The host’s admission is not for these keys, or no admin signed it.')
  } else if (credential.by === 'token') {
    const { document, by } = open('token', credential.token)
    const sound =
      document.fleet === trust.fleet &&
      trust.rolesEver.has(by) &&
      tokenProof(document, binding, credential.proof)
    if (!sound)
      throw notAdmitted('The host’s token is not of this fleet, or the host did not prove that it holds it.')
  } else {
    throw notAdmitted('The coordinator shows nothing that admits this host.')
  }
  return { agent: binding.id, fleet: trust.fleet, sealKey: binding.seal, fingerprint }
}

/**
 * The member that an admin put in the place of `old`: who gets what `old` left in escrow. A token names nobody's place, and
 * `replaces` counts while its signer is an admin, as for agents and coordinators. `old` is the very id that the escrow is opened for.
 */
export function trustSuccessor(
  trust: Trust,
  agent: string,
  binding: KeyBinding,
  credential: Credential,
  old: string,
): TrustedAgent {
  const member = trustMember(trust, agent, binding, credential)
  if (credential.by !== 'admission')
    throw notAdmitted(
      'This host came in with a token, and a token puts nobody in another host’s place.',
      BY_HAND,
    )
  const { document, by } = open('admission', credential.admission)
  if (document.replaces === null || document.replaces !== old)
    throw notAdmitted('The host’s admission does not say that it takes the place of that host.', BY_HAND)
  if (operatorOf(trust, by)?.role !== 'admin')
    throw notAdmitted('Whoever put this host in the other’s place is no admin any more.', BY_HAND)
  return member
}

const BY_HAND =
  'Nothing was sealed. Compare the host’s fingerprint with its own screen; if it is yours, give it a repository by hand on its Repository page.'

function soundBinding(binding: KeyBinding): string {
  if (!verifyBinding(binding))
    throw notAdmitted('The host’s keys are not signed by the host: they were exchanged on the way.')
  return agentFingerprint(binding)
}

function notAdmitted(message: string, hint?: string): TrustError {
  return new TrustError(
    'not_admitted',
    message,
    hint ??
      'Nothing was sealed. Compare the host’s fingerprint with its own screen and look at the coordinator.',
  )
}
