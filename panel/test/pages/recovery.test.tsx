// @vitest-environment jsdom
//
// Settings → Recovery: the kit is checked here and nothing is sent; bundles are made, opened, shown and restored from.

import { screen, waitFor, within } from '@testing-library/react'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EscrowBundle } from '../../src/api/types.gen'
import RecoveryPage from '../../src/pages/settings/RecoveryPage'
import { makeKit } from '../../src/seal'
import { bundleOf, escrowOf } from '../escrow'
import { type Fleet, foundFleet, type Member } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { ID, snapshotRow, snapshotsOf } from '../snapshots'
import { show } from '../stage'

let fleet: Fleet
let here: Member
let target: PlayedHost
let bundle: EscrowBundle
let escrows: number
let saved: { name: string; blob: Blob }[]
let role: string
/** The coordinator has the host that is in the bundle. */
let known: boolean

beforeEach(async () => {
  fleet = await foundFleet('ann')
  here = await fleet.admit(9, 'web-2')
  target = new PlayedHost(hostOf(here, 'web-2'), PLAN)
  target.answer = () => ({ outcome: 'accepted', jobs: [], revision: null })
  bundle = bundleOf(fleet.view.fleet, [
    await escrowOf(
      fleet.words,
      {
        agent: fleet.binding.id,
        name: 'web-1',
        hostname: 'web-1.example.org',
        repositories: { main: { kind: 'rest', url: 'https://b.example.org', path: 'web-1' } },
      },
      { 'repository/main/password': 'sesame', 'repository/main/login': '{"user":"u","password":"l"}' },
    ),
  ])
  escrows = 0
  saved = []
  role = 'admin'
  known = false
  const source = new PlayedHost(hostOf(fleet, 'web-1', { presence: 'offline' }), PLAN)
  source.snapshots = [snapshotRow('a', 1_700_000_000_000), snapshotRow('b', 1_600_000_000_000)]
  const played = new Played(fleet, [target])
  const both = snapshotsOf(new Played(fleet, [target, source]), { entries: {}, role: 'admin' })
  vi.stubGlobal(
    'fetch',
    vi.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
      const path = String(input).replace('/api/v1', '')
      if (path === '/session')
        return Response.json({ user: 'ann', role, session_expires_at: 9e12, must_add_factor: false })
      if (path === '/fleet/escrow') {
        escrows += 1
        return Response.json(bundle)
      }
      if (known && path.startsWith(`/hosts/${fleet.binding.id}`)) return both.fetch(input, init)
      if (path === `/hosts/${fleet.binding.id}`) {
        const problem = {
          code: 'not_found',
          title: 'No',
          detail: 'No such host.',
          hint: 'Look.',
          status: 404,
        }
        return Response.json(problem, { status: 404 })
      }
      return played.fetch(input, init)
    }),
  )
  URL.createObjectURL = vi.fn((blob: Blob) => {
    saved.push({ name: '', blob })
    return 'blob:it'
  }) as typeof URL.createObjectURL
  URL.revokeObjectURL = vi.fn()
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    const last = saved[saved.length - 1]
    if (last !== undefined) last.name = this.download
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

const posts = () => vi.mocked(fetch).mock.calls.filter(([, init]) => init?.method === 'POST')

async function openFile(content: unknown, words: readonly string[] = fleet.words) {
  const user = show(<RecoveryPage />)
  const file = new File([JSON.stringify(content)], 'escrow.json', { type: 'application/json' })
  await user.upload(await screen.findByTestId('bundle-file'), file)
  const fields = await waitFor(() => {
    const found = screen.getAllByTestId('kit-words')
    expect(found).toHaveLength(2)
    return found
  })
  await user.click(fields[1] as HTMLElement)
  await user.paste(words.join(' '))
  await user.click(screen.getByTestId('open-bundle'))
  return user
}

describe('the kit', () => {
  it('is checked here, sent nowhere, and taken out of the field', async () => {
    const user = show(<RecoveryPage />)
    const field = await screen.findByTestId<HTMLTextAreaElement>('kit-words')
    await user.click(field)
    await user.paste(fleet.words.map((word, n) => `${n + 1}. ${word}`).join('\n'))
    await user.click(screen.getByTestId('check-kit'))
    await screen.findByText('This is this fleet’s kit')
    expect(field.value).toBe('')
    expect(posts()).toEqual([])
  })

  it('of another fleet, and words that are none, are told', async () => {
    const user = show(<RecoveryPage />)
    const field = await screen.findByTestId('kit-words')
    await user.click(field)
    await user.paste(makeKit().words.join(' '))
    await user.click(screen.getByTestId('check-kit'))
    await screen.findByText(/another fleet’s kit/)
    await user.clear(field)
    await user.click(field)
    await user.paste(['qwertz', ...fleet.words.slice(1)].join(' '))
    await user.click(screen.getByTestId('check-kit'))
    await screen.findByText(/Word 1 is not in the word list/)
  })
})

