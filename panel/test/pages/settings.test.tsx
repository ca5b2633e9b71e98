// @vitest-environment jsdom
//
// A host's settings and head: its name, what its endpoint refuses, its way out of the fleet, and what holds it back.

import { cleanup, screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Hold, TroubleKind } from '../../src/api/types.gen'
import { Holds } from '../../src/pages/host/Holds'
import { Retired } from '../../src/pages/host/Retired'
import SettingsTab from '../../src/pages/host/SettingsTab'
import { Trouble } from '../../src/pages/host/Trouble'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

let fleet: Fleet
let host: PlayedHost
let played: Played

async function begin(change: Parameters<typeof hostOf>[2] = {}, role: 'admin' | 'operator' = 'admin') {
  fleet = await foundFleet('ann', { role })
  host = new PlayedHost(hostOf(fleet, 'web-1', change), PLAN)
  host.answer = () => ({ outcome: 'accepted', jobs: [], revision: null })
  played = new Played(fleet, [host])
  vi.stubGlobal('fetch', vi.fn(played.fetch))
}

beforeEach(() => {
  sessionStorage.clear()
  return () => vi.unstubAllGlobals()
})

const enabled = async (button: HTMLElement) => {
  await waitFor(() => expect((button as HTMLButtonElement).disabled).toBe(false))
  return button
}

it('says where a plan.toml that was edited is not taken', async () => {
  await begin()
  host.readOnly = 'The endpoint’s own plan.toml governs this plan.'
  host.fileProblems = [
    { line: 12, field: 'groups.web.keep.daily', message: 'invalid type: string …, expected u32' },
    { line: null, field: '', message: 'the file says nothing' },
  ]
  showTab(host.view, <SettingsTab />)
  const said = within(await screen.findByTestId('plan-file-problems')).getAllByRole('listitem')
  expect(said.map(({ textContent }) => textContent)).toEqual([
    'line 12: groups.web.keep.daily: invalid type: string …, expected u32',
    'the file says nothing',
  ])
  expect(screen.getByText(/The plan before stays in force/)).toBeTruthy()
  expect(screen.getByText('The host’s own plan.toml governs this plan')).toBeTruthy()
})

