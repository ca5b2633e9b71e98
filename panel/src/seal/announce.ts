// Announcing this browser's key: the proof that whoever announces a key has it, for this fleet and this person and nobody
// else (docs/PROTOCOL.md). It makes nobody an operator: that takes the next fleet statement. Touches no network.

import { concat, fromHex, lp, toBase64Url } from './bytes'
import { KEY_ANNOUNCEMENT } from './domain'
import type { Signer } from './ed25519'

/** `fleet`: 64 hex digits; `person`: as the coordinator calls them. The signature, as the API takes it. */
export async function proveKey(fleet: string, person: string, signer: Signer): Promise<string> {
  return toBase64Url(await signer.sign(concat(KEY_ANNOUNCEMENT, fromHex(fleet), lp(person))))
}
