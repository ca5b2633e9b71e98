// @vitest-environment jsdom
//
// Getting files back: from a snapshot's row to the order, with what is said on the way.

import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import axe from 'axe-core'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { JobView, Node, PolicyFacts } from '../../src/api/types.gen'
import RestorePage from '../../src/pages/restore/RestorePage'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { directory, file, ID, snapshotRow, snapshotsOf } from '../snapshots'
import { show } from '../stage'

let fleet: Fleet
let host: PlayedHost

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  vi.stubGlobal(
    'EventSource',
    class {
      close() {}
    },
  )
  return () => vi.unstubAllGlobals()
})

const ENTRIES = {
  '/': [directory('home')],
  '/home': [directory('ada'), directory('bob')],
  '/home/ada': [
    file('letter.txt', 2_048),
    file('caf\\xE9'),
    file('link', 0, { kind: 'link', target: '../bob' }),
  ],
  '/home/bob': [file('x')],
}

interface Options {
  role?: 'viewer' | 'operator' | 'admin'
  presence?: 'online' | 'offline'
  policy?: Partial<PolicyFacts>
  search?: string
  absent?: boolean
  can?: string[]
  entries?: Record<string, Node[]>
}

function open({ role, presence, policy, search = '', absent, can = [], entries = ENTRIES }: Options = {}) {
  const view = hostOf(fleet, 'web-1', { ...(presence && { presence }), ...(policy && { policy }) })
  view.facts.restic_can = can
  host = new PlayedHost(view, PLAN)
  host.snapshots = [snapshotRow('a', 1_700_000_000_000), snapshotRow('b', 1_600_000_000_000)]
  host.answer = () => ({ outcome: 'accepted', jobs: ['job-9'], revision: null })
  const played = new Played(fleet, [host])
  const play = snapshotsOf(played, {
    entries,
    measures: { '/home/ada': { files: 2, directories: 1, bytes: 2_053 } },
    ...(role && { role }),
    ...(absent && { absent }),
  })
  vi.stubGlobal('fetch', vi.fn(play.fetch))
  const user = show(<RestorePage />, {
    at: `/hosts/${fleet.binding.id}/restore/main/${ID('a')}${search}`,
    path: '/hosts/:agent/restore/:repository/:snapshot',
  })
  return { user, asked: play.asked }
}

/** By its name, with which what else its row is called begins. */
const named = (name: string | RegExp) =>
  typeof name === 'string' ? (all: string) => all === name || all.startsWith(`${name} `) : name
const item = (name: string | RegExp) => screen.findByRole('treeitem', { name: named(name) })
const ticked = (row: HTMLElement) => row.getAttribute('aria-checked')
const tickOf = (row: HTMLElement) => row.querySelector('[data-part="tick"]') as HTMLElement
const go = () => screen.getByTestId<HTMLButtonElement>('restore-go')

