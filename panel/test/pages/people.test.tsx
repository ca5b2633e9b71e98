// @vitest-environment jsdom
//
// People as an admin manages them: found, invited by a link that is shown once, changed, let out and in; what cannot be
// done says why, and what the coordinator refuses is told where it belongs.

import { cleanup, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import PeoplePage from '../../src/pages/settings/PeoplePage'
import PersonPage from '../../src/pages/settings/PersonPage'
import { type Fleet, foundFleet } from '../fleet'
import { show } from '../stage'
import { personOf, Team } from '../team'

let fleet: Fleet
beforeAll(async () => {
  fleet = await foundFleet('ann')
})
afterEach(() => {
  vi.unstubAllGlobals()
  sessionStorage.clear()
})

function play(role: 'admin' | 'operator' = 'admin') {
  const team = new Team(fleet, 'ann', role)
  vi.stubGlobal('fetch', vi.fn(team.fetch))
  return team
}

const open = (id: number) =>
  show(<PersonPage />, { at: `/settings/people/${id}`, path: '/settings/people/:person' })
const blocked = (name: string | RegExp) => screen.getByRole('button', { name }).getAttribute('aria-disabled')

describe('the list of people', () => {
  it('shows who may sign in, and the disabled only when asked', async () => {
    const team = play()
    team.people.push(personOf(3, 'carl', { state: 'disabled', sessions: 0 }))
    team.people.push(personOf(4, 'dora', { provider: 'Example', factors: ['totp', 'passkey'] }))
    const user = show(<PeoplePage />)
    const table = await screen.findByRole('table', { name: 'People' })
    const row = await within(table).findByTestId('person-dora')
    expect(row.textContent).toContain('SSO')
    expect(row.textContent).toContain('code generator, passkey')
    expect(within(table).queryByTestId('person-carl')).toBeNull()
    await user.click(screen.getByRole('switch', { name: 'Show disabled' }))
    expect((await within(table).findByTestId('person-carl')).textContent).toContain('Disabled')
    await user.type(screen.getByRole('searchbox', { name: /^Search people/ }), 'CARL@')
    await waitFor(() => expect(within(table).queryByTestId('person-dora')).toBeNull())
    within(table).getByTestId('person-carl')
  })

  it('is not for operators, and says so instead of asking the coordinator', async () => {
    const team = play('operator')
    show(<PeoplePage />)
    await screen.findByText(
      /It takes an admin to see and manage people. You are an operator here. Ask an admin./,
    )
    expect(vi.mocked(fetch).mock.calls.map(([url]) => url)).toEqual(['/api/v1/session'])
    expect(team.asked).toEqual([])
  })
})

describe('inviting somebody', () => {
  async function fill(name: string) {
    const user = show(<PeoplePage />)
    await user.click(await screen.findByTestId('invite'))
    const dialog = within(await screen.findByRole('dialog'))
    if (name !== '') await user.type(dialog.getByLabelText(/^Name/), name)
    return {
      user,
      dialog,
      send: () => user.click(dialog.getByRole('button', { name: 'Make the setup link' })),
    }
  }

  it('gives a link that is shown this once', async () => {
    const team = play()
    const { user, dialog, send } = await fill('erin')
    await user.type(dialog.getByLabelText('E-mail'), 'erin@example.org')
    await user.click(dialog.getByLabelText('Operator'))
    await send()
    const link = await screen.findByTestId('setup-link')
    expect(link.textContent).toContain('https://home.example/welcome#erin-1')
    expect(team.asked).toEqual([
      {
        method: 'POST',
        path: '/people',
        body: { name: 'erin', email: 'erin@example.org', role: 'operator' },
      },
    ])
    await user.click(screen.getByRole('button', { name: 'Done' }))
    await waitFor(() => expect(screen.queryByTestId('setup-link')).toBeNull())
    expect((await screen.findByTestId('person-erin')).textContent).toContain('Set-up pending')
  })

  it('wants a name, and says at the field what the coordinator finds wrong', async () => {
    const team = play()
    const { user, dialog, send } = await fill('')
    await send()
    dialog.getByText('Somebody needs a name to sign in.')
    expect(team.asked).toEqual([])
    const fields = [{ field: 'email', message: 'That is no e-mail address.' }]
    team.refuses.set('POST /people', { code: 'invalid_field', status: 422, fields })
    await user.type(dialog.getByLabelText(/^Name/), 'erin')
    await user.type(dialog.getByLabelText('E-mail'), 'erin')
    await send()
    await dialog.findByText('That is no e-mail address.')
    expect(dialog.getByLabelText<HTMLInputElement>('E-mail').value).toBe('erin')
  })

  it('offers to enable a disabled person of that name again', async () => {
    const team = play()
    team.people.push(personOf(3, 'carl', { state: 'disabled' }))
    team.refuses.set('POST /people', {
      code: 'name_of_disabled',
      detail: 'carl is the name of somebody who is disabled.',
      hint: 'Enable them again, or choose another name.',
      subject: '3',
    })
    const { user, dialog, send } = await fill('Carl')
    await send()
    await dialog.findByText('carl is the name of somebody who is disabled.')
    await user.click(dialog.getByRole('button', { name: 'Enable again' }))
    await screen.findByText('carl is enabled again')
    expect(team.asked.at(-1)).toMatchObject({ method: 'POST', path: '/people/3/enable' })
    expect(team.people.find(({ id }) => id === 3)?.state).toBe('active')
  })
})

describe('one person', () => {
  it('gets another role and e-mail, and only what changed is sent', async () => {
    const team = play()
    const user = open(2)
    const form = within(await screen.findByTestId('person-form'))
    await user.click(form.getByLabelText('Viewer'))
    form.getByText(/what the person’s keys may sign is changed under Operator keys/)
    await user.click(form.getByTestId('save-person'))
    await screen.findByText('bob is changed')
    expect(team.asked).toEqual([{ method: 'PATCH', path: '/people/2', body: { role: 'viewer' } }])
  })

  it('keeps what was typed and not saved over leaving the page, until it is discarded', async () => {
    play()
    const user = open(2)
    const form = () => within(screen.getByTestId('person-form'))
    await user.type(within(await screen.findByTestId('person-form')).getByLabelText('E-mail'), 'x')
    const typed = form().getByLabelText<HTMLInputElement>('E-mail').value
    cleanup()
    const again = open(2)
    await screen.findByTestId('person-form')
    await waitFor(() => expect(form().getByLabelText<HTMLInputElement>('E-mail').value).toBe(typed))
    await again.click(form().getByRole('button', { name: 'Discard' }))
    expect(form().getByLabelText<HTMLInputElement>('E-mail').value).not.toBe(typed)
    expect(form().queryByRole('button', { name: 'Discard' })).toBeNull()
  })

  it('stays as typed when the coordinator protects the last admin', async () => {
    const team = play()
    team.people.push(personOf(3, 'carl', { role: 'admin' }))
    team.refuses.set('PATCH /people/3', {
      code: 'last_admin',
      detail: 'carl is the last admin.',
      hint: 'Make somebody else an admin first.',
    })
    const user = open(3)
    const form = within(await screen.findByTestId('person-form'))
    await user.click(form.getByLabelText('Operator'))
    await user.click(form.getByTestId('save-person'))
    await form.findByText('carl is the last admin. Make somebody else an admin first.')
    expect(form.getByLabelText<HTMLInputElement>('Operator').checked).toBe(true)
  })

  it('is kept an admin and enabled while there is no other, with the reason', async () => {
    play()
    open(1)
    const reason = 'ann is the only admin who can sign in. Make somebody else an admin first.'
    await screen.findAllByText(reason)
    expect(blocked('Disable…')).toBe('true')
    expect(
      within(screen.getByTestId('person-form')).getByLabelText<HTMLInputElement>('Viewer').disabled,
    ).toBe(true)
    screen.getByText('This is you')
  })

  it('of a provider is read-only, and says who to ask', async () => {
    const team = play()
    team.people.push(personOf(4, 'dora', { provider: 'Example' }))
    open(4)
    const form = within(await screen.findByTestId('person-form'))
    form.getByText(/Example says who this is/)
    expect(form.getByLabelText<HTMLInputElement>('E-mail').disabled).toBe(true)
    expect(form.queryByTestId('save-person')).toBeNull()
  })

  it('is disabled after their name was typed, and enabled again', async () => {
    const team = play()
    const user = open(2)
    await user.click(await screen.findByRole('button', { name: 'Disable…' }))
    const dialog = within(await screen.findByRole('dialog'))
    const disable = dialog.getByRole<HTMLButtonElement>('button', { name: 'Disable' })
    expect(disable.disabled).toBe(true)
    await user.type(dialog.getByLabelText('Type bob to go on'), 'bob')
    await user.click(disable)
    await user.click(await screen.findByRole('button', { name: 'Enable' }))
    await screen.findByText('bob is enabled')
    expect(team.asked.map(({ path }) => path)).toEqual(['/people/2/disable', '/people/2/enable'])
  })

  it('is signed out everywhere, and then there is nothing to end', async () => {
    const team = play()
    const user = open(2)
    await user.click(await screen.findByRole('button', { name: 'Sign out everywhere…' }))
    await user.click(await screen.findByRole('button', { name: 'Sign out' }))
    await screen.findByText('bob is signed out')
    expect(team.asked).toMatchObject([{ method: 'DELETE', path: '/people/2/sessions' }])
    await waitFor(() => expect(blocked('Sign out everywhere…')).toBe('true'))
    screen.getByText('bob is signed in nowhere.')
  })

  it('loses second factors after their name was typed; who has none cannot', async () => {
    const team = play()
    team.people = [...team.people, personOf(3, 'carl', { factors: ['totp'] })]
    const user = open(3)
    await screen.findByText(/reset their second factors first/)
    expect(blocked('Make a setup link')).toBe('true')
    await user.click(await screen.findByRole('button', { name: 'Reset second factors…' }))
    const dialog = within(await screen.findByRole('dialog'))
    dialog.getByText(/Removes: code generator, and the recovery codes/)
    await user.type(dialog.getByLabelText('Type carl to go on'), 'carl')
    await user.click(dialog.getByRole('button', { name: 'Reset' }))
    await screen.findByText('carl has no second factor now')
    expect(team.asked).toMatchObject([{ method: 'DELETE', path: '/people/3/factors' }])
    await waitFor(() => expect(blocked('Reset second factors…')).toBe('true'))
    expect(blocked('Make a setup link')).toBeNull()
  })

  it('who has not come yet gets another link, and its failure is told', async () => {
    const team = play()
    team.people.push(personOf(5, 'erin', { state: 'setup_pending', signed_in_at: null, sessions: 0 }))
    const user = open(5)
    const section = within(await screen.findByTestId('setup-link-section'))
    team.refuses.set('POST /people/5/setup-link', { code: 'conflict', detail: 'erin came meanwhile.' })
    await user.click(section.getByTestId('new-setup-link'))
    await section.findByText(/erin came meanwhile/)
    team.refuses.clear()
    await user.click(section.getByTestId('new-setup-link'))
    expect((await section.findByTestId('setup-link')).textContent).toContain('welcome#erin-1')
  })
})
