// The device key signs, survives, and cannot be taken out.

import 'fake-indexeddb/auto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Action } from '../../src/api/types.gen'
import { concat, utf8 } from '../../src/seal/bytes'
import { ADMISSION } from '../../src/seal/domain'
import { verify } from '../../src/seal/ed25519'
import {
  dropTokenSeed,
  forgetFleet,
  keepSeen,
  keepTokenSeed,
  makeDevice,
  readDevice,
  readSeen,
  readTokenSeed,
} from '../../src/seal/memory'
import { signOrder, uuid7 } from '../../src/seal/orders'
import { open } from '../../src/seal/signed'

describe('the operator’s device key', () => {
  it('counts only once it is kept, one per person', async () => {
    const { device, keep } = await makeDevice('ada', 'laptop')
    expect(await readDevice('ada')).toBeNull()
    await keep()
    const read = await readDevice('ada')
    expect(read).toMatchObject({ name: 'laptop', user: 'ada' })
    expect(read?.signer.key).toBe(device.signer.key)
    expect(await readDevice('otto')).toBeNull()
    const message = utf8('hello')
    const signature = await read?.signer.sign(concat(ADMISSION, message))
    expect(verify(device.signer.key, ADMISSION, message, signature ?? new Uint8Array())).toBe(true)
  })

  it('signs orders whose bytes verify', async () => {
    const { device } = await makeDevice('ada', 'laptop')
    const pen = { fleet: 'ab'.repeat(32), person: 'ada', signer: device.signer }
    const signed = await signOrder(
      { do: 'confirm_plan', revision: 4 },
      'cd'.repeat(32),
      pen,
      1_795_187_040_000,
    )
    const { document } = open('order', signed)
    expect(document).toMatchObject({ agent: 'cd'.repeat(32), person: 'ada', issued_at: 1_795_187_040_000 })
    expect(document.expires_at).toBeGreaterThan(document.issued_at)
  })

  it('lets an edit wait for years, a confirmation for a day', async () => {
    const { device } = await makeDevice('ada', 'laptop')
    const pen = { fleet: 'ab'.repeat(32), person: 'ada', signer: device.signer }
    const day = 86_400_000
    const stays = async (action: Action) => {
      const { document } = open('order', await signOrder(action, 'cd'.repeat(32), pen, day))
      return document.expires_at - document.issued_at
    }
    expect(await stays({ do: 'confirm_plan', revision: 4 })).toBe(day)
    const secret = { slot: 'repository/main/password', revision: 1, box: 'AA' }
    expect(await stays({ do: 'set_secret', secret })).toBeGreaterThan(365 * day)
  })

  it('order ids are UUIDs of version 7 that sort by time', () => {
    const ids = [1_795_187_040_000, 1_795_187_040_001, 2_000_000_000_000].map(uuid7)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect([...ids].sort()).toEqual(ids)
    expect(Number.parseInt(ids[0]?.replaceAll('-', '').slice(0, 12) ?? '', 16)).toBe(1_795_187_040_000)
  })
})

describe('what the browser remembers', () => {
  beforeEach(forgetFleet)

  it('the highest statements seen', async () => {
    expect(await readSeen()).toBeNull()
    await keepSeen({ fleet: 'f', hashes: ['1', '2'] })
    expect(await readSeen()).toEqual({ fleet: 'f', hashes: ['1', '2'] })
    // Another tab, which has not seen the second yet.
    await keepSeen({ fleet: 'f', hashes: ['1'] })
    expect(await readSeen()).toEqual({ fleet: 'f', hashes: ['1', '2'] })
    await keepSeen({ fleet: 'g', hashes: ['3'] })
    expect(await readSeen()).toEqual({ fleet: 'g', hashes: ['3'] })
  })

  it('a token’s seed until it expires or is used', async () => {
    await keepTokenSeed({ token: 't', text: 'rmt_x', expiresAt: 100 })
    expect(await readTokenSeed('t', 99)).toBe('rmt_x')
    expect(await readTokenSeed('t', 100)).toBeNull()
    expect(await readTokenSeed('t', 99)).toBeNull()
    await keepTokenSeed({ token: 't', text: 'rmt_x', expiresAt: 100 })
    await dropTokenSeed('t')
    expect(await readTokenSeed('t', 1)).toBeNull()
  })
})
