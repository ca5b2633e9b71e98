// @vitest-environment jsdom
//
// An approval in the place of a host that is gone: one button admits, hands the plan on and seals its secrets anew; and
// nothing is half done where the words are wrong.

import { screen, waitFor } from '@testing-library/react'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Admission, EscrowHost, Order, PendingView, Plan, SignedDocument } from '../../src/api/types.gen'
import ApprovePage from '../../src/pages/approve/ApprovePage'
import { Succession } from '../../src/pages/host/Succession'
import { agentFingerprint, makeKit } from '../../src/seal'
import { open } from '../../src/seal/signed'
import { bundleOf, escrowOf } from '../escrow'
import { type Fleet, foundFleet, type Member } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { show } from '../stage'

const OLD_PLAN: Plan = {
  ...PLAN,
  repositories: { main: { backend: { kind: 'rest', url: 'https://b.example.org', path: 'web-1' } } },
  hooks: { pre: 'secret', post: 'none', timeout_s: null },
}

let fleet: Fleet
let fresh: Member
let old: PlayedHost
let known: boolean
let pending: PendingView[]
let escrow: EscrowHost[]
let admissions: Admission[]
let orders: Order[]
let planFails: number
let members: PlayedHost[]

beforeEach(async () => {
  fleet = await foundFleet('ann')
  fresh = await fleet.admit(9, 'irrelevant')
  old = new PlayedHost(hostOf(fleet, 'web-1', { presence: 'offline' }), {
    ...OLD_PLAN,
    repositories: {
      main: {
        ...(OLD_PLAN.repositories.main as Plan['repositories'][string]),
        owner: { agent: fleet.binding.id, name: 'web-1' },
      },
    },
  })
  old.view.row.tags = ['web']
  known = true
  pending = [
    {
      agent: fresh.binding.id,
      binding: fresh.binding,
      agent_fingerprint: agentFingerprint(fresh.binding),
      fingerprint: '',
      words: [],
      hostname: 'web-1-new',
      os: 'linux',
      arch: 'x86_64',
      agent_version: '0.1.0',
      restic_version: '0.18.0',
      address: '192.0.2.7',
      since: 1,
      expires_at: 9e12,
      connected: true,
      collides_with: null,
    },
  ]
  escrow = [
    await escrowOf(
      fleet.words,
      {
        agent: fleet.binding.id,
        name: 'web-1',
        repositories: { main: { kind: 'rest', url: 'https://b.example.org', path: 'web-1' } },
      },
      {
        'repository/main/password': 'sesame',
        'repository/main/login': '{"user":"u","password":"l"}',
        'hook/*/pre': 'true',
        'ping/gone': 'https://hc.example.org',
      },
    ),
  ]
  admissions = []
  orders = []
  planFails = 0
  members = [old]
  const played = new Played(fleet, members)
  vi.stubGlobal(
    'fetch',
    vi.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
      const path = String(input).replace('/api/v1', '')
      const body = typeof init?.body === 'string' ? JSON.parse(init.body) : null
      if (path === '/pending') return Response.json(pending)
      if (path === `/pending/${fresh.binding.id}/approve`) {
        admissions.push(open('admission', (body as { admission: SignedDocument }).admission).document)
        pending = []
        return new Response(null, { status: 204 })
      }
      if (path === '/fleet/escrow') return Response.json(bundleOf(fleet.view.fleet, escrow))
      if (path === `/hosts/${fresh.binding.id}/orders`) return Response.json(take(body))
      if (!known && path.startsWith('/hosts')) {
        if (path.startsWith('/hosts?')) return Response.json({ items: [], next: null, total: 0 })
        const no = { code: 'not_found', title: 'No', detail: 'No such host.', hint: '', status: 404 }
        return Response.json(no, { status: 404 })
      }
      return played.fetch(input, init)
    }),
  )
})
afterEach(() => vi.unstubAllGlobals())

