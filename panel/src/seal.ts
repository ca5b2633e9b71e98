// The panel's cryptography: keys, signatures, boxes, and what this browser believes of the fleet. docs/PROTOCOL.md is the
// contract, wire the other side. Must not know pages; touches no network.
//
// In a page, take `useOperator()` from parts/operator: it gives `pen` (who signs) and `trust` (the verified fleet), or
// says why there is none. Then
//
//   const to = trustMember(trust, agent, host.binding, host.credential)   // checks the admission up to the root
//   const secret = await sealSecret('repository/main/password', next, value, to)
//   const grave = await signOrder({ do: 'set_plan', base_revision, plan, secrets: [secret] }, agent, pen)
//   await giveOrder(agent, { grave })                                     // api/calls

export { proveKey } from './seal/announce'
export { FormatError, toHex } from './seal/bytes'
export type { Signer } from './seal/ed25519'
export {
  EscrowError,
  kitForBundle,
  kitOfFleet,
  type LentCredential,
  lentFrom,
  type Opened,
  openEscrow,
  sealLent,
} from './seal/escrow'
export {
  agentFingerprint,
  deviceFingerprint,
  fingerprintText,
  fingerprintWords,
  fleetFingerprint,
  verifyBinding,
} from './seal/fingerprint'
export { type Kit, KitError, kitFromWords, makeKit, placesToAsk } from './seal/kit'
export {
  type DeviceKey,
  dropTokenSeed,
  forgetFleet,
  keepSeen,
  keepTokenSeed,
  makeDevice,
  readDevice,
  readSeen,
  readTokenSeed,
  StorageError,
} from './seal/memory'
export { isLastAdmin, signStatement, withOperator, withoutOperator } from './seal/operators'
export {
  generatePassword,
  newJobId,
  type Pen,
  sealSecret,
  signAdmission,
  signErrand,
  signFoundation,
  signOrder,
  signToken,
  staysMs,
  type TokenTerms,
} from './seal/orders'
export { InsecureContextError, isSecure } from './seal/secure'
export { makeStreamKey, openStream, type StreamContext, StreamError, type StreamKey } from './seal/stream'
export { nextStatement, type Survivor, signSuccession, standsAlready } from './seal/succession'
export { makeTokenSeed, type TokenSeed, tokenFromText } from './seal/token'
export {
  operatorOf,
  type Trust,
  TrustError,
  type TrustedAgent,
  trustCompared,
  trustMember,
  trustSuccessor,
  verifyChain,
} from './seal/trust'

import { readDevice } from './seal/memory'

/** Whether this browser has an operator key of that person. */
export async function hasOperatorKey(user: string): Promise<boolean> {
  return (await readDevice(user)) !== null
}