describe('the name of a host', () => {
  it('changes by a signed order, with its tags', async () => {
    await begin()
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    const name = section.getByLabelText<HTMLInputElement>('Name')
    const rename = section.getByTestId<HTMLButtonElement>('rename')
    expect(rename.disabled).toBe(true)
    await user.clear(name)
    expect(section.getByText('A host has a name.')).toBeTruthy()
    await user.type(name, 'shop')
    await user.type(section.getByLabelText('Tags', { selector: 'input' }), 'berlin,')
    await user.click(await enabled(rename))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({ do: 'rename', name: 'shop', tags: ['berlin'] })
  })

  it('takes what a name may be, and nothing else', async () => {
    await begin()
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    await user.type(section.getByLabelText('Name'), ' im Büro')
    expect(section.getByText(/^Use 1 to 64 of the characters/)).toBeTruthy()
    expect(section.getByTestId<HTMLButtonElement>('rename').disabled).toBe(true)
  })

  it('leaves a name from before the rule alone while only tags change', async () => {
    await begin()
    host.view.row.name = 'im Büro'
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    await user.type(section.getByLabelText('Tags', { selector: 'input' }), 'berlin,')
    await user.click(await enabled(section.getByTestId('rename')))
    await waitFor(() => expect(host.posted[0]?.action).toMatchObject({ name: 'im Büro', tags: ['berlin'] }))
  })

  it('is not given twice while the host has not taken the first', async () => {
    await begin({ presence: 'offline' })
    const waits = { order: 'o', action: 'rename', person: 'bob', state: 'waiting', outcome: null } as const
    const times = { issued_at: 1, expires_at: 9e12, answered_at: null }
    host.orders = [{ ...waits, ...times, agent: fleet.binding.id, about: { to: 'shop' } }]
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    await user.type(section.getByLabelText('Tags', { selector: 'input' }), 'berlin,')
    expect(await section.findByText('What bob wants here waits for the host')).toBeTruthy()
    expect(
      section.getByText(/^It is to be known as shop\. Each order gives name and tags as a whole/),
    ).toBeTruthy()
    const rename = section.getByTestId<HTMLButtonElement>('rename')
    expect(rename.disabled).toBe(true)
    await user.click(section.getByRole('button', { name: 'Withdraw' }))
    await enabled(rename)
    expect(section.queryByText('What bob wants here waits for the host')).toBeNull()
  })

  it('warns of another host that is called the same', async () => {
    await begin()
    const other = new PlayedHost(hostOf(await fleet.admit(9, 'Shop'), 'Shop'), PLAN)
    played = new Played(fleet, [host, other])
    vi.stubGlobal('fetch', vi.fn(played.fetch))
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    await user.clear(section.getByLabelText('Name'))
    await user.type(section.getByLabelText('Name'), 'shop')
    await section.findByText(/Another host of the fleet/)
    await enabled(section.getByTestId('rename'))
    await user.type(section.getByLabelText('Name'), '2')
    await waitFor(() => expect(section.queryByText(/Another host of the fleet/)).toBeNull())
  })

  it('splits tags that were put in as one text', async () => {
    await begin()
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    const tags = section.getByLabelText('Tags', { selector: 'input' })
    await user.click(tags)
    await user.paste('Berlin,\nRack\n7,')
    await user.click(await enabled(section.getByTestId('rename')))
    await waitFor(() => expect(host.posted[0]?.action).toMatchObject({ tags: ['Berlin', 'Rack', '7'] }))
  })

  it('stays as typed when the host refuses', async () => {
    await begin()
    host.answer = () => ({ outcome: 'refused', code: 'policy', message: 'Not here.', hint: 'Ask.' })
    const user = showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    const name = section.getByLabelText<HTMLInputElement>('Name')
    await user.type(name, '-2')
    await user.click(await enabled(section.getByTestId('rename')))
    await screen.findByText('Not here. Ask.')
    expect(name.value).toBe('web-1-2')
  })

  it('survives another tab and a reload while it is typed', async () => {
    await begin()
    const user = showTab(host.view, <SettingsTab />)
    await user.type(within(await screen.findByTestId('name-section')).getByLabelText('Name'), '-2')
    cleanup()
    showTab(host.view, <SettingsTab />)
    const section = within(await screen.findByTestId('name-section'))
    expect(section.getByLabelText<HTMLInputElement>('Name').value).toBe('web-1-2')
    await user.click(section.getByRole('button', { name: 'Discard' }))
    expect(section.getByLabelText<HTMLInputElement>('Name').value).toBe('web-1')
    expect(sessionStorage).toHaveLength(0)
  })
})

describe('the endpoint’s policy', () => {
  it('is said in words, and cannot be changed', async () => {
    await begin({ policy: { refuse_hooks: true, refuse_orders: ['retire'] } })
    showTab(host.view, <SettingsTab />)
    const policy = await screen.findByTestId('policy')
    expect(policy.textContent).toMatch(/Hooks can be set at the host alone\..*retire the host/)
    expect(within(policy).queryByRole('button')).toBeNull()
  })
})

