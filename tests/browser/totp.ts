// A code generator, as on somebody's phone: RFC 6238 with SHA-1, six digits, thirty seconds.

import { createHmac } from 'node:crypto'

const STEP_MS = 30_000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export class Generator {
  private readonly key: Buffer
  private last = 0

  /** `secret`: base32, as the page shows it. */
  constructor(secret: string) {
    let bits = ''
    for (const character of secret.replaceAll(/[\s=]/g, '')) {
      bits += ALPHABET.indexOf(character).toString(2).padStart(5, '0')
    }
    this.key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  }

  /** A code that counts now and was not used: a code counts once, and the one of the step to come counts already. */
  code(): string {
    const step = Math.max(Math.floor(Date.now() / STEP_MS), this.last + 1)
    this.last = step
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(step))
    const mac = createHmac('sha1', this.key).update(counter).digest()
    const at = (mac.at(-1) ?? 0) & 15
    return String((mac.readUInt32BE(at) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0')
  }
}
