// The two ways to become a coordinator's first admin: founding a fleet with a new kit, and going on with the fleet that
// outlived the coordinator's database. Keys are kept before the coordinator hears of them.

import { announceKey, setUp } from '../../api/calls'
import type { CoordinatorView, MeView, SignedDocument } from '../../api/types.gen'
import {
  type DeviceKey,
  type Kit,
  keepSeen,
  kitFromWords,
  makeDevice,
  nextStatement,
  proveKey,
  readDevice,
  readSeen,
  signFoundation,
  signSuccession,
  standsAlready,
  type Trust,
  TrustError,
  verifyChain,
} from '../../seal'
import type { Person } from './PersonStep'

type Made = Awaited<ReturnType<typeof makeDevice>>

/** The key that each start was tried with, by its kit or its fleet. */
const tried = new WeakMap<object, Made>()

/** A try whose answer was lost may have put its key into the fleet's statement: the next try does not replace it. */
async function deviceFor(start: object, person: Person): Promise<Made> {
  const before = tried.get(start)
  if (before?.device.user === person.user.trim()) return before
  const made = await makeDevice(person.user.trim(), person.device.trim())
  tried.set(start, made)
  return made
}

export async function found(person: Person, coordinator: CoordinatorView, kit: Kit): Promise<MeView> {
  const { id, channel, name } = coordinator
  const { device, keep } = await deviceFor(kit, person)
  const statement = await signFoundation(
    {
      fleet: kit.fleet,
      rootKey: kit.rootKey,
      recoveryKey: kit.recoveryKey,
      coordinator: { id, channel, name },
      operator: { key: device.signer.key, name: operatorName(person) },
    },
    kit.rootSigner,
  )
  const trust = verifyChain([statement], null)
  // A key that the fleet names must not be lost with the tab.
  await keep()
  return send(person, statement, trust, device)
}

/** A fleet that is here already, as this browser can judge it. */
export interface KnownFleet {
  trust: Trust
  /** This person's key in this browser, if there is one. */
  device: DeviceKey | null
  /** Nothing has to be signed: this browser's key is an admin's in the highest statement. */
  stands: boolean
}

/** Refuses what this browser knows better: less than it has seen, or another history. */
export async function lookAt(
  statements: readonly SignedDocument[],
  user: string,
  coordinator: CoordinatorView,
): Promise<KnownFleet> {
  const device = await readDevice(user)
  const seen = await readSeen()
  try {
    const trust = verifyChain(statements, seen)
    return { trust, device, stands: standsAlready(trust, device?.signer.key, coordinator) }
  } catch (error) {
    // Another fleet was known at this address. Its kit will tell whether this one is the person's own.
    if (!(error instanceof TrustError) || error.code !== 'other_fleet') throw error
    return { trust: verifyChain(statements, null), device, stands: false }
  }
}

/** The highest statement once more: it names this browser already. */
export async function goOn(
  person: Person,
  fleet: KnownFleet,
  statements: readonly SignedDocument[],
): Promise<MeView> {
  const highest = statements[statements.length - 1]
  if (highest === undefined) throw new Error('The coordinator shows no fleet to go on with.')
  return send(person, highest, fleet.trust, fleet.device)
}

/** The words are a kit, but that of another fleet. */
export class OtherKitError extends Error {
  override readonly name = 'OtherKitError'
}

/** The next statement, signed by the kit's root, which adds this browser's key. */
export async function goOnWithKit(
  person: Person,
  fleet: KnownFleet,
  statements: readonly SignedDocument[],
  coordinator: CoordinatorView,
  words: string,
): Promise<MeView> {
  const kit = kitFromWords(words)
  try {
    if (kit.rootKey !== fleet.trust.statement.root) {
      throw new OtherKitError('These are the words of another fleet’s kit. This fleet’s are needed.')
    }
    const made = fleet.device === null ? await deviceFor(fleet, person) : undefined
    const device = made?.device ?? fleet.device
    if (device === null) throw new Error('This browser made no key.')
    const operator = { key: device.signer.key, name: operatorName(person) }
    const next = nextStatement(fleet.trust, coordinator, operator)
    const signed = await signSuccession(next, kit.rootSigner)
    const trust = verifyChain([...statements, signed], null)
    await made?.keep()
    return await send(person, signed, trust, device)
  } finally {
    kit.wipe()
  }
}

async function send(
  person: Person,
  statement: SignedDocument,
  trust: Trust,
  device: DeviceKey | null,
): Promise<MeView> {
  const me = await setUp({
    token: person.token.trim(),
    user: person.user.trim(),
    password: person.password,
    statement,
  })
  await keepSeen(trust)
  if (device !== null) await announce(device, trust.fleet)
  return me
}

/** Whose key it is, for the list of operator keys. The fleet stands without: where this fails, its page offers it again. */
async function announce({ user, name, signer }: DeviceKey, fleet: string): Promise<void> {
  const proof = await proveKey(fleet, user, signer)
  await announceKey({ key: signer.key, name, proof }).catch(() => undefined)
}

/** As the coordinator wants whoever announces the key to be called; which of their browsers has it, the announcement says. */
const operatorName = (person: Person) => person.user.trim()
