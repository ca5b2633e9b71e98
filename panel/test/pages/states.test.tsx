// @vitest-environment jsdom
//
// What a page says while something is not here, or not theirs to change.

import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import type { JobView, Plan } from '../../src/api/types.gen'
import RepositoryTab from '../../src/pages/host/RepositoryTab'
import SchedulesTab from '../../src/pages/host/SchedulesTab'
import { Vitals } from '../../src/pages/host/Vitals'
import JobPage from '../../src/pages/job/JobPage'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { show, showTab } from '../stage'

let fleet: Fleet

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  return () => vi.unstubAllGlobals()
})

function play(plan: Plan, presence: 'online' | 'offline' = 'online') {
  const host = new PlayedHost(hostOf(fleet, 'web-1', { presence }), plan)
  return { host, played: new Played(fleet, [host]) }
}

it('a last run that is not known is not told as none', async () => {
  const nightly = { cron: '0 2 * * *', zone: null, enabled: true, groups: ['default'], jitter_s: 0 }
  const { host, played } = play({ ...PLAN, schedules: { nightly } })
  let down = true
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) =>
    down && input.endsWith('/schedules') ? new Response('{}', { status: 503 }) : played.fetch(input, init),
  )
  const user = showTab(host.view, <SchedulesTab />)
  const row = await screen.findByTestId('schedule-nightly')
  await screen.findByText('When they ran and run next is not here')
  expect(row.textContent).not.toContain('none yet')
  down = false
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  await waitFor(() => expect(row.textContent).toContain('none yet'))
})

it('who may not set a repository up gets no form of one', async () => {
  const { host, played } = play({ ...PLAN, repositories: {}, groups: {} })
  vi.stubGlobal('fetch', played.fetch)
  showTab(host.view, <RepositoryTab />, '/', { mayOperate: false })
  await screen.findByText(/decided by an admin/)
  expect(screen.queryByTestId('repository-kind')).toBeNull()
})

it('a job of a host that went away says that it shows what was', async () => {
  vi.stubGlobal(
    'EventSource',
    class {
      close() {}
    },
  )
  const { host, played } = play(PLAN, 'offline')
  const job: JobView = {
    ...{ agent: fleet.binding.id, host: 'web-1', job: 'j', kind: 'backup', repository: 'main' },
    ...{ group: 'default', origin: { by: 'local' }, state: 'running', reason: null, explanation: null },
    ...{ numbers: {}, options: {}, result: null, lacks: [], queued_at: 1, started_at: 2 },
    ...{ finished_at: null, progress: null },
  }
  host.jobs.set('j', job)
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) =>
    input.includes('/log')
      ? new Response(JSON.stringify({ lines: [], more: false }))
      : played.fetch(input, init),
  )
  show(<JobPage />, { at: `/hosts/${fleet.binding.id}/jobs/j`, path: '/hosts/:agent/jobs/:job' })
  const away = await screen.findByText(/What you see is what it said before it went away/)
  expect(within(away.parentElement as HTMLElement).getByText('web-1: offline')).toBeTruthy()
})

it('a host whose size is known is not told as not measured', () => {
  const { host } = play(PLAN)
  show(<Vitals host={{ ...host.view, row: { ...host.view.row, size_bytes: 2048 } }} />)
  const size = screen.getByTestId('tile-size')
  expect(size.textContent).toBe('Protected2.00 KiBstored size not measured yet')
})
