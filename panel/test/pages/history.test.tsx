// @vitest-environment jsdom
//
// The past of a plan: who changed what and why, two revisions compared, an old one restored as an edit of one's own.

import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plan } from '../../src/api/types.gen'
import HistoryPage from '../../src/pages/host/HistoryPage'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

const OLD: Plan = { ...PLAN, limits: { ...PLAN.limits, upload_kib_s: 512 } }
let fleet: Fleet
let host: PlayedHost

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  host.past = new Map([
    ['1.3', OLD],
    ['1.8', PLAN],
  ])
  host.history = [
    {
      place: '1.8',
      revision: 4,
      at: 4,
      by: 'bob',
      note: 'the line is quick now',
      changes: [{ what: 'limits_changed' }],
    },
    {
      place: '1.3',
      revision: 3,
      at: 3,
      by: 'plan.toml',
      note: null,
      changes: [{ what: 'group_added', group: 'default' }],
    },
  ]
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
})
afterEach(() => vi.unstubAllGlobals())

describe('the history of a plan', () => {
  it('says who, why and what', async () => {
    showTab(host.view, <HistoryPage />)
    const newest = await screen.findByTestId('revision-4')
    expect(newest.textContent).toMatch(/4, now.*bob.*limits changed.*“the line is quick now”/)
    expect(screen.getByTestId('revision-3').textContent).toMatch(/plan\.toml.*group default added/)
    expect(within(newest).queryByRole('button', { name: /^Restore/ })).toBeNull()
  })

  it('keeps a note that turns the direction of text from turning ours', async () => {
    const [newest] = host.history
    if (newest === undefined) throw new Error('no history')
    newest.note = '\u202etxt.exe'
    showTab(host.view, <HistoryPage />)
    const row = await screen.findByTestId('revision-4')
    expect(within(row).getByText('\u202etxt.exe').tagName).toBe('BDI')
    expect(row.textContent).toContain('“\u202etxt.exe”')
  })

  it('compares what stands in the address', async () => {
    const user = showTab(host.view, <HistoryPage />, '/?from=1.3&to=1.8')
    const list = await screen.findByRole('list', { name: 'From revision 3 to 4' })
    expect(list.textContent).toContain('512 KiB/s → no limit')
    await user.click(screen.getByRole('button', { name: 'Look at what revision 3 changed' }))
    const whole = await screen.findByRole('list', { name: 'The plan at revision 3' })
    expect(whole.textContent).toContain('Paths/etc')
    expect(whole.textContent).not.toContain('added')
  })

  it('tells two of one number apart after a disk was set back', async () => {
    const lost: Plan = { ...PLAN, limits: { ...PLAN.limits, upload_kib_s: 64 } }
    const [newest, first] = host.history
    if (newest === undefined || first === undefined) throw new Error('no history')
    host.history = [
      { ...newest, place: '2.5' },
      { ...newest, place: '1.8', at: 1, by: 'eve', note: null },
      first,
    ]
    host.past = new Map([
      ['1.3', OLD],
      ['1.8', lost],
      ['2.5', PLAN],
    ])
    const user = showTab(host.view, <HistoryPage />)
    expect((await screen.findByTestId('revision-4')).textContent).toMatch(/4, now.*bob/)
    const other = screen.getByTestId('revision-1.8')
    expect(other.textContent).toMatch(/^4.*eve/)
    expect(other.textContent).not.toContain('now')
    await user.click(within(other).getByRole('button', { name: 'Look at what revision 4 changed' }))
    const list = await screen.findByRole('list', { name: /^From revision 3 to 4 of / })
    expect(list.textContent).toContain('512 KiB/s → 64 KiB/s')
    const restore = within(other).getByRole<HTMLButtonElement>('button', { name: 'Restore revision 4…' })
    await waitFor(() => expect(restore.disabled).toBe(false))
    await user.click(restore)
    const dialog = await screen.findByRole('dialog', { name: 'Restore revision 4' })
    await within(dialog).findByText('64 KiB/s')
  })

  it('restores an old revision as an edit that says so', async () => {
    const user = showTab(host.view, <HistoryPage />)
    const row = await screen.findByTestId('revision-3')
    const restore = within(row).getByRole<HTMLButtonElement>('button', { name: 'Restore revision 3…' })
    await waitFor(() => expect(restore.disabled).toBe(false))
    await user.click(restore)
    const dialog = await screen.findByRole('dialog', { name: 'Restore revision 3' })
    await within(dialog).findByText('512 KiB/s')
    await user.click(within(dialog).getByRole('button', { name: 'Make it my edit' }))
    await waitFor(() => expect(screen.getByTestId<HTMLButtonElement>('save-plan').disabled).toBe(false))
    await user.click(screen.getByTestId('save-plan'))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toMatchObject({
      do: 'set_plan',
      base_revision: 4,
      note: 'restores revision 3',
      plan: { limits: { upload_kib_s: 512 } },
    })
  })
})
