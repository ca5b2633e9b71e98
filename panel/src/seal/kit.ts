// The recovery kit: 32 bytes written as 24 words, from which the fleet's root and recovery keys come (§3). Never stored,
// never sent; its holder wipes it.

import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { type Bytes, toHex, wipe } from './bytes'
import * as domains from './domain'
import { type Signer, seedSigner } from './ed25519'
import { fleetFingerprint } from './fingerprint'
import { randomBytes, requireSecure } from './secure'

export interface Kit {
  words: readonly string[]
  /** Public halves, 64 hex digits each. */
  rootKey: string
  recoveryKey: string
  fleet: string
  rootSigner: Signer
  /** X25519: what escrow boxes open with. */
  recoverySecret: Bytes
  /** Overwrites the seeds; the kit signs and opens nothing afterwards. */
  wipe: () => void
}

/** HKDF-SHA256 with an empty salt, 32 bytes. */
export function derive(seed: Uint8Array, label: Uint8Array): Bytes {
  return hkdf(sha256, seed, undefined, label, 32) as Bytes
}

export function makeKit(): Kit {
  requireSecure()
  const seed = randomBytes(32)
  try {
    return kitFromSeed(seed)
  } finally {
    wipe(seed)
  }
}

export function kitFromSeed(seed: Uint8Array): Kit {
  const root = derive(seed, domains.KIT_ROOT)
  const recovery = derive(seed, domains.KIT_RECOVERY)
  const rootKey = toHex(ed25519.getPublicKey(root))
  const recoveryKey = toHex(x25519.getPublicKey(recovery))
  return {
    words: entropyToMnemonic(seed, wordlist).split(' '),
    rootKey,
    recoveryKey,
    fleet: fleetFingerprint(rootKey),
    rootSigner: seedSigner(root),
    recoverySecret: recovery,
    wipe: () => wipe(root, recovery),
  }
}

export class KitError extends Error {
  override readonly name = 'KitError'
}

/** From 24 words as a person types them: case, white space and numbers before the words do not matter. */
export function kitFromWords(text: string): Kit {
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .map((word) => word.replace(/^[\d.):]+|[\d.):]+$/g, ''))
    .filter((word) => word !== '')
  if (words.length !== 24) {
    throw new KitError(`A recovery kit has 24 words, these are ${words.length}: type all of them in order.`)
  }
  const unknown = words.findIndex((word) => !wordlist.includes(word))
  if (unknown >= 0) {
    throw new KitError(
      `Word ${unknown + 1} is not in the word list: compare it with the kit, letter by letter.`,
    )
  }
  let seed: Uint8Array
  try {
    seed = mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    throw new KitError(
      'These are 24 proper words but not a kit: one of them is wrong or two are swapped; compare them with the kit.',
    )
  }
  try {
    return kitFromSeed(seed)
  } finally {
    wipe(seed)
  }
}

/** Which words to ask back: `count` different places of 24, ascending, counted from 0. */
export function placesToAsk(count: number): number[] {
  const places = new Set<number>()
  while (places.size < count) {
    const byte = randomBytes(1)[0] ?? 255
    // 240 is the largest multiple of 24 in a byte: above it some places would come more often.
    if (byte < 240) places.add(byte % 24)
  }
  return [...places].sort((a, b) => a - b)
}
