// Tokens: an admission given in advance. The seed is drawn here and stays here; the coordinator gets public halves (§3).

import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import type { KeyBinding, Token } from '../api/types.gen'
import { type Bytes, fromBase64Url, fromHex, toBase64Url, toHex, wipe } from './bytes'
import * as domains from './domain'
import { verify } from './ed25519'
import { bindingBytes } from './fingerprint'
import { derive } from './kit'
import { randomBytes, requireSecure } from './secure'

const PREFIX = 'rmt_'

export interface TokenSeed {
  /** `rmt_…`: what the install command carries. */
  text: string
  /** Ed25519 public key: the token's id. */
  token: string
  /** X25519 public key that the token's secrets are sealed to. */
  seal: string
}

export function makeTokenSeed(): TokenSeed {
  requireSecure()
  const seed = randomBytes(32)
  try {
    return tokenFromSeed(seed)
  } finally {
    wipe(seed)
  }
}

export function tokenFromSeed(seed: Bytes): TokenSeed {
  const sign = derive(seed, domains.TOKEN_SIGN)
  const seal = derive(seed, domains.TOKEN_SEAL)
  const keys = { token: toHex(ed25519.getPublicKey(sign)), seal: toHex(x25519.getPublicKey(seal)) }
  wipe(sign, seal)
  return { text: `${PREFIX}${toBase64Url(seed)}`, ...keys }
}

export function tokenFromText(text: string): TokenSeed {
  const trimmed = text.trim()
  if (!trimmed.startsWith(PREFIX)) throw new Error('A token begins with rmt_.')
  const seed = fromBase64Url(trimmed.slice(PREFIX.length))
  if (seed.length !== 32) throw new Error('A token has 47 characters: copy the whole of it.')
  return tokenFromSeed(seed)
}

/** Did the holder of the token's seed sign this binding? */
export function tokenProof(token: Token, binding: KeyBinding, proof: string): boolean {
  try {
    fromHex(token.token)
    return verify(token.token, domains.TOKEN_PROOF, bindingBytes(binding), fromBase64Url(proof))
  } catch {
    return false
  }
}
