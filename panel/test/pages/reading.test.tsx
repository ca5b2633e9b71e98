// @vitest-environment jsdom
//
// The two ways to have a host look at a repository: each button says which it is.

import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import RepositoryTab from '../../src/pages/host/RepositoryTab'
import { foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

afterEach(() => vi.unstubAllGlobals())

it('tells a test of the connection from a reading of what is there', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  host.view.repositories = [
    {
      ...{ name: 'main', location: '/srv/repo', readiness: 'ready', reason: null, explanation: null },
      ...{ restic_id: 'd3adb33f'.repeat(8), checked_at: 1, numbers: null, snapshots: 3, history: [] },
      ...{ locks: [], locks_at: 1, doubtful: 0, sharing: [], sharing_total: 0, owner_gone: false },
    },
  ]
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
  const user = showTab(host.view, <RepositoryTab />)
  await user.click(await screen.findByRole('button', { name: 'Test the connection' }, { timeout: 5_000 }))
  await waitFor(() => expect(host.routine).toEqual([{ do: 'probe', repository: 'main' }]))
  // One order at a time: it can be pressed once the first was answered.
  const read = await screen.findByRole<HTMLButtonElement>('button', {
    name: 'Read snapshots and sizes again',
  })
  await waitFor(() => expect(read.disabled).toBe(false))
  await user.click(read)
  await waitFor(() => expect(host.routine.at(-1)).toEqual({ do: 'refresh', repository: 'main' }))
  expect(screen.queryByRole('button', { name: /^(Look|Read) again$/ })).toBeNull()
})
