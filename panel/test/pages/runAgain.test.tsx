// @vitest-environment jsdom
//
// Work that is done once more: what wants an operator's key is signed, the rest is not.

import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobView, Restore } from '../../src/api/types.gen'
import JobPage from '../../src/pages/job/JobPage'
import { RestoreAgain } from '../../src/pages/job/Restored'
import { RunAgain } from '../../src/pages/job/RunAgain'
import { foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { show } from '../stage'

beforeEach(() => {
  sessionStorage.clear()
  return () => vi.unstubAllGlobals()
})

const JOB: Omit<JobView, 'agent' | 'kind' | 'options'> = {
  host: 'web-1',
  job: 'j',
  repository: 'main',
  group: null,
  origin: { by: 'local' },
  state: 'succeeded',
  reason: null,
  explanation: null,
  numbers: {},
  result: null,
  lacks: [],
  queued_at: 1,
  started_at: 2,
  finished_at: 3,
  progress: null,
}

async function again(change: Pick<JobView, 'kind' | 'options'> & Partial<JobView>) {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
  const job: JobView = { ...JOB, agent: fleet.binding.id, ...change }
  const user = show(<RunAgain job={job} lack={undefined} present />)
  const button = screen.getByTestId<HTMLButtonElement>('run-again')
  await waitFor(() => expect(button.disabled).toBe(false))
  await user.click(button)
  return host
}

describe('work once more', () => {
  it('is signed where it decides where data goes', async () => {
    const host = await again({ kind: 'copy', group: 'default', options: { to: 'second' } })
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({ do: 'copy', group: 'default', to: 'second', snapshots: [] })
    // Wanted now, by hand: it is void in an hour.
    const { issued_at, expires_at } = host.posted[0] ?? { issued_at: 0, expires_at: 0 }
    expect(expires_at - issued_at).toBe(3_600_000)
    expect(host.routine).toEqual([])
  })

  it('is the coordinator’s to ask for otherwise', async () => {
    const host = await again({ kind: 'unlock', options: {} })
    await waitFor(() => expect(host.routine).toEqual([{ do: 'unlock', repository: 'main', locks: [] }]))
    expect(host.posted).toEqual([])
  })
})

it('opens what was begun, also where nobody knows yet whether the host is there', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  const agent = fleet.binding.id
  host.jobs.set('j', { ...JOB, agent, kind: 'backup', group: 'default', options: {} })
  host.found = () => ({ kind: 'backup', state: 'running' })
  const played = new Played(fleet, [host])
  const answer = async (input: RequestInfo | URL, init?: RequestInit) => {
    const path = String(input)
    if (path.endsWith(`/hosts/${agent}`)) return await new Promise<Response>(() => {})
    if (path.includes('/log?')) return new Response(JSON.stringify({ lines: [], complete: true }))
    return await played.fetch(input, init)
  }
  vi.stubGlobal('fetch', vi.fn(answer))
  const user = show(<JobPage />, { at: `/hosts/${agent}/jobs/j`, path: '/hosts/:agent/jobs/:job' })
  await user.click(await screen.findByTestId('run-again'))
  expect(await screen.findByTestId('cancel-job')).toBeDefined()
})

it('stops waiting as soon as it is known that the host is away, and says so', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1', { presence: 'offline' }), PLAN)
  const agent = fleet.binding.id
  host.jobs.set('j', { ...JOB, agent, kind: 'backup', group: 'default', options: {} })
  const played = new Played(fleet, [host])
  let tellPresence = () => {}
  const known = new Promise<void>((resolve) => {
    tellPresence = resolve
  })
  let asked = 0
  const answer = async (input: RequestInfo | URL, init?: RequestInit) => {
    const path = String(input)
    if (path.endsWith(`/hosts/${agent}`)) await known
    if (path.includes('/log?')) return new Response(JSON.stringify({ lines: [], complete: true }))
    const given = await played.fetch(input, init)
    if (!path.endsWith('/orders')) return given
    if (init?.method !== 'POST') asked += host.orders.length
    // Nobody is there to answer.
    host.orders = host.orders.map((order) => ({ ...order, state: 'waiting', outcome: null }))
    return init?.method === 'POST' ? given : new Response(JSON.stringify(host.orders))
  }
  vi.stubGlobal('fetch', vi.fn(answer))
  const user = show(<JobPage />, { at: `/hosts/${agent}/jobs/j`, path: '/hosts/:agent/jobs/:job' })
  const button = await screen.findByTestId<HTMLButtonElement>('run-again')
  await user.click(button)
  await waitFor(() => expect(asked).toBeGreaterThan(0))
  expect(screen.queryByText(/Waits for the host/)).toBeNull()
  tellPresence()
  await screen.findByText(/Waits for the host: back up default/)
  expect(screen.queryByText(/not answered yet/)).toBeNull()
})

it('says on the job’s page that no attempt is left', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  const agent = fleet.binding.id
  const explanation = { message: 'The repository is locked.', hint: 'Wait.' }
  host.jobs.set('j', {
    ...{ ...JOB, agent, kind: 'backup', group: 'default', options: {}, state: 'failed', explanation },
    origin: { by: 'retry', job: 'i', attempt: 4, of: 4 },
  })
  const played = new Played(fleet, [host])
  const answer = async (input: RequestInfo | URL, init?: RequestInit) =>
    String(input).includes('/log?')
      ? new Response(JSON.stringify({ lines: [], complete: true }))
      : await played.fetch(input, init)
  vi.stubGlobal('fetch', vi.fn(answer))
  show(<JobPage />, { at: `/hosts/${agent}/jobs/j`, path: '/hosts/:agent/jobs/:job' })
  expect((await screen.findByTestId('last-attempt')).textContent).toMatch(
    /No attempt is left: 4 of 4 were made/,
  )
  expect(screen.getByText('retry, attempt 4 of 4')).toBeDefined()
})

it.each([
  ['its own', undefined, 'web'],
  ['of the host that lent', { source: 'db', source_name: 'db-1', job: 'j', box: '' }, 'db'],
])('a restore is chosen again, from the snapshots that are %s', async (_, lent, source) => {
  const fleet = await foundFleet('ann')
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, []).fetch))
  const restore: Restore = {
    ...{
      repository: 'main',
      snapshot: 'ab'.repeat(32),
      picks: [],
      target: { to: 'fresh' },
      overwrite: 'always',
    },
    ...{ ownership: 'keep', verify: false, dry_run: false, meanwhile: 'wait' },
    ...(lent !== undefined && { lent }),
  }
  show(<RestoreAgain job={{ agent: 'web', job: 'j', options: { restore } }} />)
  const link = await screen.findByTestId<HTMLAnchorElement>('restore-again')
  expect(link.getAttribute('href')).toBe(`/hosts/${source}/restore/main/${restore.snapshot}?again=web%2Fj`)
})
