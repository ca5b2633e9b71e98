// The golden messages that Rust and the panel share.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const V1 = resolve(import.meta.dirname, '../../wire/fixtures/v1')

export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(V1, `${name}.json`), 'utf8')) as T
}

export interface GoldenSigned {
  doc: string
  hash: string
  signed: { doc: string; by: string; sig: string }
  signer_seed: string
}
