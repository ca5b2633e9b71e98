// @vitest-environment jsdom
//
// Two snapshots compared: what streams in becomes a tree that adds up, can be filtered, and leads to a restore.

import { screen, waitFor, within } from '@testing-library/react'
import axe from 'axe-core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { AnswerLine } from '../../src/api/types.gen'
import ComparePage from '../../src/pages/restore/ComparePage'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { ID, snapshotRow, snapshotsOf } from '../snapshots'
import { show } from '../stage'

let fleet: Fleet

beforeEach(async () => {
  fleet = await foundFleet('ann')
  return () => vi.unstubAllGlobals()
})

const none = { items: 0, bytes: 0 }
const LINES: AnswerLine[] = [
  {
    part: {
      part: 'changes',
      changes: [
        { path: '/home/ada/new.txt', change: 'added' },
        { path: '/home/ada/old.txt', change: 'removed' },
        { path: '/home/bob/', change: 'metadata' },
        { path: '/etc/hosts', change: 'changed' },
      ],
    },
  },
  {
    part: {
      part: 'sizes',
      sizes: [
        { n: 0, after: 2_048 },
        { n: 1, before: 5 },
        { n: 3, before: 10, after: 12 },
      ],
    },
  },
  {
    part: {
      part: 'compared',
      totals: {
        ...{
          added: { items: 1, bytes: 2_048 },
          removed: { items: 1, bytes: 5 },
          changed: { items: 1, bytes: 12 },
        },
        ...{ metadata: { ...none, items: 1 }, untold: 3 },
      },
    },
  },
  { end: { end: 'done' } },
]

function open({
  older = 'b',
  newer = 'a',
  lines = LINES,
  absent = false,
  presence = 'online' as const,
} = {}) {
  const host = new PlayedHost(hostOf(fleet, 'web-1', { presence }), PLAN)
  host.snapshots = [snapshotRow('a', 3_000), snapshotRow('b', 2_000), snapshotRow('c', 1_000)]
  const play = snapshotsOf(new Played(fleet, [host]), { lines: () => lines, absent })
  vi.stubGlobal('fetch', vi.fn(play.fetch))
  const user = show(<ComparePage />, {
    at: `/hosts/${fleet.binding.id}/compare/main/${ID(older)}/${ID(newer)}`,
    path: '/hosts/:agent/compare/:repository/:older/:newer',
  })
  return { user, asked: play.asked }
}

const item = (name: RegExp) => screen.findByRole('treeitem', { name })

describe('a comparison', () => {
  it('is a tree with sizes and totals', async () => {
    const { user, asked } = open()
    await waitFor(() =>
      expect(screen.getByTestId('diff-totals').textContent).toBe(
        '1 added (2.00 KiB), 1 removed (5 B), 1 changed (12 B), 1 metadata only',
      ),
    )
    expect(asked).toEqual([`diff?older=${ID('b')}&newer=${ID('a')}`])
    expect((await item(/^etc/)).textContent).toMatch(/1 changed \+2 B older newer/)
    expect((await item(/hosts, changed/)).textContent).toMatch(/10 B → 12 B/)
    expect(screen.getByText(/3 more changes are not listed/)).toBeTruthy()
    await user.click(within(await item(/^ada/)).getByText('ada'))
    const added = await item(/new\.txt, added/)
    expect(
      within(added)
        .getAllByRole('link')
        .map((link) => link.getAttribute('href')),
    ).toEqual([
      `/hosts/${fleet.binding.id}/restore/main/${ID('a')}?at=%2Fhome%2Fada&pick=%2Fhome%2Fada%2Fnew.txt`,
    ])
    const removed = within(await item(/old\.txt, removed/)).getByRole<HTMLAnchorElement>('link', {
      name: 'older',
    })
    expect(removed.title).toBe('Restore old.txt from the older one')
    expect(removed.getAttribute('href')).toContain(`/restore/main/${ID('b')}?`)
  })

  it('is filtered by kind and name', async () => {
    const { user } = open()
    await item(/^etc/)
    await user.click(screen.getByRole('checkbox', { name: /removed/ }))
    await waitFor(() => expect(screen.queryByRole('treeitem', { name: /^etc/ })).toBeNull())
    await user.type(screen.getByRole('searchbox'), 'old')
    await item(/old\.txt, removed/)
    await user.type(screen.getByRole('searchbox'), 'er')
    await screen.findByText('No difference like that')
  })

  it('that is cut says so, and keeps what came', async () => {
    open({ lines: LINES.slice(0, 1) })
    await screen.findByText('The comparison is not whole')
    await screen.findByText(/connection was lost/)
    await item(/^etc/)
    expect(screen.getByTestId('diff-totals').textContent).toMatch(/^1 added, 1 removed, 1 changed/)
  })

  it('that never began says so, and shows nothing of it', async () => {
    open({ lines: [] })
    await screen.findByText('The snapshots were not compared')
    expect(screen.queryByTestId('diff-totals')).toBeNull()
  })

  it('of snapshots that hold the same is told', async () => {
    const totals = { added: none, removed: none, changed: none, metadata: none, untold: 0 }
    open({ lines: [{ part: { part: 'compared', totals } }, { end: { end: 'done' } }] })
    await screen.findByText('No difference: both hold the same')
    expect(screen.getByTestId('diff-totals').textContent).toBe('Nothing is different')
  })

  it('needs the host', async () => {
    open({ absent: true })
    await screen.findByText(/web-1 is not connected/)
    await screen.findByRole('button', { name: 'Try again' })
  })
})

describe('what is compared', () => {
  it('is not one snapshot with itself', async () => {
    const { user, asked } = open({ older: 'a' })
    await screen.findByText('That is the same snapshot twice')
    expect(asked).toEqual([])
    await user.click(screen.getByRole('button', { name: 'Choose another one' }))
    expect(
      (await screen.findAllByRole('button', { name: /^Choose [abc]{8}$/ })).map((one) => one.ariaLabel),
    ).toEqual(['Choose bbbbbbbb', 'Choose cccccccc'])
  })

  it('is chosen anew', async () => {
    const { user, asked } = open()
    await user.click(await screen.findByRole('button', { name: 'Another older one' }))
    await user.click(await screen.findByRole('button', { name: 'Choose cccccccc' }))
    await waitFor(() => expect(asked.at(-1)).toBe(`diff?older=${ID('c')}&newer=${ID('a')}`))
  })
})

it('has nothing that axe finds', async () => {
  open()
  await item(/^etc/)
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  // A page of its own has no shell around it, whose landmarks hold everything.
  expect(violations.filter(({ id }) => id !== 'region').map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual(
    [],
  )
})
