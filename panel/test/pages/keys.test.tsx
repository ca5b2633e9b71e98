// @vitest-environment jsdom
//
// Operator keys as an admin manages them: approved after a comparison, revoked, lowered; each is the next statement, which
// everybody accepts. Whoever cannot sign is told why.

import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import KeysPage from '../../src/pages/settings/KeysPage'
import {
  deviceFingerprint,
  fingerprintText,
  fingerprintWords,
  makeKit,
  operatorOf,
  readDevice,
  signStatement,
  verifyChain,
  withOperator,
} from '../../src/seal'
import { seedSigner } from '../../src/seal/ed25519'
import { type Fleet, foundFleet } from '../fleet'
import { show } from '../stage'
import { keyOf, personOf, Team } from '../team'

const other = seedSigner(new Uint8Array(32).fill(21))
let fleet: Fleet
let team: Team

beforeEach(async () => {
  fleet = await foundFleet('ann')
  team = new Team(fleet)
  team.keys = [
    keyOf(fleet.device, {
      ...{ person: 'ann', person_id: 1, person_role: 'admin', name: 'a browser', role: 'admin' },
    }),
    keyOf(other.key),
  ]
  vi.stubGlobal('fetch', vi.fn(team.fetch))
})
afterEach(() => vi.unstubAllGlobals())

const standing = (key: string) => operatorOf(verifyChain(fleet.view.statements, null), key)

/** The statement names the other key too, as what `role` says. */
async function named(role: 'operator' | 'admin') {
  const trust = verifyChain(fleet.view.statements, null)
  const device = await readDevice('ann')
  if (device === null) throw new Error('ann has no key')
  const next = withOperator(trust, { key: other.key, name: 'bob', role })
  fleet.view.statements = [...fleet.view.statements, await signStatement(next, device.signer)]
}

