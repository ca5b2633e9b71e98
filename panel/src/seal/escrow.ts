// What the recovery kit opens – the escrow boxes that hosts made of their own secrets – and what one host lends another
// for one restore (§4). Values are handed back and kept nowhere; touches no network.

import type { Backend, EscrowBox, EscrowHost, Statement } from '../api/types.gen'
import { openBox, sealBox } from './box'
import { utf8, wipe } from './bytes'
import { type Kit, KitError, kitFromWords } from './kit'
import { requireSecure } from './secure'
import type { TrustedAgent } from './trust'

/** The kit of exactly this fleet, from its words. Whoever asked for it wipes it. */
export function kitOfFleet(words: string, statement: Statement): Kit {
  requireSecure()
  const kit = kitFromWords(words)
  if (kit.recoveryKey === statement.recovery) return kit
  kit.wipe()
  throw kit.rootKey === statement.root || kit.fleet === statement.fleet
    ? new KitError(
        `These are the words of this fleet’s first kit, but statement ${statement.version} names another recovery key. Take the newer kit; what was sealed to this one opens under Settings, Recovery.`,
      )
    : new KitError('These are the words of another fleet’s kit. This fleet’s are needed.')
}

/** The kit that a bundle's boxes were sealed to, whichever coordinator it came from. */
export function kitForBundle(words: string, bundle: { fleet: string; hosts: readonly EscrowHost[] }): Kit {
  requireSecure()
  const kit = kitFromWords(words)
  const boxes = bundle.hosts.flatMap((host) => host.boxes)
  const fits = boxes.some(({ recovery }) => recovery === kit.recoveryKey)
  if (fits || (boxes.length === 0 && kit.fleet === bundle.fleet)) return kit
  kit.wipe()
  throw new KitError(
    kit.fleet === bundle.fleet
      ? 'These are the words of this fleet’s kit, but every box in the bundle was sealed to another recovery key. Take the newer kit.'
      : 'These are the words of another fleet’s kit. The bundle opens with its own fleet’s.',
  )
}

export class EscrowError extends Error {
  override readonly name = 'EscrowError'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** What could be read of a host's boxes, by slot, and what could not. */
export interface Opened {
  values: Record<string, string>
  /** Slot and reason. */
  closed: { slot: string; reason: string }[]
}

/** Opens the newest box of each slot that opens. One that does not never keeps the others shut. */
export async function openEscrow(kit: Kit, fleet: string, host: EscrowHost): Promise<Opened> {
  requireSecure()
  const values: Record<string, string> = {}
  const closed: Opened['closed'] = []
  for (const [slot, boxes] of bySlot(host.boxes)) {
    const ours = boxes.filter(({ recovery }) => recovery === kit.recoveryKey)
    if (ours.length === 0) {
      closed.push({ slot, reason: 'It was sealed to another recovery key: an earlier kit’s.' })
      continue
    }
    const value = await firstThatOpens(kit, fleet, host.agent, ours)
    if (value === null) closed.push({ slot, reason: 'Its box does not open: the file was changed.' })
    else values[slot] = value
  }
  return { values, closed }
}

function bySlot(boxes: readonly EscrowBox[]): Map<string, EscrowBox[]> {
  const slots = new Map<string, EscrowBox[]>()
  for (const box of [...boxes].sort((a, b) => b.revision - a.revision)) {
    slots.set(box.slot, [...(slots.get(box.slot) ?? []), box])
  }
  return slots
}

async function firstThatOpens(
  kit: Kit,
  fleet: string,
  agent: string,
  boxes: readonly EscrowBox[],
): Promise<string | null> {
  for (const { slot, revision, recovery, box } of boxes) {
    try {
      const context = { purpose: 'escrow', recipient: recovery, fleet, agent, slot, revision } as const
      const bytes = await openBox(context, kit.recoverySecret, box)
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      wipe(bytes)
      return text
    } catch {
      // An older revision may open still.
    }
  }
  return null
}

/** Everything that opens a repository, as wire's `LentCredential`. */
export interface LentCredential {
  job: string
  /** The host that the repository is of. */
  source: string
  repository: string
  backend: Backend
  password: string
  login?: { user: string; password: string }
  environment?: Record<string, string>
}

/** Seals it to the host that restores, for that one job. */
export async function sealLent(credential: LentCredential, to: TrustedAgent): Promise<string> {
  requireSecure()
  const bytes = utf8(JSON.stringify(credential))
  try {
    return await sealBox(
      {
        purpose: 'lent',
        recipient: to.sealKey,
        fleet: to.fleet,
        agent: to.agent,
        slot: `repository/${credential.repository}/lent`,
        revision: 1,
      },
      bytes,
    )
  } finally {
    wipe(bytes)
  }
}

/** A credential from what the escrow's boxes held; says what is missing. `hostname`: the user of a login that names none. */
export function lentFrom(
  { values, closed }: Opened,
  hostname: string,
  about: { job: string; source: string; repository: string; backend: Backend },
): LentCredential {
  const slot = (kind: string) => `repository/${about.repository}/${kind}`
  const password = values[slot('password')]
  if (password === undefined) {
    const why = closed.find((one) => one.slot === slot('password'))?.reason ?? 'The host never left one.'
    throw new EscrowError(
      `The escrow has no password of the repository ${about.repository} that opens. ${why}`,
      'Look for an older bundle, or whoever made the repository: without its password nothing opens it.',
    )
  }
  const login = fieldsOf(values, slot('login'))
  const environment = fieldsOf(values, slot('environment'))
  return {
    ...about,
    password,
    ...(login !== null && { login: { user: login.user || hostname, password: login.password ?? '' } }),
    ...(environment !== null && { environment }),
  }
}

/** JSON of texts; what a parser says of anything else would repeat the secret. */
function fieldsOf(values: Opened['values'], slot: string): Record<string, string> | null {
  const text = values[slot]
  if (text === undefined) return null
  try {
    const value = JSON.parse(text) as unknown
    if (
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).every((one) => typeof one === 'string')
    )
      return value as Record<string, string>
  } catch {
    // Told below.
  }
  throw new EscrowError(
    `The escrow’s ${slot} is open, and not what it should be.`,
    'Look for an older bundle, or restore with restic by hand.',
  )
}
