// @vitest-environment jsdom
//
// Keys for programs: made with no more than one has oneself, shown once, revoked after a question; dead ones say why.

import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Role } from '../../src/api/types.gen'
import ApiTokensPage from '../../src/pages/settings/ApiTokensPage'
import { type Fleet, foundFleet } from '../fleet'
import { show } from '../stage'
import { NOW, Team, tokenOf } from '../team'

let fleet: Fleet
beforeAll(async () => {
  fleet = await foundFleet('ann')
  fleet.view.coordinator.public_url = 'https://home.example'
})
afterEach(() => vi.unstubAllGlobals())

function play(role: Role = 'admin') {
  const team = new Team(fleet, 'ann', role)
  vi.stubGlobal('fetch', vi.fn(team.fetch))
  return team
}

async function form() {
  const user = show(<ApiTokensPage />)
  await user.click(await screen.findByTestId('new-api-token'))
  const dialog = within(await screen.findByRole('dialog'))
  const make = () => user.click(dialog.getByRole('button', { name: 'Make the token' }))
  return { user, dialog, make }
}

describe('a new token', () => {
  it('is shown once, with an example that keeps it out of the arguments', async () => {
    const team = play()
    const { user, dialog, make } = await form()
    await user.type(dialog.getByLabelText(/^Name/), 'grafana')
    await make()
    expect((await screen.findByTestId('api-token-secret')).textContent).toContain('rma_once')
    expect(team.asked).toEqual([
      { method: 'POST', path: '/api-tokens', body: { name: 'grafana', role: 'viewer', days: 90 } },
    ])
    const example = await screen.findByText(
      /curl -H @restic-manager.header https:\/\/home.example\/api\/v1\//,
    )
    expect(example.textContent).not.toMatch(/curl.*rma_once/)
    await user.click(screen.getByRole('button', { name: 'I have stored it' }))
    await waitFor(() => expect(document.body.textContent).not.toContain('rma_once'))
    expect((await screen.findByTestId('api-token-grafana')).textContent).toContain('Open')
    await user.click(screen.getByTestId('new-api-token'))
    await screen.findByRole('dialog', { name: 'A new API token' })
  })

  it('may live for ever, which is told, and then no days are sent', async () => {
    const team = play()
    const { user, dialog, make } = await form()
    await user.type(dialog.getByLabelText(/^Name/), 'for ever')
    await user.click(dialog.getByRole('combobox', { name: 'Expires after' }))
    await user.click(await screen.findByText('It does not expire'))
    dialog.getByText(/until it is revoked, whoever finds it gets in/)
    await make()
    await waitFor(() =>
      expect(team.asked.map(({ body }) => body)).toEqual([{ name: 'for ever', role: 'viewer' }]),
    )
  })

  it('offers no role above one’s own', async () => {
    play('operator')
    const { dialog } = await form()
    const roles = dialog.getAllByRole<HTMLInputElement>('radio').map(({ value }) => value)
    expect(roles).toEqual(['viewer', 'operator'])
  })

  it('wants a name, and stays as typed when it is refused', async () => {
    const team = play()
    const { user, dialog, make } = await form()
    await make()
    dialog.getByText('Say what it is for.')
    expect(team.asked).toEqual([])
    team.refuses.set('POST /api-tokens', {
      code: 'conflict',
      detail: 'There are a hundred already.',
      hint: 'Revoke one first.',
    })
    await user.type(dialog.getByLabelText(/^Name/), 'one more')
    await make()
    await dialog.findByText('There are a hundred already. Revoke one first.')
    expect(dialog.getByLabelText<HTMLInputElement>(/^Name/).value).toBe('one more')
  })
})

describe('the list of tokens', () => {
  it('says of each dead one why', async () => {
    const team = play()
    team.tokens = [
      tokenOf(1, 'good'),
      tokenOf(2, 'old', { expires_at: NOW - 1_000, dead: true }),
      tokenOf(3, 'gone', { revoked_at: NOW - 1_000, dead: true }),
      tokenOf(4, 'orphan', { person: 'bob', dead: true }),
    ]
    show(<ApiTokensPage />)
    const row = async (name: string) => (await screen.findByTestId(`api-token-${name}`)).textContent
    expect(await row('good')).toContain('Open')
    expect(await row('old')).toContain('Expired')
    expect(await row('gone')).toContain('Revoked')
    expect(await row('orphan')).toContain('bob is disabled')
    expect(screen.queryByRole('button', { name: 'Revoke gone' })).toBeNull()
  })

  it('says what counts where its maker may do less now', async () => {
    const team = play('operator')
    team.tokens = [
      tokenOf(1, 'before', { role: 'admin', person: 'ann' }),
      tokenOf(2, 'same', { role: 'viewer' }),
    ]
    show(<ApiTokensPage />)
    const row = await screen.findByTestId('api-token-before')
    expect(row.textContent).toContain('operatorMade for admin; ann is an operator now')
    expect(screen.getByTestId('api-token-same').textContent).not.toContain('Made for')
  })

  it('says it to admins of everybody’s', async () => {
    const team = play()
    team.people = team.people.map((one) => (one.name === 'bob' ? { ...one, role: 'viewer' } : one))
    team.tokens = [tokenOf(1, 'his', { role: 'operator', person: 'bob' })]
    show(<ApiTokensPage />)
    await screen.findByText('Made for operator; bob is a viewer now')
  })

  it('names whose they are to admins alone', async () => {
    play('viewer').tokens = [tokenOf(1, 'mine')]
    show(<ApiTokensPage />)
    await screen.findByTestId('api-token-mine')
    expect(screen.queryByRole('columnheader', { name: /Whose/ })).toBeNull()
  })

  it('revokes after a question, and tells a failure', async () => {
    const team = play()
    team.tokens = [tokenOf(1, 'grafana')]
    team.refuses.set('DELETE /api-tokens/1', { code: 'storage_unavailable', detail: 'The disk is full.' })
    const user = show(<ApiTokensPage />)
    await user.click(await screen.findByRole('button', { name: 'Revoke grafana' }))
    await user.click(await screen.findByRole('button', { name: 'Revoke' }))
    await screen.findByText('The token was not revoked')
    team.refuses.clear()
    await user.click(screen.getByRole('button', { name: 'Revoke' }))
    await screen.findByText('The token is revoked')
    await waitFor(async () =>
      expect((await screen.findByTestId('api-token-grafana')).textContent).toContain('Revoked'),
    )
  })
})
