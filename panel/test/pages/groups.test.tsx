// @vitest-environment jsdom
//
// The groups of a host: previews of what is not saved yet, hooks sealed to the host, and who may give them.

import { cleanup, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Retention } from '../../src/api/types.gen'
import GroupsTab from '../../src/pages/host/GroupsTab'
import { keptName } from '../../src/parts/kept'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

let fleet: Fleet
let host: PlayedHost

async function begin(change: Parameters<typeof hostOf>[2] = {}, role: 'admin' | 'operator' = 'admin') {
  fleet = await foundFleet('ann', { role })
  host = new PlayedHost(hostOf(fleet, 'web-1', change), PLAN)
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
}

beforeEach(() => sessionStorage.clear())
afterEach(() => vi.unstubAllGlobals())

async function open(at = '/?edit=default') {
  const user = showTab(host.view, <GroupsTab />, at)
  const field = await screen.findByTestId(
    at.endsWith('*') ? 'hooks-*' : 'group-includes',
    {},
    { timeout: 5_000 },
  )
  await waitFor(() => expect((field as HTMLInputElement).disabled).toBe(false), { timeout: 5_000 })
  return user
}

/** At once rather than key by key: the form is drawn anew with each. */
async function put(user: Awaited<ReturnType<typeof open>>, field: HTMLElement, text: string) {
  await user.click(field)
  await user.paste(text)
}

/** The choices of a field, opened. */
async function choices(user: Awaited<ReturnType<typeof open>>, testid: string) {
  const field = screen.getByTestId(testid)
  await user.click(field)
  const list = await waitFor(() => {
    const shown = document.getElementById(field.getAttribute('aria-controls') ?? '')
    if (shown === null) throw new Error('no choices are shown')
    return shown
  })
  return within(list)
}

const save = () => screen.getByTestId<HTMLButtonElement>('save-plan')

describe('a preview of what is not saved yet', () => {
  it('asks the host about the group as it stands in the form, and shows what it found', async () => {
    await begin()
    host.found = () => ({
      numbers: { files_total: 1234, bytes_total: 5_000_000 },
      result: {
        of: 'dry_run',
        includes: [
          { path: '/etc', change: 'changed', files: 34, bytes: 1_000_000 },
          { path: '/home', change: 'new', files: 1200, bytes: 4_000_000 },
        ],
        largest: [{ path: '/home/film.mkv', change: 'new', files: 1, bytes: 3_000_000 }],
        missing: ['/hoem'],
        unreadable: ['/etc/shadow'],
      },
    })
    const user = await open()
    await put(user, screen.getByTestId('group-includes'), '\n/home')
    const preview = screen.getByTestId('dry-run-default')
    await user.click(within(preview).getByRole('button', { name: 'Try it at the host' }))
    await within(preview).findByText('/home/film.mkv')
    // It names paths that the plan does not: a person's own key says so.
    expect(host.routine).toEqual([])
    expect(host.posted[0]?.action).toMatchObject({
      do: 'dry_run',
      group: 'default',
      settings: { includes: ['/etc', '/home'] },
    })
    expect(preview.textContent).toMatch(/1,234 files, 4\.77 MiB/)
    expect(preview.textContent).toMatch(/do not exist on the host.*\/hoem/)
    expect(preview.textContent).toMatch(/cannot be read.*\/etc\/shadow/)
    // What is typed later makes it an answer to something else.
    await put(user, screen.getByTestId('group-includes'), '\n/srv')
    expect(preview.textContent).toContain('what stood here before')
  })

  it('says which snapshots a retention would remove, and by which rule the others stay', async () => {
    await begin()
    const at = Date.UTC(2026, 0, 1)
    host.found = () => ({
      numbers: { snapshots_kept: 1, snapshots_removed: 2 },
      result: {
        of: 'retention',
        keep: [{ id: 'a'.repeat(64), time: at, rules: ['daily snapshot'] }],
        remove: ['b', 'c'].map((id, n) => ({ id: id.repeat(64), time: at - n - 1, rules: [] })),
      },
    })
    const user = await open()
    await user.clear(screen.getByLabelText('Monthly'))
    const preview = screen.getByTestId('retention-preview-default')
    await user.click(within(preview).getByRole('button', { name: 'Preview' }))
    await within(preview).findByText('2 would go, 1 stays')
    expect(host.routine[0]).toMatchObject({
      do: 'preview_retention',
      group: 'default',
      retention: { keep_daily: 7, keep_monthly: 0 },
    })
    expect(preview.textContent).toContain('daily snapshot')
    await user.click(within(preview).getByText('Stays'))
    expect(within(preview).queryByText('bbbbbbbb')).toBeNull()
    expect(within(preview).getByText('aaaaaaaa')).toBeTruthy()
  })

  it('says at once that an absent host cannot look', async () => {
    await begin({ presence: 'offline' })
    await open()
    const preview = screen.getByTestId('dry-run-default')
    expect(preview.textContent).toContain('web-1 is away')
    expect(within(preview).getByRole<HTMLButtonElement>('button').disabled).toBe(true)
    expect(host.routine).toEqual([])
  })

  it('says why there is none, and what this restic does not say', async () => {
    await begin()
    host.found = () => ({
      state: 'failed',
      explanation: { message: 'The repository is locked.', hint: 'Wait for it.' },
      lacks: [{ what: 'bytes_stored', needed: '0.17' }],
    })
    const user = await open()
    const preview = screen.getByTestId('dry-run-default')
    await user.click(within(preview).getByRole('button'))
    await within(preview).findByText('The repository is locked.')
    expect(preview.textContent).toContain('Wait for it.')
    expect(preview.textContent).toContain('bytes as stored: restic ≥ 0.17 needed')
  })
})

