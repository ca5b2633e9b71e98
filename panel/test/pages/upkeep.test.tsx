// @vitest-environment jsdom
//
// Maintenance that a host cannot do: no button promises it, and the row says why.

import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import type { MaintenanceTask, Plan } from '../../src/api/types.gen'
import { TASK_ORDER } from '../../src/model/upkeep'
import { Maintenance } from '../../src/pages/host/repository/Maintenance'
import { foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

afterEach(() => vi.unstubAllGlobals())

async function open(plan: Plan, held: Partial<Record<MaintenanceTask, string>>) {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), plan)
  host.maintenance = TASK_ORDER.map((task) => ({
    ...{ repository: 'main', task, cron: '0 3 * * *', zone: 'UTC', last: null, next: 9e12 },
    held: held[task] ?? null,
  }))
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
  showTab(host.view, <Maintenance />)
  await screen.findByTestId('drill-main', {}, { timeout: 5_000 })
}

const button = (called: string) =>
  screen.getByRole<HTMLButtonElement>('button', { name: `Run now: ${called} of main` })
const why = (called: string) =>
  document.getElementById(button(called).getAttribute('aria-describedby') ?? '')?.textContent

it('does not offer to remove from where it may only add', async () => {
  const main = { backend: { kind: 'local', path: '/srv/repo' }, append_only: true } as const
  await open({ ...PLAN, repositories: { main } }, { forget: 'The host may only add.' })
  await waitFor(() => expect(button('check').disabled).toBe(false))
  expect(button('restore drill').disabled).toBe(false)
  expect(button('forget').disabled).toBe(true)
  expect(why('forget')).toBe('The host may only add.')
  expect(button('prune').disabled).toBe(true)
  expect(why('prune')).toMatch(/nothing can be removed from here/)
})

it('does not offer to try a restore of what is not backed up', async () => {
  await open({ ...PLAN, groups: {} }, { drill: 'No group is backed up to this repository.' })
  await waitFor(() => expect(button('prune').disabled).toBe(false))
  expect(button('restore drill').disabled).toBe(true)
  expect(why('restore drill')).toBe('No group is backed up to this repository.')
})

it('offers what is only held back at the moment', async () => {
  await open(PLAN, { forget: 'Old snapshots are kept for the time being.' })
  await waitFor(() => expect(button('forget').disabled).toBe(false))
})
