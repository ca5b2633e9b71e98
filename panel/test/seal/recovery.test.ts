// Streams, loans and escrow: what Rust seals opens here, and nothing else does.

import { afterEach, describe, expect, it, vi } from 'vitest'
import type { EscrowBox, EscrowHost } from '../../src/api/types.gen'
import { KitError, kitForBundle, kitOfFleet, makeKit, StreamError, verifyChain } from '../../src/seal'
import { boxInfo, openBox, sealBox } from '../../src/seal/box'
import { type Bytes, concat, fromHex, toHex, utf8 } from '../../src/seal/bytes'
import { lentFrom, openEscrow, sealLent } from '../../src/seal/escrow'
import { agentFingerprint } from '../../src/seal/fingerprint'
import { makeStreamKey, openStream, type StreamContext, streamInfo } from '../../src/seal/stream'
import { trustCompared } from '../../src/seal/trust'
import { golden } from '../fixtures'
import { foundFleet } from '../fleet'

afterEach(() => vi.unstubAllGlobals())

interface GoldenStream extends StreamContext {
  recipient_secret: string
  info: string
  chunks: string[]
  stream: string
  failed: string
  failure: { message: string; hint: string }
}

const fixture = golden<GoldenStream>('stream')
const secret = fromHex(fixture.recipient_secret)
const whole = fromHex(fixture.stream, fixture.stream.length / 2)
const failed = fromHex(fixture.failed, fixture.failed.length / 2)
const plain = concat(...fixture.chunks.map((hex) => fromHex(hex, hex.length / 2)))

/** What comes out of `bytes`, handed over in pieces of `size`; what was there before an error is lost, as for a file. */
async function opened(bytes: Uint8Array, size: number, change: Partial<StreamContext> = {}): Promise<Bytes> {
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
      controller.close()
    },
  })
  const out: Uint8Array[] = []
  const through = pieces.pipeThrough(openStream({ ...fixture, ...change }, secret))
  for (const reader = through.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) return concat(...out)
    out.push(value)
  }
}

describe('a sealed stream', () => {
  it('is bound as Rust binds it', () => {
    expect(toHex(streamInfo(fixture))).toBe(fixture.info)
  })

  it.each([1 << 20, 4096, 37, 33])('opens in pieces of %i bytes', async (size) => {
    expect(toHex(await opened(whole, size))).toBe(toHex(plain))
  })

  it('that ends anywhere but at its end was cut', async () => {
    const ends = [0, 10, 32, 36, 60, 100, whole.length - 1]
    for (const end of ends) {
      await expect(opened(whole.slice(0, end), 50)).rejects.toMatchObject({ kind: 'cut' })
    }
  })

  it('that failed says why in the host’s own words', async () => {
    await expect(opened(failed, 4096)).rejects.toMatchObject({ kind: 'failed', ...fixture.failure })
  })

  it('with a changed byte, a changed kind, or something behind its end is refused', async () => {
    const changed = (at: number) => whole.map((byte, n) => (n === at ? byte ^ 1 : byte))
    for (const at of [5, 32, 33, 40, whole.length - 1]) {
      const error = await opened(changed(at), 4096).then(
        () => null,
        (problem: unknown) => problem,
      )
      expect(error, `byte ${at}`).toBeInstanceOf(StreamError)
    }
    await expect(opened(concat(whole, new Uint8Array(1)), 4096)).rejects.toMatchObject({ kind: 'forged' })
  })

  it('is good for its host, fleet and order alone', async () => {
    const other = { order: fixture.order.replace(/.$/, 'f') }
    for (const change of [other, { agent: fixture.fleet }, { fleet: fixture.agent }]) {
      await expect(opened(whole, 4096, change)).rejects.toMatchObject({ kind: 'forged' })
    }
  })

  it('has a key of its own each time, which is wiped', () => {
    const [one, two] = [makeStreamKey(), makeStreamKey()]
    expect(one.recipient).not.toBe(two.recipient)
    one.wipe()
    expect(one.secret.every((byte) => byte === 0)).toBe(true)
  })
})

it('what is lent is bound as Rust binds it, and opens', async () => {
  const lent = golden<{
    recipient: string
    recipient_secret: string
    fleet: string
    agent: string
    slot: string
    revision: number
    info: string
    box: string
    plaintext: string
  }>('lent')
  const { recipient, fleet, agent, slot, revision } = lent
  const context = { purpose: 'lent', recipient, fleet, agent, slot, revision } as const
  expect(toHex(boxInfo(context))).toBe(lent.info)
  const bytes = await openBox(context, fromHex(lent.recipient_secret), lent.box)
  expect(bytes).toEqual(utf8(lent.plaintext))
})

