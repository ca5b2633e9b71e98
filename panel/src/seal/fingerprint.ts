// Fingerprints: 32 bytes that a person compares, as hex in groups or as six words (§2).

import { wordlist } from '@scure/bip39/wordlists/english.js'
import type { KeyBinding } from '../api/types.gen'
import { type Bytes, concat, fromBase64Url, fromHex, toHex, u32 } from './bytes'
import * as domains from './domain'
import { verify } from './ed25519'

/** The first 66 bits, eleven at a time, most significant first. */
export function fingerprintWords(hex: string): string[] {
  let bits = 0n
  for (const byte of fromHex(hex).subarray(0, 9)) bits = (bits << 8n) | BigInt(byte)
  return Array.from(
    { length: 6 },
    (_, word) => wordlist[Number((bits >> BigInt(72 - 11 * (word + 1))) & 0x7ffn)] ?? '',
  )
}

/** `SHA256:9f86-d081-…`, groups of four. */
export function fingerprintText(hex: string): string {
  return `SHA256:${(hex.match(/.{4}/g) ?? []).join('-')}`
}

/** The fleet's id and fingerprint, from its first root key. */
export function fleetFingerprint(rootKey: string): string {
  return toHex(domains.hash(domains.FLEET_FINGERPRINT, fromHex(rootKey)))
}

export function deviceFingerprint(operatorKey: string): string {
  return toHex(domains.hash(domains.OPERATOR_DEVICE, fromHex(operatorKey)))
}

/** `id(32) ‖ seal(32) ‖ channel(32) ‖ generation(u32)`. */
export function bindingBytes(binding: KeyBinding): Bytes {
  return concat(fromHex(binding.id), fromHex(binding.seal), fromHex(binding.channel), u32(binding.generation))
}

/** Whether the agent itself says that these keys belong together. */
export function verifyBinding(binding: KeyBinding): boolean {
  try {
    return verify(binding.id, domains.KEY_BINDING, bindingBytes(binding), fromBase64Url(binding.sig))
  } catch {
    return false
  }
}

export function agentFingerprint(binding: KeyBinding): string {
  return toHex(domains.hash(domains.AGENT_FINGERPRINT, bindingBytes(binding)))
}
