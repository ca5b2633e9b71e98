// Approving and revoking a key is the next statement, signed by an admin's key: everybody accepts it, nothing else changes,
// and the fleet is never left without an admin.

import { describe, expect, it } from 'vitest'
import {
  isLastAdmin,
  makeKit,
  operatorOf,
  proveKey,
  signFoundation,
  signStatement,
  verifyChain,
  withOperator,
  withoutOperator,
} from '../../src/seal'
import { concat, fromBase64Url, fromHex, lp } from '../../src/seal/bytes'
import { KEY_ANNOUNCEMENT, ORDER } from '../../src/seal/domain'
import { seedSigner, verify } from '../../src/seal/ed25519'

const home = { id: '1'.repeat(64), channel: '2'.repeat(64), name: 'home' }
const admin = seedSigner(new Uint8Array(32).fill(1))
const other = seedSigner(new Uint8Array(32).fill(2))
const bob = { key: other.key, name: 'bob', role: 'operator' } as const

async function founded() {
  const { fleet, rootKey, recoveryKey, rootSigner } = makeKit()
  const operator = { key: admin.key, name: 'ann · desk' }
  const first = await signFoundation({ fleet, rootKey, recoveryKey, coordinator: home, operator }, rootSigner)
  return { first, trust: verifyChain([first], null) }
}

describe('the next statement', () => {
  it('names one more key, then another role for it, then no longer', async () => {
    const { first, trust } = await founded()
    const second = await signStatement(withOperator(trust, bob), admin)
    const named = verifyChain([first, second], trust)
    expect(operatorOf(named, bob.key)).toEqual(bob)
    expect(named.statement).toMatchObject({
      version: 2,
      root: trust.statement.root,
      coordinators: [home],
      recovery: trust.statement.recovery,
    })
    const third = await signStatement(withOperator(named, { ...bob, role: 'admin' }), admin)
    const raised = verifyChain([first, second, third], named)
    expect(raised.statement.operators.filter(({ key }) => key === bob.key)).toEqual([
      { ...bob, role: 'admin' },
    ])
    const fourth = await signStatement(withoutOperator(raised, bob.key), admin)
    const without = verifyChain([first, second, third, fourth], raised)
    expect(operatorOf(without, bob.key)).toBeUndefined()
    expect(without.rolesEver.get(bob.key)).toBe('admin')
  })

  it('is an admin’s to sign', async () => {
    const { first, trust } = await founded()
    const second = await signStatement(withOperator(trust, bob), admin)
    const named = verifyChain([first, second], trust)
    const third = await signStatement(withOperator(named, { ...bob, role: 'admin' }), other)
    expect(() => verifyChain([first, second, third], named)).toThrow('signed by nobody who may')
  })

  it('leaves an admin', async () => {
    const { first, trust } = await founded()
    expect(isLastAdmin(trust, admin.key)).toBe(true)
    const second = await signStatement(withoutOperator(trust, admin.key), admin)
    expect(() => verifyChain([first, second], trust)).toThrow('names no admin')
    const third = await signStatement(withOperator(trust, { ...bob, role: 'admin' }), admin)
    const two = verifyChain([first, third], trust)
    expect(isLastAdmin(two, admin.key)).toBe(false)
    expect(isLastAdmin(trust, bob.key)).toBe(false)
  })
})

describe('the announcement of a key', () => {
  it('is of one fleet, one person and one use', async () => {
    const { trust } = await founded()
    const proof = fromBase64Url(await proveKey(trust.fleet, 'bjørn', other))
    const message = (fleet: string, person: string) => concat(fromHex(fleet), lp(person))
    expect(verify(other.key, KEY_ANNOUNCEMENT, message(trust.fleet, 'bjørn'), proof)).toBe(true)
    expect(verify(other.key, KEY_ANNOUNCEMENT, message(trust.fleet, 'bjorn'), proof)).toBe(false)
    expect(verify(other.key, KEY_ANNOUNCEMENT, message('0'.repeat(64), 'bjørn'), proof)).toBe(false)
    expect(verify(admin.key, KEY_ANNOUNCEMENT, message(trust.fleet, 'bjørn'), proof)).toBe(false)
    expect(verify(other.key, ORDER, message(trust.fleet, 'bjørn'), proof)).toBe(false)
  })
})
