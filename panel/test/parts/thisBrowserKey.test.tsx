// @vitest-environment jsdom
//
// This browser's key: made here, proved to be this person's, and noticed once an admin approved it.

import { screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnnounceKeyRequest } from '../../src/api/types.gen'
import { ThisBrowserKey } from '../../src/parts/ThisBrowserKey'
import { deviceFingerprint, fingerprintWords, makeDevice, readDevice } from '../../src/seal'
import { type Fleet, foundFleet } from '../fleet'
import { show } from '../stage'
import { keyOf, Team } from '../team'

let fleet: Fleet
beforeEach(async () => {
  indexedDB.deleteDatabase('restic-manager')
  fleet = await foundFleet('ann')
})
afterEach(() => vi.unstubAllGlobals())

function play(user: string, role: 'admin' | 'operator' | 'viewer') {
  const team = new Team(fleet, user, role)
  vi.stubGlobal('fetch', vi.fn(team.fetch))
  return team
}

describe('the key of this browser', () => {
  it('is made, kept, announced with a proof, and waits with its fingerprint in sight', async () => {
    const team = play('bob', 'operator')
    const user = show(<ThisBrowserKey />)
    const name = await screen.findByLabelText<HTMLInputElement>('What this browser is called')
    await user.clear(name)
    await screen.findByText('Give it a name.')
    await user.click(screen.getByTestId('announce-key'))
    expect(team.asked).toEqual([])
    await user.type(name, 'the laptop')
    await user.click(screen.getByTestId('announce-key'))
    await screen.findByText('“the laptop” waits for an admin')
    const device = await readDevice('bob')
    const request = team.asked[0]?.body as AnnounceKeyRequest
    expect(request).toMatchObject({ key: device?.signer.key, name: 'the laptop' })
    const words = fingerprintWords(deviceFingerprint(request.key))
    expect(screen.getByTestId('own-fingerprint').textContent).toContain(words.join(''))
  })

  it('stays when the coordinator refuses it, and the next try announces the same one', async () => {
    const team = play('dora', 'operator')
    team.refuses.set('POST /account/keys', { code: 'storage_unavailable', detail: 'The disk is full.' })
    const user = show(<ThisBrowserKey />)
    await user.click(await screen.findByTestId('announce-key'))
    await screen.findByText(/The disk is full/)
    team.refuses.clear()
    await user.click(await screen.findByRole('button', { name: 'Announce this key as mine' }))
    await screen.findByText(/waits for an admin/)
    const [first, second] = team.asked.map(({ body }) => (body as AnnounceKeyRequest).key)
    expect(second).toBe(first)
  })

  it('says what it may sign once the statement names it', async () => {
    const team = play('ann', 'admin')
    team.keys = [keyOf(fleet.device, { person: 'ann', person_role: 'admin', role: 'admin' })]
    show(<ThisBrowserKey />)
    await screen.findByText(/is approved: it may sign as admin/)
    expect(screen.queryByTestId('announce-key')).toBeNull()
  })

  it('is not asked of a viewer, and one that they have waits for another role', async () => {
    const team = play('carl', 'viewer')
    show(<ThisBrowserKey />)
    await screen.findByText('A viewer signs nothing, so this browser needs no key.')
    const { device, keep } = await makeDevice('eve', 'old')
    await keep()
    const other = play('eve', 'viewer')
    other.keys = [keyOf(device.signer.key, { person: 'eve', name: 'old' })]
    show(<ThisBrowserKey />)
    await screen.findByText(/nothing to approve until your role is another one/)
    await waitFor(() => expect(team.asked).toEqual([]))
  })
})
