// Ed25519 (RFC 8032) under domain strings: WebCrypto's for the device key, @noble's for keys that come from a seed and
// for verification, which is strict everywhere alike (no small-order keys, no non-canonical encodings).

import { ed25519 } from '@noble/curves/ed25519.js'
import { type Bytes, concat, fromHex, toHex } from './bytes'

/** Something that can sign, and what others know it by (64 hex digits). */
export interface Signer {
  readonly key: string
  sign(message: Bytes): Promise<Bytes>
}

/** A key whose seed is known: the kit's root, a token's. */
export function seedSigner(seed: Uint8Array): Signer {
  return {
    key: toHex(ed25519.getPublicKey(seed)),
    sign: async (message) => ed25519.sign(message, seed) as Bytes,
  }
}

/** A key that the browser keeps and never shows. */
export function deviceSigner(pair: CryptoKeyPair, key: string): Signer {
  return {
    key,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, message)),
  }
}

/** Does `key` say `domain ‖ message`? */
export function verify(key: string, domain: Bytes, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, concat(domain, message), fromHex(key), { zip215: false })
  } catch {
    return false
  }
}