describe('the endpoint’s own policy', () => {
  it('says at the field what it would refuse', async () => {
    const floor = {
      ...(PLAN.groups.default?.retention as Retention),
      keep_daily: 7,
      keep_weekly: 0,
      keep_monthly: 0,
    }
    await begin({ policy: { keep_at_least: floor } })
    const user = await open()
    await user.clear(screen.getByLabelText('Daily'))
    expect(screen.getByTestId('retention').textContent).toContain('Must keep daily 7 at least')
    expect(save().disabled).toBe(true)
    for (const rule of ['Weekly', 'Monthly']) await user.clear(screen.getByLabelText(rule))
    await waitFor(() => expect(save().disabled).toBe(false))
  })
})

describe('hooks', () => {
  it('are sealed to the host with the edit, and shown nowhere', async () => {
    await begin()
    const user = await open()
    const own = (await choices(user, 'hook-default-pre')).getByText('A script of its own')
    await user.click(own)
    expect(screen.getByTestId('save-bar').textContent).toContain('its script is not given yet')
    expect(save().disabled).toBe(true)
    await put(user, screen.getByTestId('script-default-pre'), 'systemctl stop shop')
    await put(user, screen.getByTestId('plan-note'), 'the shop must stand still')
    expect(JSON.stringify({ ...sessionStorage })).not.toContain('systemctl')
    await waitFor(() => expect(save().disabled).toBe(false))
    await user.click(save())
    await waitFor(() => expect(screen.queryByTestId('save-bar')).toBeNull(), { timeout: 5_000 })
    const action = host.posted[0]?.action
    if (action?.do !== 'set_plan') throw new Error('no plan was posted')
    expect(JSON.stringify(action)).not.toContain('systemctl')
    expect(action.note).toBe('the shop must stand still')
    expect(action.plan.groups.default?.hooks).toEqual({ pre: 'secret', post: 'inherit', timeout_s: null })
    const [sealed] = action.secrets
    expect(sealed).toMatchObject({ slot: 'hook/default/pre', revision: 1 })
    expect(await fleet.unseal('hook/default/pre', 1, sealed?.box ?? '')).toBe('systemctl stop shop')
  })

  it('can be replaced alone, as the next revision', async () => {
    await begin()
    host.plan = { ...PLAN, hooks: { pre: 'secret', post: 'inherit', timeout_s: null } }
    // The fourth was tried and is not used.
    host.secrets = [{ slot: 'hook/*/pre', revision: 3, at: 1, newest: 4 }]
    const user = await open('/?edit=*')
    const script = screen.getByTestId<HTMLTextAreaElement>('script-*-pre')
    expect(script.value).toBe('')
    await put(user, script, 'sync')
    expect(screen.getByTestId('save-bar').textContent).toContain('the host’s hook before backups')
    await waitFor(() => expect(save().disabled).toBe(false))
    await user.click(save())
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toMatchObject({ secrets: [{ slot: 'hook/*/pre', revision: 5 }] })
  })

  it('that a reload took are asked for again', async () => {
    await begin()
    host.plan = { ...PLAN, hooks: { pre: 'secret', post: 'inherit', timeout_s: null } }
    host.secrets = [{ slot: 'hook/*/pre', revision: 3, at: 1, newest: 3 }]
    const user = await open('/?edit=*')
    await put(user, screen.getByTestId('script-*-pre'), 'x')
    await waitFor(() =>
      expect(sessionStorage.getItem(keptName('ann', `draft/${fleet.binding.id}`))).toContain('hook/*/pre'),
    )
    const kept = sessionStorage.getItem(keptName('ann', `draft/${fleet.binding.id}`)) ?? ''
    // A reload: the tab's memory is gone, what it stored is not.
    await user.clear(screen.getByTestId('script-*-pre'))
    cleanup()
    sessionStorage.setItem(keptName('ann', `draft/${fleet.binding.id}`), kept)
    const again = await open('/?edit=*')
    expect(screen.getByTestId('hooks-*').textContent).toContain('kept nowhere: type it again')
    expect(save().disabled).toBe(true)
    await again.click(screen.getByRole('button', { name: 'Keep what the host has' }))
    await waitFor(() => expect(screen.queryByTestId('save-bar')).toBeNull())
  })

  it('are an admin’s', async () => {
    await begin({}, 'operator')
    await open()
    expect(screen.getByText('Hooks take the key of an admin')).toBeTruthy()
    expect(screen.getByTestId<HTMLFieldSetElement>('hooks-default').disabled).toBe(true)
    expect(screen.getByTestId<HTMLTextAreaElement>('group-includes').disabled).toBe(false)
  })

  it('are refused where the endpoint says so', async () => {
    await begin({ policy: { refuse_hooks: true } })
    const user = await open()
    expect(screen.getByText('This host takes no hooks from afar')).toBeTruthy()
    const own = (await choices(user, 'hook-default-pre')).getByText('A script of its own')
    expect(own.closest('[data-combobox-option]')?.getAttribute('data-combobox-disabled')).toBe('true')
  })
})

