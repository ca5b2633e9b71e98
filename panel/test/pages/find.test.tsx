// @vitest-environment jsdom
//
// The snapshots of a host: to restore from, to compare, to find a file in.

import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnswerLine } from '../../src/api/types.gen'
import SnapshotsTab from '../../src/pages/host/SnapshotsTab'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { ID, snapshotRow, snapshotsOf } from '../snapshots'
import { showTab } from '../stage'

let fleet: Fleet

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  return () => vi.unstubAllGlobals()
})

const DONE: AnswerLine = { end: { end: 'done' } }
const hit = (snapshot: string, path: string): AnswerLine => ({
  part: { part: 'hits', snapshot: ID(snapshot), hits: [{ path, kind: 'file', size: 5, mtime: 1_000 }] },
})

function open({
  lines = [DONE],
  presence = 'online',
  at = '/',
}: {
  lines?: AnswerLine[]
  presence?: 'online' | 'offline'
  at?: string
} = {}) {
  const host = new PlayedHost(hostOf(fleet, 'web-1', { presence }), PLAN)
  host.snapshots = [snapshotRow('a', 3_000), snapshotRow('b', 2_000)]
  const play = snapshotsOf(new Played(fleet, [host]), { lines: () => lines })
  vi.stubGlobal('fetch', vi.fn(play.fetch))
  return { user: showTab(host.view, <SnapshotsTab />, at), asked: play.asked }
}

const field = () => screen.findByRole('textbox', { name: 'Find a file in all snapshots' })

describe('a snapshot’s row', () => {
  it('leads to a restore from it, and to what it is compared with', async () => {
    open()
    const row = within(await screen.findByTestId('snapshot-aaaaaaaa'))
    expect(row.getByRole('link', { name: 'Restore from aaaaaaaa' }).getAttribute('href')).toBe(
      `/hosts/${fleet.binding.id}/restore/main/${ID('a')}`,
    )
    expect(row.getByRole('link', { name: 'Compare aaaaaaaa' }).getAttribute('href')).toBe(
      `/hosts/${fleet.binding.id}/compare/main/${ID('b')}/${ID('a')}`,
    )
  })
})

describe('a file', () => {
  it('is found in all snapshots; each hit leads to it, ticked', async () => {
    const { user, asked } = open({
      lines: [hit('a', '/home/ada/letter'), hit('b', '/caf\ufffd/letter'), DONE],
    })
    await user.type(await field(), 'LETTER*{Enter}')
    await screen.findByText('2 hits in 2 snapshots.')
    expect(asked).toEqual(['find?pattern=LETTER*'])
    const links = screen.getAllByRole('link', { name: /letter$/ }).map((link) => link.getAttribute('href'))
    expect(links).toEqual([
      `/hosts/${fleet.binding.id}/restore/main/${ID('a')}?at=%2Fhome%2Fada&pick=%2Fhome%2Fada%2Fletter`,
      // What is no text in it was replaced: the directory that can be named.
      `/hosts/${fleet.binding.id}/restore/main/${ID('b')}?at=%2F&like=caf%EF%BF%BD%2Fletter`,
    ])
    await user.click(screen.getByRole('button', { name: 'Back to the snapshots' }))
    await screen.findByTestId('snapshot-aaaaaaaa')
  })

  it('is looked for in any case and in one group, as the address says', async () => {
    const { asked } = open({ at: '/?find=x&i=1&group=default' })
    await waitFor(() => expect(asked).toEqual(['find?pattern=x&ignore_case=true&group=default']))
    await screen.findByText('No file of that name in any snapshot')
  })

  it('that was looked for in part is told as such', async () => {
    const { user, asked } = open({ at: '/?find=x', lines: [hit('a', '/x')] })
    await screen.findByText('Not everything was looked through')
    await screen.findByText('1 hit in 1 snapshot.')
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await waitFor(() => expect(asked).toHaveLength(2))
  })

  it('that was not looked for is no finding of nothing', async () => {
    open({ at: '/?find=x', lines: [] })
    await screen.findByText('It was not looked for to the end')
    expect(screen.queryByText(/0 hits/)).toBeNull()
  })

  it('is not looked for where the host is away', async () => {
    open({ presence: 'offline' })
    await field()
    const button = screen.getByRole('button', { name: 'Find' })
    expect(button.getAttribute('aria-disabled')).toBe('true')
    expect(screen.getByText('web-1 is away, and only the host can look into its repository.')).toBeTruthy()
  })
})

it('a look that goes on is stopped', async () => {
  const { user } = open()
  const fetch = globalThis.fetch
  let stopped = false
  vi.stubGlobal('fetch', (input: string, init?: RequestInit) => {
    if (!input.includes('/find?')) return fetch(input, init)
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`${JSON.stringify(hit('a', '/x'))}\n`))
        init?.signal?.addEventListener('abort', () => {
          stopped = true
          controller.error(new DOMException('stopped', 'AbortError'))
        })
      },
    })
    return Promise.resolve(new Response(stream))
  })
  await user.type(await field(), 'x{Enter}')
  await screen.findByText(/1 hit in 1 snapshot so far/)
  await user.click(screen.getByRole('button', { name: 'Stop' }))
  await screen.findByText('1 hit in 1 snapshot, stopped.')
  expect(stopped).toBe(true)
})