function take({ grave }: { grave: SignedDocument }) {
  if (planFails > 0) {
    planFails -= 1
    throw new TypeError('network error')
  }
  const { document, by } = open('order', grave)
  if (by !== fleet.device) throw new Error('signed by another key')
  orders.push(document)
  const { id, agent, person, action } = document
  const times = { issued_at: 1, expires_at: 9e12, answered_at: null }
  return { order: id, agent, action: action.do, person, state: 'sent', outcome: null, ...times }
}

const begin = () => show(<ApprovePage />, { at: `/pending/${fresh.binding.id}`, path: '/pending/:agent' })

async function choose(user: ReturnType<typeof show>, name: RegExp) {
  await user.click(await screen.findByTestId('replaces'))
  await user.click(await screen.findByRole('option', { name }))
}

async function typeWords(user: ReturnType<typeof show>, words: readonly string[]) {
  const field = await screen.findByTestId('kit-words')
  await user.clear(field)
  await user.click(field)
  await user.paste(words.join(' '))
}

async function secretsOf(order: Order | undefined): Promise<Record<string, string>> {
  if (order?.action.do !== 'set_plan') throw new Error('no plan was sent')
  const all: Record<string, string> = {}
  for (const { slot, revision, box } of order.action.secrets) {
    expect(revision).toBe(1)
    all[slot] = await fresh.unseal(slot, revision, box)
  }
  return all
}

describe('in the place of a known host', () => {
  it('ends what still waits for the old one, and says so before', async () => {
    const waiting = { agent: fleet.binding.id, person: 'ann', state: 'waiting', outcome: null } as const
    const times = { issued_at: 1, expires_at: 9e12, answered_at: null }
    old.orders = [
      { ...waiting, ...times, order: 'o', action: 'rename', about: { to: 'db-1', tags: [] } },
      { ...waiting, ...times, order: 'p', action: 'run', state: 'answered', about: { groups: ['home'] } },
    ]
    const user = begin()
    await choose(user, /^web-1 · offline/)
    expect(await screen.findByText(/^What still waits for web-1 is withdrawn/)).toHaveProperty(
      'textContent',
      'What still waits for web-1 is withdrawn: Rename the host as db-1, without tags. ' +
        'Ask for it again here, where it is still wanted.',
    )
  })

  it('one button admits, hands the plan on, and seals its secrets anew', async () => {
    const user = begin()
    await choose(user, /^web-1 · offline/)
    const what = await screen.findByTestId('what-happens')
    expect(what.textContent).toMatch(/becomes a member as web-1, in the place of web-1/)
    expect(what.textContent).toMatch(/snapshots go on under the name web-1, though.*called web-1-new/)
    await typeWords(user, fleet.words)
    await user.click(screen.getByTestId('compared'))
    await user.click(screen.getByRole('button', { name: 'Approve, in the place of web-1' }))
    await waitFor(() => expect(orders).toHaveLength(1))
    expect(admissions).toMatchObject([{ name: 'web-1', tags: ['web'], replaces: fleet.binding.id }])
    const [order] = orders
    expect(order?.action).toMatchObject({
      do: 'set_plan',
      base_revision: 0,
      plan: {
        hostname: 'web-1',
        repositories: { main: { owner: { agent: fresh.binding.id, name: 'web-1' } } },
        groups: OLD_PLAN.groups,
      },
    })
    expect(await secretsOf(order)).toEqual({
      'repository/main/password': 'sesame',
      'repository/main/login': '{"user":"u","password":"l"}',
      'hook/*/pre': 'true',
    })
  })

  it('nothing is done with the words of another kit, nor without any', async () => {
    const user = begin()
    await choose(user, /^web-1 · offline/)
    await screen.findByTestId('what-happens')
    await user.click(screen.getByTestId('compared'))
    await user.click(screen.getByTestId('approve'))
    await screen.findByText('Type the words of the kit.')
    await typeWords(user, makeKit().words)
    await user.click(screen.getByTestId('approve'))
    await screen.findByText(/another fleet’s kit/)
    expect([admissions, orders]).toEqual([[], []])
  })

  it('goes on where it stopped when the plan was lost on its way', async () => {
    planFails = 1
    const user = begin()
    await choose(user, /^web-1 · offline/)
    await screen.findByTestId('what-happens')
    await typeWords(user, fleet.words)
    await user.click(screen.getByTestId('compared'))
    await user.click(screen.getByTestId('approve'))
    await screen.findByText('web-1 is approved, but its plan was not sent')
    await user.click(screen.getByRole('button', { name: 'Send the plan again' }))
    await waitFor(() => expect(orders).toHaveLength(1))
    expect(admissions).toHaveLength(1)
    expect(await secretsOf(orders[0])).toMatchObject({ 'repository/main/password': 'sesame' })
  })

  it('without the kit it gets the plan, and what is missing is said', async () => {
    const user = begin()
    await choose(user, /^web-1 · offline/)
    await user.click(await screen.findByLabelText('Later: the kit is not at hand'))
    expect(screen.getByTestId('what-happens').textContent).toMatch(
      /Still to be given by hand: the password of repository main, the host’s hook before backups/,
    )
    await user.click(screen.getByTestId('compared'))
    await user.click(screen.getByTestId('approve'))
    await waitFor(() => expect(orders).toHaveLength(1))
    expect(await secretsOf(orders[0])).toEqual({})
  })

  it('inherits nothing where the coordinator never saw its plan', async () => {
    old.revision = 0
    const user = begin()
    await choose(user, /^web-1 · offline/)
    await screen.findByText(/never saw a plan of web-1.*Choose it out of an escrow bundle/)
    expect(screen.queryByTestId('what-happens')).toBeNull()
    await user.click(screen.getByTestId('compared'))
    await user.click(screen.getByTestId('approve'))
    await screen.findByText('Wait until it is known, or choose another.')
    expect([admissions, orders]).toEqual([[], []])
  })

  it('is suggested where the names are equal', async () => {
    pending = pending.map((one) => ({ ...one, hostname: 'WEB-1' }))
    const user = begin()
    await user.click(await screen.findByRole('button', { name: 'It takes the place of web-1' }))
    await screen.findByTestId('what-happens')
    expect(screen.queryByText('What it begins with')).toBeNull()
  })
})