describe('the tree', () => {
  it('opens what leads nowhere else, and ticks in three states', async () => {
    const { user } = open()
    const ada = await item('ada')
    expect(ada.getAttribute('aria-level')).toBe('2')
    await user.click(within(ada).getByText('ada'))
    const letter = await item('letter.txt')
    await user.click(tickOf(letter))
    expect([ticked(letter), ticked(await item('ada')), ticked(await item('home'))]).toEqual([
      ...['true', 'mixed', 'mixed'],
    ])
    expect(screen.getByTestId('restore-total').textContent).toMatch(/1 file, 2\.00 KiB/)
    await user.click(tickOf(await item('home')))
    expect(ticked(await item('bob'))).toBe('true')
    await user.click(tickOf(await item('home')))
    expect(screen.getByTestId('restore-total').textContent).toMatch(/Nothing is ticked yet/)
  })

  it('is walked and ticked by keys', async () => {
    const { user } = open()
    await item('ada')
    screen.getByRole('tree', { name: 'Files of the snapshot' }).focus()
    await user.keyboard('{ArrowDown}{ArrowRight}')
    await item('letter.txt')
    await user.keyboard('{ArrowRight} ')
    expect(ticked(await item('letter.txt'))).toBe('true')
    await user.keyboard('{ArrowLeft}{ArrowLeft}')
    expect((await item('ada')).getAttribute('aria-expanded')).toBe('false')
    const tree = screen.getByRole('tree', { name: 'Files of the snapshot' })
    expect(document.getElementById(tree.getAttribute('aria-activedescendant') ?? '')).toBe(await item('ada'))
  })

  it('shows where links lead, and what is no text', async () => {
    const { user } = open()
    await user.click(within(await item('ada')).getByText('ada'))
    await item(/^link +→ +\.\.\/bob/)
    const odd = await item('caf\ufffd')
    expect(odd.querySelector('[title]')?.getAttribute('title')).toMatch(/It is caf\\xE9/)
  })

  it('is filtered in one directory, by the host, and entered', async () => {
    const { user, asked } = open({ search: '?at=/home/ada' })
    await item('letter.txt')
    await user.type(screen.getByRole('searchbox', { name: /^Filter this directory by name/ }), 'LET')
    await waitFor(() => expect(screen.queryByRole('treeitem', { name: /^link/ })).toBeNull())
    expect(asked.at(-1)).toMatch(/^tree\?path=%2Fhome%2Fada&name=LET/)
    await user.click(
      within(screen.getByRole('navigation', { name: 'Directory' })).getByRole('link', { name: 'home' }),
    )
    await item('bob')
  })

  it('of a large directory stays small on the page', async () => {
    const many = Array.from({ length: 1_200 }, (_, n) => file(`f${String(n).padStart(4, '0')}`))
    Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 })
    Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 600 })
    try {
      const { asked } = open({ entries: { '/': many } })
      await item('f0000')
      expect(screen.getAllByRole('treeitem').length).toBeLessThan(80)
      expect(screen.getAllByRole('treeitem')[0]?.getAttribute('aria-setsize')).toBe('1200')
      const pages = () => asked.filter((one) => one.startsWith('tree')).length
      expect(pages()).toBe(1)
      const tree = screen.getByRole('tree', { name: 'Files of the snapshot' })
      tree.scrollTop = 499 * 32
      fireEvent.scroll(tree)
      await item('f0499')
      await waitFor(() => expect(pages()).toBe(2))
      expect(screen.getAllByRole('treeitem').length).toBeLessThan(80)
    } finally {
      // Back to what jsdom has.
      Reflect.deleteProperty(HTMLElement.prototype, 'clientHeight')
      Reflect.deleteProperty(HTMLElement.prototype, 'clientWidth')
    }
  })
})

describe('a restore', () => {
  it('into a new directory takes a tick, one click and no key', async () => {
    const { user } = open()
    await user.click(tickOf(await item('ada')))
    await screen.findByText(/2 files and 1 directory, 2\.00 KiB/, { selector: 'strong' })
    await user.click(go())
    await waitFor(() => expect(host.routine).toHaveLength(1))
    expect(host.routine[0]).toEqual({
      ...{ do: 'restore', repository: 'main', snapshot: ID('a'), picks: [{ path: '/home/ada', take: true }] },
      ...{ target: { to: 'fresh' }, overwrite: 'always', ownership: 'keep', verify: false, dry_run: false },
      meanwhile: 'wait',
    })
    expect(host.posted).toEqual([])
    // What is given is no longer chosen.
    await waitFor(() =>
      expect(Object.keys(sessionStorage).filter((key) => key.includes('restore'))).toEqual([]),
    )
  })

  it('into a named directory is signed, without the path above where one says so', async () => {
    const { user } = open({ can: ['restore_subfolder'] })
    await user.click(tickOf(await item('ada')))
    await user.click(screen.getByRole('radio', { name: /A directory that I name/ }))
    expect(go().getAttribute('aria-disabled')).toBe('true')
    await user.type(screen.getByRole('textbox', { name: /Directory/ }), 'srv')
    await screen.findByText(/Name an absolute directory/, { selector: 'p' })
    await user.clear(screen.getByRole('textbox', { name: /Directory/ }))
    await user.type(screen.getByRole('textbox', { name: /Directory/ }), '/srv/back')
    await user.click(screen.getByRole('checkbox', { name: /Without \/home above them/ }))
    await waitFor(() => expect(go().disabled).toBe(false))
    await user.click(go())
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toMatchObject({
      target: { to: 'directory', path: '/srv/back', base: '/home' },
    })
  })

  it('in place takes the host’s name, typed', async () => {
    const { user } = open({ can: ['restore_overwrite'] })
    await user.click(tickOf(await item('ada')))
    await user.click(screen.getByRole('radio', { name: /Where the files were/ }))
    const name = screen.getByRole('textbox', { name: 'Type web-1 to go on' })
    await user.type(name, 'web-2')
    expect(screen.getByTestId('restore-summary').textContent).toMatch(/Type web-1 first/)
    expect(go().getAttribute('aria-disabled')).toBe('true')
    await user.click(go())
    await user.clear(name)
    await user.type(name, 'web-1')
    await waitFor(() => expect(go().getAttribute('aria-disabled')).toBeNull())
    await user.click(go())
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toMatchObject({ target: { to: 'in_place', host: 'web-1' } })
  })

  it('in place is an admin’s', async () => {
    const { user } = open({ role: 'operator' })
    await user.click(tickOf(await item('ada')))
    await user.click(screen.getByRole('radio', { name: /Where the files were/ }))
    await waitFor(() =>
      expect(screen.getByTestId('restore-summary').textContent).toMatch(/It takes an admin to/),
    )
  })

  it('keeps its ticks over a reload, and leaves them where a dry run was given', async () => {
    const { user } = open({ can: ['restore_dry_run'] })
    await user.click(tickOf(await item('ada')))
    await user.click(screen.getByRole('checkbox', { name: /Dry run/ }))
    await user.click(go())
    await waitFor(() => expect(host.routine).toHaveLength(1))
    expect(host.routine[0]).toMatchObject({ dry_run: true })
    const kept = Object.entries(sessionStorage).find(([key]) =>
      key.includes(`restore/${fleet.binding.id}/main/`),
    )
    expect(kept?.[1]).toContain('/home/ada')
  })
})

