// The first start when the network fails: what the coordinator may have committed is not undone by trying again. And whose the
// first key is.

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnnounceKeyRequest, SetupRequest, SignedDocument } from '../../src/api/types.gen'
import { found, goOnWithKit, lookAt } from '../../src/pages/setup/founding'
import { forgetFleet, makeKit, readDevice } from '../../src/seal'
import { open } from '../../src/seal/signed'

const sent: SetupRequest[] = []
const announced: AnnounceKeyRequest[] = []
let answers = false
vi.mock('../../src/api/calls', () => ({
  // Committed perhaps, but the answer never comes.
  setUp: (request: SetupRequest) => {
    sent.push(request)
    return answers ? Promise.resolve({ user: request.user }) : Promise.reject(new TypeError('network'))
  },
  announceKey: (request: AnnounceKeyRequest) => {
    announced.push(request)
    return Promise.reject(new TypeError('network'))
  },
}))

const person = {
  token: 't',
  user: 'ada',
  password: 'correct horse',
  again: 'correct horse',
  device: 'laptop',
}
const coordinator = { id: 'ab'.repeat(32), channel: 'cd'.repeat(32), name: 'office', public_url: 'https://b' }
const operators = (signed: SignedDocument) => open('statement', signed).document.operators
const keys = (signed: SignedDocument) => operators(signed).map(({ key }) => key)
const names = (signed: SignedDocument) => operators(signed).map(({ name }) => name)

describe('a start that is tried again', () => {
  beforeEach(async () => {
    sent.length = 0
    announced.length = 0
    answers = false
    await forgetFleet()
  })

  it('founds with the key of the first try', async () => {
    const kit = makeKit()
    await expect(found(person, coordinator, kit)).rejects.toThrow('network')
    const first = (await readDevice('ada'))?.signer.key
    await expect(found(person, coordinator, kit)).rejects.toThrow('network')
    expect((await readDevice('ada'))?.signer.key).toBe(first)
    expect(sent.map(({ statement }) => keys(statement))).toEqual([[first], [first]])
  })

  it('announces the key once the fleet is there, and stands without', async () => {
    const kit = makeKit()
    await expect(found(person, coordinator, kit)).rejects.toThrow('network')
    expect(announced).toEqual([])
    answers = true
    expect(await found(person, coordinator, kit)).toEqual({ user: 'ada' })
    const key = (await readDevice('ada'))?.signer.key
    expect(announced).toMatchObject([{ key, name: 'laptop' }])
  })

  it('names the operator as the coordinator knows the person, without the browser', async () => {
    answers = true
    const kit = makeKit()
    await found({ ...person, user: ' ada ' }, coordinator, kit)
    const statements = sent.splice(0).map(({ statement }) => statement)
    expect(statements.map(names)).toEqual([['ada']])
    const known = await lookAt(statements, 'otto', coordinator)
    await goOnWithKit({ ...person, user: 'otto' }, known, statements, coordinator, kit.words.join(' '))
    expect(sent.map(({ statement }) => names(statement))).toEqual([['ada', 'otto']])
    expect(announced.map(({ name }) => name)).toEqual(['laptop', 'laptop'])
  })

  it('goes on with a known fleet with the key of the first try', async () => {
    const kit = makeKit()
    const words = kit.words.join(' ')
    await expect(found({ ...person, user: 'eve' }, coordinator, kit)).rejects.toThrow('network')
    const statements = sent.splice(0).map(({ statement }) => statement)
    const known = await lookAt(statements, 'otto', coordinator)
    const otto = { ...person, user: 'otto' }
    const again = () => goOnWithKit(otto, known, statements, coordinator, words)
    await expect(again()).rejects.toThrow('network')
    const first = (await readDevice('otto'))?.signer.key
    await expect(again()).rejects.toThrow('network')
    expect((await readDevice('otto'))?.signer.key).toBe(first)
    expect(sent.map(({ statement }) => keys(statement)[1])).toEqual([first, first])
  })
})