it('a host out of a bundle of a lost coordinator comes back with its repositories', async () => {
  known = false
  const user = begin()
  await choose(user, /escrow bundle/)
  const file = new File([JSON.stringify(bundleOf(fleet.view.fleet, escrow))], 'escrow.json')
  await user.upload(await screen.findByTestId('replaces-bundle'), file)
  const what = await screen.findByTestId('what-happens')
  expect(what.textContent).toMatch(/does not know web-1: there is no history/)
  await typeWords(user, fleet.words)
  await user.click(screen.getByTestId('compared'))
  await user.click(screen.getByTestId('approve'))
  await waitFor(() => expect(orders).toHaveLength(1))
  expect(admissions).toMatchObject([{ name: 'web-1', replaces: null }])
  expect(orders[0]?.action).toMatchObject({
    plan: {
      hostname: 'web-1',
      repositories: { main: { backend: { kind: 'rest' } } },
      groups: { default: { includes: ['/etc', '/home', '/root'] } },
    },
  })
  expect(await secretsOf(orders[0])).toEqual({
    'repository/main/password': 'sesame',
    'repository/main/login': '{"user":"u","password":"l"}',
  })
})

it('is for everybody to use', async () => {
  const user = begin()
  await choose(user, /^web-1 · offline/)
  await screen.findByTestId('what-happens')
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  })
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
})

it('a host’s page leads to whom it replaced, and to who replaced it', () => {
  show(
    <Succession
      host={{
        ...hostOf(fleet, 'web-1'),
        replaces: { agent: 'a', name: 'old' },
        replaced_by: { agent: 'b', name: 'new' },
      }}
    />,
  )
  expect(screen.getByRole('link', { name: 'old' }).getAttribute('href')).toBe('/hosts/a')
  expect(screen.getByRole('link', { name: 'new' }).getAttribute('href')).toBe('/hosts/b')
})