describe('escrow', () => {
  const backend = { kind: 'local', path: '/srv/repo' } as const

  async function escrowOf(words: readonly string[], more: EscrowBox[] = []) {
    const fleet = await foundFleet('ann')
    const { statement } = verifyChain(fleet.view.statements, null)
    const kit = kitOfFleet(words.length === 0 ? fleet.words.join(' ') : words.join(' '), statement)
    const seal = async (slot: string, revision: number, value: string): Promise<EscrowBox> => {
      const context = {
        recipient: kit.recoveryKey,
        fleet: kit.fleet,
        agent: fleet.binding.id,
        slot,
        revision,
      }
      const box = await sealBox({ purpose: 'escrow', ...context }, utf8(value))
      return { slot, revision, recovery: kit.recoveryKey, box }
    }
    const host: EscrowHost = {
      agent: fleet.binding.id,
      name: 'web-1',
      hostname: 'web-1.example.org',
      repositories: { main: backend },
      boxes: [
        await seal('repository/main/password', 1, 'old'),
        await seal('repository/main/password', 2, 'new'),
        await seal('repository/main/login', 1, '{"user":"u","password":"p"}'),
        ...more,
      ],
    }
    return { fleet, kit, host, statement }
  }

  it('opens to the newest that opens, and names what does not', async () => {
    const { kit, host } = await escrowOf([])
    host.boxes.push({
      slot: 'hook/*/pre',
      revision: 1,
      recovery: 'ab'.repeat(32),
      box: host.boxes[0]?.box ?? '',
    })
    host.boxes.push({ ...(host.boxes[0] as EscrowBox), slot: 'ping/home' })
    const found = await openEscrow(kit, kit.fleet, host)
    expect(found.values).toEqual({
      'repository/main/password': 'new',
      'repository/main/login': '{"user":"u","password":"p"}',
    })
    expect(found.closed.map(({ slot }) => slot).sort()).toEqual(['hook/*/pre', 'ping/home'])
    // A box of another host's, under this one's name, opens no more than a changed one.
    const elsewhere = await openEscrow(kit, kit.fleet, { ...host, agent: 'cd'.repeat(32) })
    expect(elsewhere.values).toEqual({})
    kit.wipe()
    expect(kit.recoverySecret.every((byte) => byte === 0)).toBe(true)
    expect((await openEscrow(kit, kit.fleet, host)).values).toEqual({})
  })

  it('lends to the host that restores, for one job', async () => {
    const { fleet, kit, host } = await escrowOf([])
    const target = await fleet.admit(9, 'web-2')
    const trust = verifyChain(fleet.view.statements, null)
    const to = trustCompared(trust, target.binding, agentFingerprint(target.binding))
    const job = '0192f0c1-7a3b-7c1e-9f00-000000000022'
    const about = { job, source: host.agent, repository: 'main', backend }
    const found = await openEscrow(kit, kit.fleet, host)
    const box = await sealLent(lentFrom(found, 'web', about), to)
    expect(JSON.parse(await target.unseal('repository/main/lent', 1, box, 'lent'))).toEqual({
      ...about,
      password: 'new',
      login: { user: 'u', password: 'p' },
    })
    expect(() => lentFrom({ values: {}, closed: [] }, 'web', about)).toThrow(
      /no password of the repository main/,
    )
    const values = { 'repository/main/password': 'p', 'repository/main/login': 'hunter2' }
    expect(() => lentFrom({ values, closed: [] }, 'web', about)).toThrow(/login is open, and not what/)
    const nameless = { ...values, 'repository/main/login': '{"user":"","password":"p"}' }
    expect(lentFrom({ values: nameless, closed: [] }, 'web', about).login?.user).toBe('web')
  })

  it('takes the words of this fleet’s kit alone, and says which word is none', async () => {
    const { fleet, kit, host, statement } = await escrowOf([])
    const other = makeKit()
    expect(() => kitOfFleet(other.words.join(' '), statement)).toThrow(/another fleet’s kit/)
    const wrong = [...fleet.words]
    wrong[4] = 'resticc'
    expect(() => kitOfFleet(wrong.join(' '), statement)).toThrow(/Word 5 is not in the word list/)
    expect(() => kitOfFleet(fleet.words.join(' '), { ...statement, recovery: other.recoveryKey })).toThrow(
      /statement 1 names another recovery key/,
    )
    const bundle = { fleet: kit.fleet, hosts: [host] }
    expect(kitForBundle(fleet.words.join(' '), bundle).recoveryKey).toBe(kit.recoveryKey)
    expect(() => kitForBundle(other.words.join(' '), bundle)).toThrow(KitError)
  })
})
