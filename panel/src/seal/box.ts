// Boxes: HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305 (§4). What a box is bound
// to is its `info`: moved to another host, slot or revision it does not open.

import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import { type Bytes, concat, fromBase64Url, fromHex, lp, toBase64Url, u64 } from './bytes'
import { SEAL } from './domain'

export interface BoxContext {
  purpose: 'agent' | 'escrow' | 'token' | 'lent'
  /** X25519 public key, 64 hex digits. */
  recipient: string
  fleet: string
  /** The agent's id; the token's Ed25519 key for purpose `token`. */
  agent: string
  slot: string
  revision: number
}

const PURPOSES = { agent: 1, escrow: 2, token: 3, lent: 4 } as const

/** Of boxes and streams alike. */
export const suite = () =>
  new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() })

export function boxInfo(context: BoxContext): Bytes {
  return concat(
    SEAL,
    new Uint8Array([PURPOSES[context.purpose]]),
    fromHex(context.recipient),
    fromHex(context.fleet),
    fromHex(context.agent),
    lp(context.slot),
    u64(context.revision),
  )
}

/** `enc(32) ‖ ciphertext` in base64url. */
export async function sealBox(context: BoxContext, plaintext: Bytes): Promise<string> {
  const hpke = suite()
  const recipientPublicKey = await hpke.kem.deserializePublicKey(fromHex(context.recipient).buffer)
  const { ct, enc } = await hpke.seal({ recipientPublicKey, info: boxInfo(context).buffer }, plaintext.buffer)
  return toBase64Url(concat(new Uint8Array(enc), new Uint8Array(ct)))
}

/** Opens what was sealed for exactly this context; throws when it was not. */
export async function openBox(context: BoxContext, secretKey: Bytes, sealed: string): Promise<Bytes> {
  const bytes = fromBase64Url(sealed)
  const hpke = suite()
  const recipientKey = await hpke.kem.deserializePrivateKey(secretKey.slice().buffer)
  const enc = bytes.slice(0, 32).buffer
  const plaintext = await hpke.open(
    { recipientKey, enc, info: boxInfo(context).buffer },
    bytes.slice(32).buffer,
  )
  return new Uint8Array(plaintext)
}