describe('the way out', () => {
  it('wants the name typed, and the host’s own id signed', async () => {
    await begin()
    const user = showTab(host.view, <SettingsTab />)
    await user.click(await enabled(await screen.findByTestId('retire')))
    const asked = within(await screen.findByRole('dialog'))
    const sign = asked.getByRole<HTMLButtonElement>('button', { name: 'Sign and retire' })
    await user.type(asked.getByLabelText('Type web-1 to go on'), 'web')
    expect(sign.disabled).toBe(true)
    await user.type(asked.getByLabelText('Type web-1 to go on'), '-1')
    await user.click(await enabled(sign))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({ do: 'retire', agent: fleet.binding.id })
    expect(screen.queryByTestId('remove-host')).toBeNull()
  })

  it('takes the key of an admin', async () => {
    await begin({}, 'operator')
    const user = showTab(host.view, <SettingsTab />)
    await user.click(await enabled(await screen.findByTestId('retire')))
    const asked = within(await screen.findByRole('dialog'))
    await user.type(await asked.findByLabelText('Type web-1 to go on'), 'web-1')
    await asked.findByText(/takes the key of an admin/)
    expect(asked.getByRole<HTMLButtonElement>('button', { name: 'Sign and retire' }).disabled).toBe(true)
  })

  it('says that an absent host goes on until it hears of it', async () => {
    await begin({ presence: 'offline' })
    showTab(host.view, <SettingsTab />)
    await screen.findByText(/It is absent: it goes on backing up/)
  })

  it('ends with the removal of what is here of it', async () => {
    await begin({ presence: 'offline' })
    host.view.retired_at = 1
    const user = showTab(host.view, <Retired />)
    await user.click(await screen.findByTestId('remove-host'))
    const asked = within(await screen.findByRole('dialog'))
    await user.type(asked.getByLabelText('Type web-1 to go on'), 'web-1')
    await user.click(await enabled(asked.getByRole('button', { name: 'Remove it' })))
    await waitFor(() => expect(played.deleted).toEqual(['web-1']))
  })
})

describe('what holds a host back', () => {
  const hold = (cause: Hold['cause'], repository: string | null): Hold => ({
    cause,
    repository,
    message: `because of ${cause}`,
    at: 1,
  })

  it('is said with the step that lifts it', async () => {
    await begin()
    host.view.holds = [hold('unknown_snapshot', 'main'), hold('claims', 'main'), hold('clock_jumped', null)]
    const user = showTab(host.view, <Holds />)
    const link = (name: string) => screen.getByRole('link', { name }).getAttribute('href')
    await screen.findByText(/Because of claims\./)
    expect(link('To the doubtful snapshots')).toMatch(/\/repository#doubtful-main$/)
    expect(link('To the owner of the repository')).toMatch(/\/repository#sharing-main$/)
    await user.click(await enabled(screen.getByRole('button', { name: 'Confirm the plan…' })))
    const asked = within(await screen.findByRole('dialog'))
    await user.click(await enabled(asked.getByRole('button', { name: 'Sign and confirm' })))
    await waitFor(() => expect(host.posted[0]?.action).toEqual({ do: 'confirm_plan', revision: 4 }))
  })

  it('is not said twice when the journal was set back', async () => {
    await begin()
    host.view.trouble = { kind: 'set_back', message: 'The disk was rolled back.' }
    host.view.holds = [hold('epoch_begun', null), hold('clock_jumped', null)]
    showTab(host.view, <Holds />)
    await screen.findByText(/Because of clock_jumped\./)
    expect(screen.queryByText(/because of epoch_begun/i)).toBeNull()
  })
})

describe('what only a person can resolve', () => {
  const shown = async (kind: TroubleKind) => {
    await begin()
    showTab(host.view, <Trouble trouble={{ kind, message: `because of ${kind}` }} />)
    const text = await screen.findByText(`because of ${kind}`)
    return {
      confirms: screen.queryByRole('button', { name: 'Confirm the plan…' }) !== null,
      renames: screen.queryByRole('link', { name: 'Rename…' })?.getAttribute('href'),
      alarms: text.closest('[role]')?.getAttribute('role') === 'alert',
    }
  }

  it('is confirmed when a disk was set back', async () => {
    expect(await shown('set_back')).toEqual({ confirms: true, renames: undefined, alarms: true })
  })

  it('is not confirmed where two machines share an identity', async () => {
    expect(await shown('fork')).toEqual({ confirms: false, renames: undefined, alarms: true })
    cleanup()
    expect(await shown('doubled')).toEqual({ confirms: false, renames: undefined, alarms: true })
  })

  it('is renamed where two hosts are called the same', async () => {
    const { confirms, renames, alarms } = await shown('namesake')
    expect([confirms, alarms]).toEqual([false, false])
    expect(renames).toMatch(/\/settings$/)
  })
})
