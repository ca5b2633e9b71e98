// Going on with a fleet after its coordinator lost its people: the next statement is one that everybody accepts, it changes
// nothing but who may sign, and only the fleet's own kit makes it.

import { describe, expect, it } from 'vitest'
import {
  kitFromWords,
  makeKit,
  nextStatement,
  signFoundation,
  signSuccession,
  standsAlready,
} from '../../src/seal'
import { operatorOf, TrustError, verifyChain } from '../../src/seal/trust'

const home = { id: '1'.repeat(64), channel: '2'.repeat(64), name: 'home' }
const first = { key: 'a'.repeat(64), name: 'ada' }
const second = { key: 'b'.repeat(64), name: 'ada' }

async function founded() {
  const kit = makeKit()
  const statement = await signFoundation(
    {
      fleet: kit.fleet,
      rootKey: kit.rootKey,
      recoveryKey: kit.recoveryKey,
      coordinator: home,
      operator: first,
    },
    kit.rootSigner,
  )
  return { kit, statement, trust: verifyChain([statement], null) }
}

describe('a fleet that outlived its coordinator’s database', () => {
  it('needs nothing new where this browser’s key is an admin’s already', async () => {
    const { trust } = await founded()
    expect(standsAlready(trust, first.key, home)).toBe(true)
    expect(standsAlready(trust, second.key, home)).toBe(false)
    expect(standsAlready(trust, undefined, home)).toBe(false)
    expect(standsAlready(trust, first.key, { ...home, channel: '3'.repeat(64) })).toBe(false)
  })

  it('goes on by the words of its kit, and everything else stays as it was', async () => {
    const { kit, statement, trust } = await founded()
    const again = kitFromWords(kit.words.join(' '))
    const signed = await signSuccession(nextStatement(trust, home, second), again.rootSigner)
    const next = verifyChain([statement, signed], trust)
    expect(next.statement).toMatchObject({
      version: 2,
      fleet: trust.fleet,
      root: kit.rootKey,
      recovery: kit.recoveryKey,
      coordinators: [home],
    })
    expect(operatorOf(next, first.key)?.role).toBe('admin')
    expect(operatorOf(next, second.key)).toEqual({ ...second, role: 'admin' })
  })

  it('makes an operator’s key an admin’s, and names it once', async () => {
    const { kit, statement, trust } = await founded()
    const third = nextStatement(trust, home, second)
    const lowered = await signSuccession(
      { ...third, operators: [...trust.statement.operators, { ...second, role: 'operator' }] },
      kit.rootSigner,
    )
    const before = verifyChain([statement, lowered], null)
    expect(standsAlready(before, second.key, home)).toBe(false)
    const signed = await signSuccession(nextStatement(before, home, second), kit.rootSigner)
    const { operators } = verifyChain([statement, lowered, signed], before).statement
    expect(operators.filter(({ key }) => key === second.key)).toEqual([{ ...second, role: 'admin' }])
  })

  it('names the coordinator’s new keys where its key file was lost too', async () => {
    const { kit, statement, trust } = await founded()
    const rebuilt = { ...home, channel: '4'.repeat(64) }
    const signed = await signSuccession(nextStatement(trust, rebuilt, second), kit.rootSigner)
    expect(verifyChain([statement, signed], trust).statement.coordinators).toEqual([rebuilt])
  })

  it('is not taken over by another kit', async () => {
    const { statement, trust } = await founded()
    const signed = await signSuccession(nextStatement(trust, home, second), makeKit().rootSigner)
    expect(() => verifyChain([statement, signed], trust)).toThrow(TrustError)
  })
})