describe('the bundle', () => {
  it('is downloaded under a name that says whose and when', async () => {
    const user = show(<RecoveryPage />)
    await user.click(await screen.findByTestId('download-bundle'))
    await screen.findByText('The bundle of 1 host is made')
    expect(saved.map(({ name }) => name)).toEqual([`escrow-${fleet.view.fleet.slice(0, 8)}-2026-11-20.json`])
  })

  it('from a file shows what opens each repository, when asked', async () => {
    const user = await openFile(bundle)
    await screen.findByText('The kit opens this bundle')
    expect(document.body.textContent).not.toContain('sesame')
    await user.click(screen.getByRole('button', { name: 'Show what opens the repositories of web-1' }))
    await screen.findByText('rest:https://b.example.org/web-1/')
    expect(document.body.textContent).not.toContain('sesame')
    await user.click(await screen.findByRole('button', { name: 'Show RESTIC_PASSWORD' }))
    screen.getByText('sesame')
    expect([escrows, posts()]).toEqual([0, []])
    await user.click(screen.getByTestId('close-bundle'))
    expect(document.body.textContent).not.toContain('sesame')
    expect(screen.queryByText('The kit opens this bundle')).toBeNull()
  })

  it('names what in it does not open', async () => {
    const [host] = bundle.hosts
    host?.boxes.push({ slot: 'hook/*/pre', revision: 1, recovery: 'ab'.repeat(32), box: 'AAAA' })
    const user = await openFile(bundle)
    await user.click(await screen.findByRole('button', { name: 'Show what opens the repositories of web-1' }))
    await screen.findByText(/sealed to another recovery key/)
  })

  it('of another kit stays shut, and a file that is none is told', async () => {
    const user = await openFile(bundle, makeKit().words)
    await screen.findByText(/opens with its own fleet’s/)
    await user.upload(screen.getByTestId('bundle-file'), new File(['{}'], 'x.json'))
    await screen.findByText(/That file is no escrow bundle/)
  })

  it('of a lost coordinator restores onto a host of this fleet', async () => {
    const user = await openFile(bundle)
    await user.click(await screen.findByRole('button', { name: 'Show what opens the repositories of web-1' }))
    await user.click(await screen.findByRole('button', { name: 'Restore from main onto a host' }))
    const dialog = within(await screen.findByRole('dialog'))
    const go = dialog.getByRole<HTMLButtonElement>('button', { name: 'Seal and restore' })
    expect(go.disabled).toBe(true)
    await user.click(dialog.getByTestId('restore-host'))
    await user.click(await screen.findByRole('option', { name: 'web-2' }))
    await user.type(dialog.getByLabelText(/^Snapshot/), 'abc')
    dialog.getByText('An id has 64 digits, 0 to 9 and a to f.')
    await user.type(dialog.getByLabelText(/^Snapshot/), 'd'.repeat(61))
    await waitFor(() => expect(go.disabled).toBe(false))
    await user.click(go)
    await waitFor(() => expect(target.posted).toHaveLength(1))
    const action = target.posted[0]?.action
    if (action?.do !== 'restore') throw new Error('no restore')
    expect(action).toMatchObject({ target: { to: 'fresh' }, lent: { source: fleet.binding.id } })
    const box = await here.unseal('repository/main/lent', 1, action.lent?.box ?? '', 'lent')
    expect(JSON.parse(box)).toMatchObject({ password: 'sesame', login: { user: 'u', password: 'l' } })
  })

  it('of a known host lets its snapshots be chosen, and claims no tree of one that is away', async () => {
    known = true
    const user = await openFile(bundle)
    await user.click(await screen.findByRole('button', { name: 'Show what opens the repositories of web-1' }))
    await user.click(await screen.findByRole('button', { name: 'Restore from main onto a host' }))
    const dialog = within(await screen.findByRole('dialog'))
    await dialog.findByText(/while it is connected/)
    await user.click(dialog.getByTestId('restore-host'))
    await user.click(await screen.findByRole('option', { name: 'web-2' }))
    await user.click(await dialog.findByTestId('known-snapshot'))
    await user.click(await screen.findByRole('option', { name: /bbbbbbbb/ }))
    const go = dialog.getByRole<HTMLButtonElement>('button', { name: 'Seal and restore' })
    await waitFor(() => expect(go.disabled).toBe(false))
    await user.click(go)
    await waitFor(() => expect(target.posted).toHaveLength(1))
    expect(target.posted[0]?.action).toMatchObject({ do: 'restore', snapshot: ID('b'), picks: [] })
  })
})

it('is for admins', async () => {
  role = 'operator'
  show(<RecoveryPage />)
  await screen.findByText(/It takes an admin to use the recovery kit/)
})

it('is for everybody to use', async () => {
  const user = await openFile(bundle)
  await user.click(await screen.findByRole('button', { name: 'Show what opens the repositories of web-1' }))
  await screen.findByText('RESTIC_PASSWORD')
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  })
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
})
