// @vitest-environment jsdom
//
// A host's jobs: what the filters ask of the API.

import { screen, waitFor } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import JobsTab from '../../src/pages/host/JobsTab'
import { foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

beforeEach(() => {
  sessionStorage.clear()
  return () => vi.unstubAllGlobals()
})

it('tell which attempt of how many they were', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  host.jobs.set('j', {
    ...{ agent: fleet.binding.id, host: 'web-1', job: 'j', kind: 'backup', repository: 'main' },
    ...{
      group: 'default',
      origin: { by: 'retry', job: 'i', attempt: 4, of: 4 },
      state: 'failed',
      reason: null,
    },
    ...{ explanation: null, numbers: {}, options: {}, result: null, lacks: [], progress: null },
    ...{ queued_at: 1, started_at: 2, finished_at: 3 },
  })
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
  showTab(host.view, <JobsTab />)
  expect(await screen.findByText('retry, attempt 4 of 4')).toBeDefined()
})

it('are asked for by repository, also by one that is gone, and all again', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  const played = new Played(fleet, [host])
  const asked: string[] = []
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const [path, query = ''] = input.split('?')
    if (path?.endsWith('/jobs') === true) asked.push(new URLSearchParams(query).get('repository') ?? 'all')
    return played.fetch(input, init)
  })
  const user = showTab(host.view, <JobsTab />, '/?repository=gone')
  const field = await screen.findByRole<HTMLInputElement>('combobox', { name: 'Repository' })
  expect(field.value).toBe('gone')
  await user.click(await screen.findByRole('button', { name: 'Show every job' }))
  await waitFor(() => expect(asked.at(-1)).toBe('all'))
  await user.click(field)
  await user.click(await screen.findByRole('option', { name: 'main' }))
  await waitFor(() => expect(asked.at(-1)).toBe('main'))
  expect(asked[0]).toBe('gone')
})
