// The domain strings of docs/PROTOCOL.md §1: what keeps a signature or hash made for one use from counting in another.

import { sha256 } from '@noble/hashes/sha2.js'
import { type Bytes, concat, utf8 } from './bytes'

const domain = (name: string): Bytes => utf8(`restic-manager/v1/${name}\0`)

export const AGENT_FINGERPRINT = domain('agent-fingerprint')
export const FLEET_FINGERPRINT = domain('fleet-fingerprint')
export const OPERATOR_DEVICE = domain('operator-device')
export const KEY_BINDING = domain('key-binding')
export const STATEMENT = domain('statement')
export const ADMISSION = domain('admission')
export const TOKEN = domain('token')
export const TOKEN_PROOF = domain('token-proof')
export const ORDER = domain('order')
export const KEY_ANNOUNCEMENT = domain('key-announcement')
export const SEAL = domain('seal')
export const DOWNLOAD = domain('download')

/** HKDF labels have no trailing zero. */
export const KIT_ROOT = utf8('restic-manager/v1/kit/root')
export const KIT_RECOVERY = utf8('restic-manager/v1/kit/recovery')
export const TOKEN_SIGN = utf8('restic-manager/v1/token/sign')
export const TOKEN_SEAL = utf8('restic-manager/v1/token/seal')

/** SHA-256 over the domain and the bytes. */
export function hash(domain: Bytes, bytes: Uint8Array): Bytes {
  return sha256(concat(domain, bytes)) as Bytes
}