describe('what an address asks for', () => {
  it('is shown and ticked, once', async () => {
    const { user } = open({ search: '?at=/home/ada&pick=/home/ada/letter.txt' })
    const letter = await item('letter.txt')
    await waitFor(() => expect(ticked(letter)).toBe('true'))
    await user.click(tickOf(letter))
    expect(ticked(letter)).toBe('false')
  })

  it('begins anew: nothing that was chosen before joins it', async () => {
    const first = open()
    await first.user.click(tickOf(await item('bob')))
    await first.user.click(screen.getByRole('radio', { name: /Where the files were/ }))
    await first.user.click(screen.getByRole('checkbox', { name: /Verify/ }))
    document.body.replaceChildren()
    open({ search: '?at=/home/ada&pick=/home/ada/letter.txt' })
    await waitFor(async () => expect(ticked(await item('letter.txt'))).toBe('true'))
    await waitFor(() =>
      expect(screen.getByTestId('restore-summary').textContent).toMatch(/letter\.txt.* into a new directory/),
    )
    expect(screen.getByTestId('restore-summary').textContent).not.toMatch(/bob/)
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /Verify/ }).checked).toBe(false)
  })

  it('that is no text is told, for it cannot be ticked by a link', async () => {
    open({ search: '?at=/home/ada&like=caf%EF%BF%BD' })
    await item('letter.txt')
    expect(screen.getByText('It could not be ticked for you')).toBeTruthy()
  })

  it('is an earlier restore, with its options', async () => {
    open({ search: '' })
    const job: JobView = {
      ...{
        agent: fleet.binding.id,
        host: 'web-1',
        job: 'j',
        kind: 'restore',
        repository: 'main',
        group: null,
      },
      ...{
        origin: { by: 'local' },
        state: 'failed',
        reason: null,
        explanation: null,
        numbers: {},
        result: null,
      },
      ...{ lacks: [], queued_at: 1, started_at: 2, finished_at: 3, progress: null },
      options: {
        restore: {
          ...{ repository: 'main', snapshot: ID('a'), picks: [{ path: '/home/bob', take: true }] },
          ...{ target: { to: 'directory', path: '/srv/back' }, overwrite: 'always', ownership: 'keep' },
          ...{ verify: true, dry_run: false, meanwhile: 'cancel' },
        },
      },
    }
    document.body.replaceChildren()
    const again = open({ search: `?again=${fleet.binding.id}/j` })
    host.jobs.set('j', job)
    await waitFor(async () => expect(ticked(await item('bob'))).toBe('true'))
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: /Directory/ }).value).toBe('/srv/back')
    expect(screen.getByRole<HTMLInputElement>('checkbox', { name: /Verify/ }).checked).toBe(true)
    expect(screen.getByRole<HTMLInputElement>('radio', { name: /Is cancelled/ }).checked).toBe(true)
    expect(again.asked.length).toBeGreaterThan(0)
  })
})

