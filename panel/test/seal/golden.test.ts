// What Rust signed, sealed and derived, this side reads alike; and where signing is deterministic, signs alike.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import { describe, expect, it } from 'vitest'
import type { KeyBinding } from '../../src/api/types.gen'
import { type BoxContext, boxInfo, openBox } from '../../src/seal/box'
import { fromBase64Url, fromHex, toHex, utf8 } from '../../src/seal/bytes'
import { seedSigner } from '../../src/seal/ed25519'
import * as prints from '../../src/seal/fingerprint'
import { kitFromSeed, kitFromWords } from '../../src/seal/kit'
import { type DocumentKind, open, sign } from '../../src/seal/signed'
import { tokenFromText, tokenProof } from '../../src/seal/token'
import { type GoldenSigned, golden, V1 } from '../fixtures'

async function readsAndSignsAlike(kind: DocumentKind, fixture: GoldenSigned) {
  const { document, hash, by } = open(kind, fixture.signed)
  expect(hash).toBe(fixture.hash)
  expect(by).toBe(fixture.signed.by)
  expect(JSON.stringify(document)).toBe(fixture.doc)
  // Ed25519 is deterministic: the same document by the same key is the same signature.
  expect(await sign(kind, document as never, seedSigner(fromHex(fixture.signer_seed)))).toEqual(
    fixture.signed,
  )
}

describe('golden messages', () => {
  it('kit: words, keys and fleet', () => {
    const fixture = golden<{
      seed: string
      words: string[]
      root: string
      recovery: string
      fleet: string
      fleet_words: string[]
      fleet_shown: string
    }>('kit')
    const kit = kitFromSeed(fromHex(fixture.seed))
    expect(kit).toMatchObject({
      words: fixture.words,
      rootKey: fixture.root,
      recoveryKey: fixture.recovery,
      fleet: fixture.fleet,
    })
    expect(prints.fingerprintWords(kit.fleet)).toEqual(fixture.fleet_words)
    expect(prints.fingerprintText(kit.fleet)).toBe(fixture.fleet_shown)
    expect(
      kitFromWords(fixture.words.map((word, n) => `${n + 1}. ${word.toUpperCase()}`).join('\n')).fleet,
    ).toBe(fixture.fleet)
  })

  it('binding: bytes, signature, fingerprints', () => {
    const fixture = golden<{
      binding: KeyBinding
      bytes: string
      fingerprint: string
      words: string[]
      shown: string
      device: { key: string; fingerprint: string; words: string[]; shown: string }
    }>('binding')
    expect(toHex(prints.bindingBytes(fixture.binding))).toBe(fixture.bytes)
    expect(prints.verifyBinding(fixture.binding)).toBe(true)
    expect(prints.agentFingerprint(fixture.binding)).toBe(fixture.fingerprint)
    expect(prints.fingerprintWords(fixture.fingerprint)).toEqual(fixture.words)
    expect(prints.fingerprintText(fixture.fingerprint)).toBe(fixture.shown)
    expect(prints.deviceFingerprint(fixture.device.key)).toBe(fixture.device.fingerprint)
    expect(prints.verifyBinding({ ...fixture.binding, generation: 2 })).toBe(false)
    expect(prints.verifyBinding({ ...fixture.binding, seal: fixture.binding.channel })).toBe(false)
  })

  it('admission, orders, statements', async () => {
    await readsAndSignsAlike('admission', golden<GoldenSigned>('admission'))
    const { orders } = golden<{ orders: GoldenSigned[] }>('order')
    expect(orders.length).toBeGreaterThan(0)
    for (const order of orders) await readsAndSignsAlike('order', order)
    const { statements } = golden<{ statements: GoldenSigned[] }>('statement')
    expect(statements.length).toBeGreaterThan(0)
    for (const statement of statements) await readsAndSignsAlike('statement', statement)
  })

  it('a signature made for one use does not count in another', () => {
    const { signed } = golden<GoldenSigned>('admission')
    expect(() => open('token', signed)).toThrow(/signature/)
    expect(() => open('admission', { ...signed, sig: `A${signed.sig.slice(1)}` })).toThrow(/signature/)
    expect(() => open('admission', { ...signed, doc: `${signed.doc}=` })).toThrow(/cannot be read/)
  })

  it('token: seed, terms, proof, secret', async () => {
    const fixture = golden<
      {
        seed: string
        sign: string
        seal: string
        binding: KeyBinding
        proof: string
        plaintext: string
      } & GoldenSigned
    >('token')
    const seed = tokenFromText(fixture.seed)
    expect(seed).toMatchObject({ token: fixture.sign, seal: fixture.seal, text: fixture.seed })
    await readsAndSignsAlike('token', fixture)
    const { document } = open('token', fixture.signed)
    expect(tokenProof(document, fixture.binding, fixture.proof)).toBe(true)
    expect(tokenProof(document, { ...fixture.binding, generation: 9 }, fixture.proof)).toBe(false)
  })

  it('boxes: info and plaintext', async () => {
    const { boxes } = golden<{
      boxes: (Omit<BoxContext, 'purpose'> & {
        purpose: number
        info: string
        plaintext: string
        box: string
        recipient_secret: string
      })[]
    }>('box')
    expect(boxes.length).toBeGreaterThan(0)
    for (const { box, plaintext, info, recipient_secret, ...rest } of boxes) {
      const purpose = ([undefined, 'agent', 'escrow', 'token'] as const)[rest.purpose]
      if (purpose === undefined) throw new Error(`purpose ${rest.purpose}`)
      const context = { ...rest, purpose }
      expect(toHex(boxInfo(context))).toBe(info)
      expect(await openBox(context, fromHex(recipient_secret), box)).toEqual(utf8(plaintext))
      await expect(
        openBox({ ...context, revision: context.revision + 1 }, fromHex(recipient_secret), box),
      ).rejects.toThrow()
    }
  })

  it('the suite is that of RFC 9180, A.2', async () => {
    const vector = JSON.parse(readFileSync(resolve(V1, '../rfc9180-a.2.1.json'), 'utf8')) as Record<
      string,
      string
    >
    const bytes = (name: string) => {
      const hex = vector[name] ?? ''
      return fromHex(hex, hex.length / 2).buffer
    }
    const suite = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Chacha20Poly1305(),
    })
    const recipientKey = await suite.kem.deserializePrivateKey(bytes('skRm'))
    const opened = await suite.open(
      { recipientKey, enc: bytes('enc'), info: bytes('info') },
      bytes('ct'),
      bytes('aad'),
    )
    expect(new Uint8Array(opened)).toEqual(new Uint8Array(bytes('pt')))
  })

  it('base64url takes one spelling only', () => {
    expect(() => fromBase64Url('AB')).toThrow()
    expect(fromBase64Url('AA')).toEqual(new Uint8Array([0]))
    expect(() => fromBase64Url('AA==')).toThrow()
    expect(() => fromBase64Url('A+')).toThrow()
  })
})
