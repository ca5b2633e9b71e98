// @vitest-environment jsdom
//
// The fleet page: what its tiles and filters ask of the API, and the one verb of a row.

import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { HostRow, TilesView } from '../../src/api/types.gen'
import FleetPage from '../../src/pages/fleet/FleetPage'
import { foundFleet } from '../fleet'
import { hostOf } from '../hosts'
import { show } from '../stage'

const TILES: TilesView = {
  ...{ hosts: 5, online: 2, protected_bytes: 1, snapshots: 1, behind: 0, pending: 0, held: 0 },
  last_day: { succeeded: 1, incomplete: 0, failed: 0, other: 0 },
}
let asked: string[]
let rows: HostRow[]
let role: string

beforeEach(async () => {
  asked = []
  role = 'operator'
  const fleet = await foundFleet('ann')
  rows = [hostOf(fleet, 'web-1').row]
  vi.stubGlobal('fetch', async (input: string) => {
    const [path, query = ''] = input.replace('/api/v1', '').split('?')
    if (path === '/hosts') asked.push(query)
    const answers: Record<string, unknown> = {
      '/session': { user: 'ann', role, session_expires_at: 9e12 },
      '/fleet': fleet.view,
      '/fleet/tiles': TILES,
      '/pending': [],
      '/hosts': { items: rows, next: null, total: rows.length },
    }
    return new Response(JSON.stringify(answers[path ?? '']))
  })
  return () => vi.unstubAllGlobals()
})

const statuses = () => new URLSearchParams(asked.at(-1)).getAll('status')

describe('the tile of who is away', () => {
  it('leads to all whom it counts, and back', async () => {
    const user = show(<FleetPage />)
    const tile = await screen.findByTestId('tile-online')
    expect(tile.textContent).toContain('3 away')
    const link = () => screen.getByRole('link', { name: /Hosts online/ })
    await user.click(link())
    await waitFor(() => expect(statuses()).toEqual(['offline', 'asleep', 'never_seen']))
    expect(screen.getByLabelText<HTMLSelectElement>('Status').selectedOptions[0]?.text).toBe('Away')
    expect(link().getAttribute('aria-current')).toBe('true')
    await user.click(link())
    await waitFor(() => expect(statuses()).toEqual([]))
  })

  it('is a choice of the status as well, beside each one alone', async () => {
    const user = show(<FleetPage />, { at: '/?status=failed&status=behind&status=nonsense' })
    const field = await screen.findByLabelText<HTMLSelectElement>('Status')
    await waitFor(() => expect(statuses()).toEqual(['failed', 'behind']))
    expect(field.selectedOptions[0]?.text).toBe('Last backup failed or Agent behind')
    await user.selectOptions(field, 'Away')
    await waitFor(() => expect(statuses()).toEqual(['offline', 'asleep', 'never_seen']))
    await user.selectOptions(field, 'Asleep')
    await waitFor(() => expect(statuses()).toEqual(['asleep']))
  })
})

describe('the tile of the last day', () => {
  it('counts backups, and leads to the hosts by their last one rather than to none', async () => {
    TILES.last_day = { succeeded: 4, incomplete: 0, failed: 2, other: 0 }
    const user = show(<FleetPage />)
    const tile = await screen.findByTestId('tile-last-day')
    expect(tile.textContent).toContain('4 succeeded, 2 failed')
    await user.click(screen.getByRole('link', { name: /Backups in the last 24 hours/ }))
    await waitFor(() => expect(new URLSearchParams(asked.at(-1)).get('sort')).toBe('last_backup'))
    expect(new URLSearchParams(asked.at(-1)).get('order')).toBe('desc')
    expect(statuses()).toEqual([])
  })
})

it('hosts whose place another one took are listed for who asks for them', async () => {
  rows = rows.map((row) => ({ ...row, replaced: true }))
  const user = show(<FleetPage />)
  const field = await screen.findByLabelText('Replaced hosts')
  await waitFor(() => expect(asked.length).toBeGreaterThan(0))
  expect(new URLSearchParams(asked.at(-1)).get('replaced')).toBeNull()
  await user.selectOptions(field, 'With replaced')
  await waitFor(() => expect(new URLSearchParams(asked.at(-1)).get('replaced')).toBe('true'))
  await screen.findByText('Replaced')
})

describe('the verb of a row', () => {
  it.each<[string, string, Partial<HostRow>, string]>([
    ['runs where one schedule covers everything', 'operator', { run_now: ['default'] }, 'Run now on web-1'],
    ['opens where there is something to choose', 'operator', {}, 'Open web-1'],
    ['opens for who may only look', 'viewer', { run_now: ['default'] }, 'Open web-1'],
    [
      'opens what another host took the place of',
      'operator',
      { run_now: ['a'], replaced: true },
      'Open web-1',
    ],
    ['opens what left the fleet', 'operator', { run_now: ['default'], retired: true }, 'Open web-1'],
  ])('%s', async (_, who, change, label) => {
    role = who
    rows = rows.map((row) => ({ ...row, ...change }))
    show(<FleetPage />)
    const verb = await screen.findByLabelText(label)
    if (label.startsWith('Open')) expect(verb.getAttribute('href')).toBe(`/hosts/${rows[0]?.agent}`)
    expect(screen.getAllByLabelText(/(Run now on|Open) web-1/)).toHaveLength(1)
  })
})
