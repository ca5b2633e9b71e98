// Bytes and their spellings: hex, base64url without padding, big-endian integers, length-prefixed text.
// The conventions of docs/PROTOCOL.md §1. Knows no key.

/** WebCrypto wants buffers of its own kind, not views of shared ones. */
export type Bytes = Uint8Array<ArrayBuffer>

const text = new TextEncoder()

export function utf8(value: string): Bytes {
  return text.encode(value) as Bytes
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export class FormatError extends Error {
  override readonly name = 'FormatError'
}

/** Exactly `length` bytes of lower-case hex: ids, keys and hashes. */
export function fromHex(hex: string, length = 32): Bytes {
  if (hex.length !== length * 2 || !/^[0-9a-f]*$/.test(hex)) {
    throw new FormatError(`That is not ${length * 2} hex digits.`)
  }
  const bytes = new Uint8Array(length)
  for (let n = 0; n < length; n += 1) bytes[n] = Number.parseInt(hex.slice(2 * n, 2 * n + 2), 16)
  return bytes
}

const CHUNK = 0x2000

export function toBase64Url(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function fromBase64Url(value: string): Bytes {
  if (!/^[A-Za-z0-9_-]*$/.test(value) || value.length % 4 === 1) {
    throw new FormatError('That is not base64url without padding.')
  }
  const binary = atob(value.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0))
  // One text, one meaning: spare bits in the last character would let two texts be the same bytes.
  if (toBase64Url(bytes) !== value) throw new FormatError('That is not base64url without padding.')
  return bytes
}

export function u16(value: number): Bytes {
  const bytes = new Uint8Array(2)
  new DataView(bytes.buffer).setUint16(0, value)
  return bytes
}

export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

export function u64(value: number): Bytes {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

/** `u16 length ‖ bytes`. */
export function lp(value: string): Bytes {
  const bytes = utf8(value)
  if (bytes.length > 0xffff) throw new FormatError('That text is too long to be signed.')
  return concat(u16(bytes.length), bytes)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let n = 0; n < a.length; n += 1) difference |= (a[n] ?? 0) ^ (b[n] ?? 0)
  return difference === 0
}

/** Overwrites what was secret. The engine may have copied it before: this is care, not proof. */
export function wipe(...all: readonly Uint8Array[]): void {
  for (const bytes of all) bytes.fill(0)
}