describe('what is in the way', () => {
  it('a viewer sees the tree, and why not more', async () => {
    open({ role: 'viewer' })
    await item('ada')
    expect(go().getAttribute('aria-disabled')).toBe('true')
    expect(screen.getByTestId('restore-summary').textContent).toMatch(
      /It takes an operator to restore files\./,
    )
    expect(screen.getAllByRole('button', { name: /^Download ada: It takes an operator/ })).toHaveLength(1)
  })

  it('an absent host is told at once, with what it means', async () => {
    const { user } = open({ presence: 'offline', absent: true })
    await screen.findByText('web-1: offline')
    await screen.findByText('/ cannot be shown')
    expect(screen.getByText(/web-1 is not connected\. Try it again\./)).toBeTruthy()
    await user.click(screen.getByRole('button', { name: 'Try again' }))
    await screen.findByText('/ cannot be shown')
  })

  it('what cannot be shown can be ticked as a whole', async () => {
    const { user } = open({ presence: 'offline', absent: true })
    await user.click(await screen.findByRole('checkbox', { name: /Everything in this snapshot/ }))
    await waitFor(() => expect(go().getAttribute('aria-disabled')).toBeNull())
    expect(screen.getByTestId('restore-summary').textContent).toMatch(/Restores everything/)
    await user.click(screen.getByRole('checkbox', { name: /Everything in this snapshot/ }))
    expect(screen.getByTestId('restore-total').textContent).toMatch(/Nothing is ticked yet/)
  })

  it('what waits for an absent host is not given twice, and otherwise again', async () => {
    const { user } = open({ presence: 'offline' })
    host.answer = null
    await user.click(tickOf(await item('ada')))
    await screen.findByText(/waits here for 1 h/)
    await user.dblClick(go())
    await waitFor(() => expect(go().getAttribute('aria-disabled')).toBe('true'))
    await user.click(go())
    expect(host.routine).toHaveLength(1)
    expect(screen.getByTestId('restore-summary').textContent).toMatch(/It is given already/)
    await user.click(screen.getByRole('checkbox', { name: /Verify/ }))
    await user.click(go())
    await waitFor(() => expect(host.routine).toHaveLength(2))
  })

  it('the host’s policy is told before it refuses', async () => {
    open({ policy: { refuse_in_place: true, restore_below: ['/srv/restore'] } })
    await item('ada')
    const inPlace = screen.getByRole<HTMLInputElement>('radio', { name: /Where the files were/ })
    expect(inPlace.disabled).toBe(true)
    expect(screen.getByText('Restores go below /srv/restore alone.')).toBeTruthy()
  })

  it('what is not ticked', async () => {
    open()
    await item('ada')
    expect(screen.getByTestId('restore-summary').textContent).toMatch(/Tick at least one file or directory/)
  })
})

it('another snapshot is chosen with the ticks kept', async () => {
  const { user } = open()
  await user.click(tickOf(await item('ada')))
  await user.click(await screen.findByRole('button', { name: 'Another snapshot…' }))
  await user.click(await screen.findByRole('button', { name: 'Choose bbbbbbbb' }))
  await waitFor(async () => expect(ticked(await item('ada'))).toBe('true'))
  expect(screen.getByTestId('restore-snapshot').textContent).toMatch(/bbbbbbbb/)
})

it('has nothing that axe finds', async () => {
  const { user } = open({ can: ['restore_subfolder', 'restore_dry_run'] })
  await user.click(within(await item('ada')).getByText('ada'))
  await user.click(tickOf(await item('letter.txt')))
  await user.click(screen.getByRole('radio', { name: /A directory that I name/ }))
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
  // A page of its own has no shell around it, whose landmarks hold everything.
  expect(violations.filter(({ id }) => id !== 'region').map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual(
    [],
  )
})
