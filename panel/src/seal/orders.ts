// What operators sign and seal: grave orders, admissions, tokens, secrets, passwords. Documents get their fields in the
// order of the Rust types, so that a diff of two can be read.

import type { Action, Order, Plan, SealedSecret, SignedDocument } from '../api/types.gen'
import { sealBox } from './box'
import { toBase64Url, utf8, wipe } from './bytes'
import type { Signer } from './ed25519'
import { randomBytes, requireSecure } from './secure'
import { sign } from './signed'
import type { TokenSeed } from './token'
import type { TrustedAgent } from './trust'

const HOUR_MS = 3_600_000
/** A plan edit waits for its host as long as it takes; ten years are as good as for ever. */
const EDIT_STAYS_MS = 10 * 365 * 24 * HOUR_MS
/** A confirmation is of what the person looks at now: kept back, it must not lift a later hold. */
const CONFIRMATION_STAYS_MS = 24 * HOUR_MS
/** A credential that is held in memory alone counts at once, or not at all. Agents take 15 minutes at most, by their own clock: the rest is room
 *  for a browser's that is ahead. */
const RELEASE_STAYS_MS = HOUR_MS / 6
/** Work that is wanted now, by hand: nobody wants it of a host that comes back another day. */
const WORK_STAYS_MS = HOUR_MS
const ADMISSION_STAYS_MS = HOUR_MS

/** Who signs: this browser's key, and the person as the coordinator calls them. */
export interface Pen {
  fleet: string
  person: string
  signer: Signer
}

/** A grave order for one host, signed; send it with `giveOrder(agent, { grave })`. */
export async function signOrder(
  action: Action,
  agent: string,
  pen: Pen,
  now = Date.now(),
): Promise<SignedDocument> {
  return (await signErrand(action, agent, pen, now)).grave
}

/** The same for an order whose answer comes back under its id: `lend`, `download`. */
export async function signErrand(
  action: Action,
  agent: string,
  pen: Pen,
  now = Date.now(),
): Promise<{ order: string; grave: SignedDocument }> {
  const order: Order = {
    fleet: pen.fleet,
    agent,
    id: uuid7(now),
    issued_at: now,
    expires_at: now + staysMs(action),
    person: pen.person,
    action,
  }
  return { order: order.id, grave: await sign('order', order, pen.signer) }
}

/** The id of a job that does not exist yet: what is lent is good for that one alone. */
export function newJobId(now = Date.now()): string {
  return uuid7(now)
}

/** How long an order waits for its host. */
export function staysMs(action: Action): number {
  switch (action.do) {
    case 'confirm_plan':
      return CONFIRMATION_STAYS_MS
    case 'release':
    case 'lend':
    case 'download':
      return RELEASE_STAYS_MS
    case 'restore':
      return action.lent === undefined ? WORK_STAYS_MS : RELEASE_STAYS_MS
    case 'copy':
    case 'dry_run':
    case 'unlock':
      return WORK_STAYS_MS
    default:
      return EDIT_STAYS_MS
  }
}

/** Seals one value to an agent that was trusted by `trustMember` or `trustCompared`. `revision`: the slot's next one. */
export async function sealSecret(
  slot: string,
  revision: number,
  plaintext: string,
  to: TrustedAgent,
): Promise<SealedSecret> {
  requireSecure()
  const bytes = utf8(plaintext)
  try {
    const { fleet, agent, sealKey } = to
    return {
      slot,
      revision,
      box: await sealBox({ purpose: 'agent', recipient: sealKey, fleet, agent, slot, revision }, bytes),
    }
  } finally {
    wipe(bytes)
  }
}

/** The admission of exactly the agent with this fingerprint; `replaces`: the id of the host whose place it takes. */
export function signAdmission(
  fields: { fingerprint: string; name: string; tags: readonly string[]; replaces?: string | null },
  pen: Pen,
  now = Date.now(),
): Promise<SignedDocument> {
  return sign(
    'admission',
    {
      fleet: pen.fleet,
      agent_fingerprint: fields.fingerprint,
      name: fields.name,
      tags: [...fields.tags],
      issued_at: now,
      expires_at: now + ADMISSION_STAYS_MS,
      replaces: fields.replaces ?? null,
    },
    pen.signer,
  )
}

export interface TokenTerms {
  namePattern: string
  tags: readonly string[]
  uses: number
  expiresAt: number
  plan: Plan | null
  /** Slot and value; sealed to the token here. */
  secrets: readonly { slot: string; value: string }[]
}

export async function signToken(
  seed: TokenSeed,
  terms: TokenTerms,
  pen: Pen,
  now = Date.now(),
): Promise<SignedDocument> {
  requireSecure()
  const secrets: SealedSecret[] = []
  for (const { slot, value } of terms.secrets) {
    const context = {
      purpose: 'token',
      recipient: seed.seal,
      fleet: pen.fleet,
      agent: seed.token,
      slot,
      revision: 1,
    } as const
    secrets.push({ slot, revision: 1, box: await sealBox(context, utf8(value)) })
  }
  return sign(
    'token',
    {
      fleet: pen.fleet,
      token: seed.token,
      seal: seed.seal,
      name_pattern: terms.namePattern,
      tags: [...terms.tags],
      uses: terms.uses,
      issued_at: now,
      expires_at: terms.expiresAt,
      plan: terms.plan,
      secrets,
    },
    pen.signer,
  )
}

/** Statement 1: what founds a fleet, signed by the kit's root key. */
export function signFoundation(
  fields: {
    fleet: string
    rootKey: string
    recoveryKey: string
    coordinator: { id: string; channel: string; name: string }
    operator: { key: string; name: string }
  },
  root: Signer,
  now = Date.now(),
): Promise<SignedDocument> {
  return sign(
    'statement',
    {
      fleet: fields.fleet,
      version: 1,
      previous: '0'.repeat(64),
      issued_at: now,
      root: fields.rootKey,
      recovery: fields.recoveryKey,
      coordinators: [fields.coordinator],
      operators: [{ ...fields.operator, role: 'admin' }],
    },
    root,
  )
}

/** 24 random bytes, URL-safe: 32 characters. */
export function generatePassword(): string {
  requireSecure()
  return toBase64Url(randomBytes(24))
}

/** RFC 9562: 48 bits of milliseconds, then random. */
export function uuid7(now: number): string {
  const bytes = randomBytes(16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(now / 2 ** 32))
  view.setUint32(2, now % 2 ** 32)
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f))
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f))
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
