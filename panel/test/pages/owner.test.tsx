// @vitest-environment jsdom
//
// The owner of a repository that several hosts share, some of them away: who is asked, when, and how often.

import { useQueryClient } from '@tanstack/react-query'
import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, expect, it, vi } from 'vitest'
import { key } from '../../src/api/queries'
import type { RepositoryView } from '../../src/api/types.gen'
import { Repository } from '../../src/pages/host/repository/Repository'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

let fleet: Fleet
let host: PlayedHost
/** There but silent, away, and there. */
let others: PlayedHost[]
let asked: string[]

const REPOSITORY: RepositoryView = {
  ...{ name: 'main', location: '/srv/repo', readiness: 'ready', reason: null, explanation: null },
  ...{ restic_id: 'd'.repeat(64), checked_at: 1, numbers: null, snapshots: 0, history: [] },
  ...{ locks: [], locks_at: 1, doubtful: 0, sharing_total: 0, owner_gone: false, sharing: [] },
}

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  const names = ['silent', 'away', 'there']
  others = await Promise.all(
    names.map(async (name, n) => {
      const presence = name === 'away' ? 'offline' : 'online'
      return new PlayedHost(hostOf(await fleet.admit(20 + n, name), name, { presence }), PLAN)
    }),
  )
  for (const other of others.slice(0, 2)) other.answer = null
  const sharing = others.map(({ view }) => ({
    ...{ agent: view.binding.id, name: view.row.name, repository: 'main', owner: null },
  }))
  host.view.repositories = [{ ...REPOSITORY, sharing }]
  const played = new Played(fleet, [host, ...others])
  asked = []
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const other = others.find(({ view }) => input.includes(view.binding.id))
    if (other !== undefined && init?.method === 'GET') asked.push(other.view.row.name)
    return played.fetch(input, init)
  })
  return () => vi.unstubAllGlobals()
})

/** As after an event of each of them. */
function Events() {
  const queries = useQueryClient()
  const all = () => {
    for (const { view } of others) void queries.invalidateQueries({ queryKey: key.host(view.binding.id) })
  }
  return (
    <button type="button" onClick={all}>
      Events
    </button>
  )
}

it('asks the others once it is to be decided, gives to all at once, and waits for nobody', async () => {
  const user = showTab(
    host.view,
    <>
      <Events />
      <Repository name="main" />
    </>,
  )
  const propose = await screen.findByTestId('propose-owner-main')
  expect(asked, 'the page alone asks nobody').toEqual([])
  await user.click(propose)
  const dialog = within(await screen.findByRole('dialog'))
  await waitFor(() => expect(dialog.getAllByText('will change')).toHaveLength(3))
  const once = ['silent', 'silent', 'away', 'away', 'there', 'there'].sort()
  expect([...asked].sort()).toEqual(once)
  await user.click(screen.getByText('Events'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(asked, 'nor again for each of their events').toHaveLength(6)

  const give = dialog.getByRole<HTMLButtonElement>('button', { name: 'Sign and give to 3 hosts' })
  await waitFor(() => expect(give.disabled).toBe(false))
  await user.click(give)
  await waitFor(() => expect(others.map(({ posted }) => posted.length)).toEqual([1, 1, 1]))
  await waitFor(() => expect(dialog.getByTestId('owner-of-there').textContent).toContain('done, revision 5'))
  expect(dialog.getByTestId('owner-of-away').textContent).toContain('waits for the host')
  expect(dialog.getByTestId('owner-of-silent').textContent).toContain('on its way')
  const close = dialog.getAllByRole<HTMLButtonElement>('button', { name: 'Close' })
  expect(close.every(({ disabled }) => !disabled)).toBe(true)
})