describe('pings', () => {
  it('give their address sealed, and want a real one', async () => {
    await begin()
    const user = await open()
    await user.click(screen.getByRole('button', { name: 'Add a ping' }))
    const dialog = await screen.findByRole('dialog', { name: 'Add a ping' })
    await user.type(within(dialog).getByRole('textbox'), 'hc')
    await user.click(within(dialog).getByRole('button', { name: 'Add' }))
    const address = await screen.findByTestId('ping-address-hc')
    await put(user, address, 'hc-ping.com/1')
    expect(screen.getByTestId('save-bar').textContent).toContain('begins with https:// or http://')
    await user.clear(address)
    await put(user, address, 'https://hc-ping.com/1')
    await user.click(screen.getByLabelText('When a backup begins'))
    await waitFor(() => expect(save().disabled).toBe(false))
    await user.click(save())
    await waitFor(() => expect(host.posted).toHaveLength(1))
    const action = host.posted[0]?.action
    if (action?.do !== 'set_plan') throw new Error('no plan was posted')
    expect(action.plan.pings).toEqual({ hc: { start: false, success: true, failure: true, groups: [] } })
    expect(await fleet.unseal('ping/hc', 1, action.secrets[0]?.box ?? '')).toBe('https://hc-ping.com/1')
  })
})
