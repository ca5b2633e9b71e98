// The browser's own judgement of the fleet: forged, forked, lower and foreign histories are refused; secrets are sealed
// only to keys that an admission covers.

import { describe, expect, it } from 'vitest'
import type { KeyBinding } from '../../src/api/types.gen'
import { fromHex } from '../../src/seal/bytes'
import { seedSigner } from '../../src/seal/ed25519'
import { sealSecret, signAdmission } from '../../src/seal/orders'
import { TrustError, trustCompared, trustMember, trustSuccessor, verifyChain } from '../../src/seal/trust'
import { type GoldenSigned, golden } from '../fixtures'
import { foundFleet } from '../fleet'

const fixture = golden<{
  fleet: string
  statements: GoldenSigned[]
  refused_after_version_2: { why: string; statement: GoldenSigned }[]
}>('statement')
const chain = fixture.statements.map(({ signed }) => signed)
const code = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return error instanceof TrustError ? error.code : `not a TrustError: ${String(error)}`
  }
  return 'accepted'
}

describe('the chain of statements', () => {
  it('holds, and ends at the highest', () => {
    const trust = verifyChain(chain, null)
    expect(trust.fleet).toBe(fixture.fleet)
    expect(trust.statement.version).toBe(chain.length)
    expect(trust.hashes).toEqual(fixture.statements.map(({ hash }) => hash))
  })

  it.each(fixture.refused_after_version_2)('refuses when $why', ({ statement }) => {
    const known = verifyChain(chain.slice(0, 2), null)
    expect(code(() => verifyChain([...chain.slice(0, 2), statement.signed], known))).toBe('invalid')
  })

  it('refuses less than was seen before, and another history', () => {
    const seen = verifyChain(chain, null)
    expect(code(() => verifyChain(chain.slice(0, 1), seen))).toBe('lower')
    expect(
      code(() => verifyChain(chain, { ...seen, hashes: ['0'.repeat(64), ...seen.hashes.slice(1)] })),
    ).toBe('forked')
    expect(code(() => verifyChain(chain, { fleet: '0'.repeat(64), hashes: [] }))).toBe('other_fleet')
    expect(code(() => verifyChain([], null))).toBe('invalid')
    expect(code(() => verifyChain(chain.slice(1), null))).toBe('invalid')
  })
})

describe('whom secrets are sealed to', () => {
  const trust = verifyChain(chain, null)
  const { binding, fingerprint } = golden<{ binding: KeyBinding; fingerprint: string }>('binding')
  const admission = golden<GoldenSigned>('admission').signed

  it('a host that an admin admitted', () => {
    expect(trustMember(trust, binding.id, binding, { by: 'admission', admission })).toMatchObject({
      sealKey: binding.seal,
      fingerprint,
    })
  })

  it('a host that redeemed a token of this fleet', () => {
    const {
      signed,
      proof,
      binding: redeemer,
    } = golden<GoldenSigned & { proof: string; binding: KeyBinding }>('token')
    expect(trustMember(trust, redeemer.id, redeemer, { by: 'token', token: signed, proof }).agent).toBe(
      redeemer.id,
    )
    const broken = `A${proof.slice(1)}`
    expect(
      code(() => trustMember(trust, redeemer.id, redeemer, { by: 'token', token: signed, proof: broken })),
    ).toBe('not_admitted')
  })

  it('not one whose keys were swapped, nor one without an admission', () => {
    const swapped = { ...binding, seal: binding.channel }
    expect(code(() => trustMember(trust, swapped.id, swapped, { by: 'admission', admission }))).toBe(
      'not_admitted',
    )
    expect(code(() => trustMember(trust, binding.id, binding, { by: 'none' }))).toBe('not_admitted')
    const other = '0'.repeat(64)
    expect(code(() => trustMember(trust, other, binding, { by: 'admission', admission }))).toBe(
      'not_admitted',
    )
    expect(code(() => trustCompared(trust, binding, '0'.repeat(64)))).toBe('not_admitted')
    expect(trustCompared(trust, binding, fingerprint).agent).toBe(binding.id)
  })

  it('not one that a stranger or a mere operator admitted', async () => {
    const stranger = { fleet: trust.fleet, person: 'eve', signer: seedSigner(fromHex('77'.repeat(32))) }
    const forged = await signAdmission({ fingerprint, name: 'web-1', tags: [] }, stranger)
    expect(code(() => trustMember(trust, binding.id, binding, { by: 'admission', admission: forged }))).toBe(
      'not_admitted',
    )
    const operatorSeed = golden<GoldenSigned>('token').signer_seed
    const low = { fleet: trust.fleet, person: 'otto', signer: seedSigner(fromHex(operatorSeed)) }
    const byOperator = await signAdmission({ fingerprint, name: 'web-1', tags: [] }, low)
    expect(
      code(() => trustMember(trust, binding.id, binding, { by: 'admission', admission: byOperator })),
    ).toBe('not_admitted')
  })

  it('a box says its slot and revision', async () => {
    const to = trustMember(trust, binding.id, binding, { by: 'admission', admission })
    const sealed = await sealSecret('repository/main/password', 3, 'correct horse', to)
    expect(sealed).toMatchObject({ slot: 'repository/main/password', revision: 3 })
    expect(sealed.box).not.toContain('correct')
  })
})

describe('who gets what another host left in escrow', () => {
  const OLD = 'ab'.repeat(32)

  async function successor(replaces: string | undefined, role: 'admin' | 'operator' = 'admin') {
    const fleet = await foundFleet('ann', { keep: false, role })
    const { binding, admission } = await fleet.admit(9, 'db-1', replaces)
    const trust = verifyChain(fleet.view.statements, null)
    const asked = (old: string) =>
      code(() => trustSuccessor(trust, binding.id, binding, { by: 'admission', admission }, old))
    // As a member, it is sound: what is refused below is its place alone.
    const member = trustMember(trust, binding.id, binding, { by: 'admission', admission })
    expect(member.sealKey).toBe(binding.seal)
    return asked
  }

  it('whom an admin put in exactly that place', async () => {
    const asked = await successor(OLD)
    expect(asked(OLD)).toBe('accepted')
    expect(asked('cd'.repeat(32))).toBe('not_admitted')
  })

  it('not one whose admission names nobody', async () => {
    expect((await successor(undefined))(OLD)).toBe('not_admitted')
  })

  it('not one that a former admin put there', async () => {
    expect((await successor(OLD, 'operator'))(OLD)).toBe('not_admitted')
  })

  it('not one that came in with a token, whatever it is called', () => {
    const { signed, proof, binding } = golden<GoldenSigned & { proof: string; binding: KeyBinding }>('token')
    const trust = verifyChain(chain, null)
    const credential = { by: 'token', token: signed, proof } as const
    expect(trustMember(trust, binding.id, binding, credential).agent).toBe(binding.id)
    expect(code(() => trustSuccessor(trust, binding.id, binding, credential, OLD))).toBe('not_admitted')
  })
})