describe('a key that waits', () => {
  it('is approved only after it was compared, and by the next statement', async () => {
    const user = show(<KeysPage />)
    await user.click(
      await screen.findByRole('button', { name: 'Compare and approve bob · Firefox on Linux' }),
    )
    const dialog = within(await screen.findByRole('dialog'))
    const sign = dialog.getByTestId<HTMLButtonElement>('approve-key')
    await waitFor(() => expect(sign.disabled).toBe(false))
    await user.click(sign)
    dialog.getByText('Compare first: an approved key is believed by every host.')
    expect(team.asked).toEqual([])
    const paste = dialog.getByLabelText('Or paste what the other browser shows')
    await user.type(paste, fingerprintText('0'.repeat(64)))
    dialog.getByText('That is another fingerprint. Do not approve this key.')
    await user.clear(paste)
    await user.click(paste)
    await user.paste(fingerprintText(deviceFingerprint(other.key)))
    dialog.getByText('They are the same')
    await user.click(sign)
    await screen.findByText('bob’s key is approved')
    expect(standing(other.key)).toEqual({ key: other.key, name: 'bob', role: 'operator' })
    within(await screen.findByTestId('waiting-keys')).getByText('No key waits')
  })

  it('of an admin may be let sign as less', async () => {
    team.keys = [...team.keys.slice(0, 1), keyOf(other.key, { person_role: 'admin' })]
    const user = show(<KeysPage />)
    await user.click(await screen.findByRole('button', { name: /^Compare and approve/ }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByTestId('compared'))
    expect(dialog.getByLabelText<HTMLInputElement>('Admin').checked).toBe(true)
    await user.click(dialog.getByLabelText('Operator'))
    await user.click(dialog.getByTestId('approve-key'))
    await waitFor(() => expect(standing(other.key)?.role).toBe('operator'))
  })

  it('of a viewer or a disabled person cannot, with the reason', async () => {
    team.keys = [...team.keys.slice(0, 1), keyOf(other.key, { person_disabled: true })]
    team.keys.push(
      keyOf('e'.repeat(64), { person: 'eve', person_id: 9, person_role: 'viewer', name: 'tablet' }),
    )
    show(<KeysPage />)
    await screen.findByText('eve is a viewer, and signs nothing. Change the role first.')
    await screen.findByText('bob is disabled.')
    const buttons = screen.getAllByRole('button', { name: /^Compare and approve/ })
    expect(buttons.map((button) => button.getAttribute('aria-disabled'))).toEqual(['true', 'true'])
  })

  it('tells when somebody else signed a statement meanwhile', async () => {
    team.refuses.set('POST /fleet/statements', {
      code: 'stale',
      detail: 'Statement 2 is another one.',
      hint: 'Reload and do it again.',
    })
    const user = show(<KeysPage />)
    await user.click(await screen.findByRole('button', { name: /^Compare and approve/ }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByTestId('compared'))
    await user.click(dialog.getByTestId('approve-key'))
    await dialog.findByText('Statement 2 is another one. Reload and do it again.')
  })

  it('is forgotten after a question', async () => {
    const user = show(<KeysPage />)
    await user.click(await screen.findByRole('button', { name: 'Forget bob · Firefox on Linux' }))
    await user.click(await screen.findByRole('button', { name: 'Forget' }))
    await screen.findByText('The announcement is forgotten')
    expect(team.asked).toMatchObject([{ method: 'DELETE', path: `/keys/${other.key}` }])
  })

  it('is approved by the kit where no admin’s key is left, and only by this fleet’s', async () => {
    vi.unstubAllGlobals()
    // Of this fleet, this browser has no key at all.
    team = new Team(fleet, 'zoe')
    team.people.push(personOf(7, 'zoe', { role: 'admin' }))
    team.keys = [keyOf(other.key)]
    vi.stubGlobal('fetch', vi.fn(team.fetch))
    const user = show(<KeysPage />)
    await user.click(await screen.findByRole('button', { name: /^Compare and approve/ }))
    const dialog = within(await screen.findByRole('dialog'))
    await dialog.findByText('This browser has no operator key')
    await user.click(dialog.getByTestId('compared'))
    expect(dialog.getByTestId<HTMLButtonElement>('approve-key').disabled).toBe(true)
    await user.click(dialog.getByRole('button', { name: 'Sign with the recovery kit…' }))
    const words = dialog.getByLabelText('The 24 words of the recovery kit')
    await user.click(words)
    await user.paste(makeKit().words.join(' '))
    await user.click(dialog.getByTestId('approve-key'))
    await dialog.findByText('These are the words of another fleet’s kit. This fleet’s are needed.')
    expect(team.asked).toEqual([])
    await user.clear(words)
    await user.paste(fleet.words.join(' '))
    await user.click(dialog.getByTestId('approve-key'))
    await waitFor(() => expect(standing(other.key)?.role).toBe('operator'))
    expect(document.body.textContent).not.toContain(fleet.words.join(' '))
  })
})

describe('a key that counts', () => {
  it('is revoked after its name was typed, and does not wait again', async () => {
    await named('operator')
    const user = show(<KeysPage />)
    await user.click(await screen.findByRole('button', { name: 'Revoke bob · Firefox on Linux' }))
    const dialog = within(await screen.findByRole('dialog'))
    dialog.getByText('Revoke the key “bob · Firefox on Linux”?')
    dialog.getByText(fingerprintWords(deviceFingerprint(other.key)).join(' '))
    await user.type(dialog.getByLabelText('Type bob to go on'), 'bob')
    await user.click(dialog.getByRole('button', { name: 'Sign and revoke' }))
    await screen.findByText('The key is revoked')
    expect(standing(other.key)).toBeUndefined()
    expect(team.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /fleet/statements',
      `DELETE /keys/${other.key}`,
    ])
  })

  it('says that its person may less now, and is lowered', async () => {
    await named('admin')
    const user = show(<KeysPage />)
    await screen.findByText(/bob is an operator now, but this key may still sign as admin/)
    await user.click(screen.getByRole('button', { name: 'Lower bob · Firefox on Linux to operator' }))
    await user.click(await screen.findByRole('button', { name: 'Sign and lower' }))
    await waitFor(() =>
      expect(standing(other.key)).toEqual({
        key: other.key,
        name: 'bob',
        role: 'operator',
      }),
    )
  })

  it('says that its person is disabled, or unknown', async () => {
    await named('operator')
    team.keys = [keyOf(other.key, { person_disabled: true })]
    show(<KeysPage />)
    await screen.findByText(/bob is disabled, but hosts still believe this key/)
    await screen.findByText(/Nobody announced it here/)
  })

  it('of the only admin stays, with the reason', async () => {
    show(<KeysPage />)
    const revoke = await screen.findByRole('button', { name: 'Revoke ann · a browser' })
    expect(revoke.getAttribute('aria-disabled')).toBe('true')
    screen.getByText(/It is the only admin’s key/)
  })
})

it('an operator sees their own keys alone', async () => {
  team = new Team(fleet, 'bob', 'operator')
  team.keys = [keyOf(other.key), keyOf('e'.repeat(64), { person: 'eve' })]
  vi.stubGlobal('fetch', vi.fn(team.fetch))
  show(<KeysPage />)
  const mine = await screen.findByRole('table', { name: 'My keys' })
  await within(mine).findByText('nothing yet: it waits')
  expect(vi.mocked(fetch).mock.calls.map(([url]) => url)).not.toContain('/api/v1/keys')
})
