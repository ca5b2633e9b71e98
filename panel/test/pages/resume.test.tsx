// @vitest-environment jsdom
//
// A replacement whose page was closed once the host was let in: gone on with by admins, for whom a signed admission names;
// and a way by hand wherever that does not lead on.

import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import type { ReactNode } from 'react'
import { MemoryRouter } from 'react-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { key, type WholeHost } from '../../src/api/queries'
import type { EscrowHost, MeView, Order, Plan, Role, SignedDocument } from '../../src/api/types.gen'
import ApprovePage from '../../src/pages/approve/ApprovePage'
import { Succession } from '../../src/pages/host/Succession'
import { ArrivalSteps } from '../../src/parts/ArrivalSteps'
import { agentFingerprint, fingerprintWords, makeKit } from '../../src/seal'
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
/** The old host was forgotten once it was replaced. */
let removed: boolean
let escrow: EscrowHost[]
let orders: Order[]
let admitted: number
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
  removed = false
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
  orders = []
  admitted = 0
  members = [old]
  const played = new Played(fleet, members)
  vi.stubGlobal(
    'fetch',
    vi.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
      const path = String(input).replace('/api/v1', '')
      const body = typeof init?.body === 'string' ? JSON.parse(init.body) : null
      if (path === '/pending') return Response.json([])
      if (path.endsWith('/approve')) admitted += 1
      if (path === '/fleet/escrow') return Response.json(bundleOf(fleet.view.fleet, escrow))
      if (path === `/hosts/${fresh.binding.id}/orders` && body !== null) return Response.json(take(body))
      if (removed && path.startsWith(`/hosts/${fleet.binding.id}`)) {
        const no = { code: 'not_found', title: 'No', detail: 'No such host.', hint: '', status: 404 }
        return Response.json(no, { status: 404 })
      }
      return played.fetch(input, init)
    }),
  )
})
afterEach(() => vi.unstubAllGlobals())

function take({ grave }: { grave: SignedDocument }) {
  const { document, by } = open('order', grave)
  if (by !== fleet.device) throw new Error('signed by another key')
  orders.push(document)
  const { id, agent, person, action } = document
  const times = { issued_at: 1, expires_at: 9e12, answered_at: null }
  return { order: id, agent, action: action.do, person, state: 'sent', outcome: null, ...times }
}

const begin = () => show(<ApprovePage />, { at: `/pending/${fresh.binding.id}`, path: '/pending/:agent' })

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

describe('a replacement whose page was closed once the host was let in', () => {
  let half: PlayedHost
  beforeEach(async () => {
    half = new PlayedHost(hostOf(await fleet.admit(9, 'web-1', fleet.binding.id), 'web-1'), PLAN)
    half.view.facts.hostname = 'web-1-new'
    half.view.plan_revision = 0
    half.view.replaces = { agent: fleet.binding.id, name: 'web-1' }
    members.push(half)
  })

  const drawn = (page: ReactNode, role: Role = 'admin') => {
    const client = new QueryClient()
    client.setQueryData(key.session, {
      user: 'ann',
      role,
      session_expires_at: 9e12,
      must_add_factor: false,
    } as MeView)
    return render(
      <MantineProvider env="test">
        <QueryClientProvider client={client}>
          <MemoryRouter>{page}</MemoryRouter>
        </QueryClientProvider>
      </MantineProvider>,
    )
  }
  const linkTo = (name: string) => screen.queryByRole('link', { name })?.getAttribute('href') ?? null
  const byHand = () => `/hosts/${fresh.binding.id}/repository`

  it('is offered on the new host’s page until the host has a plan, or one waits for it', () => {
    const offered = (change: Partial<WholeHost>) => {
      const { unmount } = drawn(<Succession host={{ ...half.view, ...change }} />)
      const to = linkTo('Go on with the replacement')
      expect(linkTo('Give it a repository')).toBe(to === null ? null : byHand())
      unmount()
      return to
    }
    expect(offered({})).toBe(`/pending/${fresh.binding.id}`)
    expect(offered({ plan_revision: 1 })).toBeNull()
    expect(offered({ plan_waiting: true })).toBeNull()
    expect(offered({ replaces: null })).toBeNull()
    expect(offered({ replaced_by: { agent: 'b', name: 'newer' } })).toBeNull()
  })

  it.each<[Role, boolean]>([
    ['admin', true],
    ['operator', false],
  ])('leads an %s to what that person may do: going on with it: %s', async (role, may) => {
    const to = may ? `/pending/${fresh.binding.id}` : null
    const { unmount } = drawn(<Succession host={half.view} />, role)
    expect([linkTo('Go on with the replacement'), linkTo('Give it a repository')]).toEqual([to, byHand()])
    unmount()
    drawn(<ArrivalSteps agent={fresh.binding.id} />, role)
    await screen.findByRole('link', { name: 'Give it a repository' })
    expect([linkTo('Go on with the replacement'), linkTo('Give it a repository')]).toEqual([to, byHand()])
  })

  it('leads to the Repository page where the old host was removed', async () => {
    removed = true
    begin()
    await screen.findByText('The old host is not here any more')
    expect(linkTo('Give it a repository by hand')).toBe(byHand())
  })

  it('sends no empty plan where the coordinator never saw the old one', async () => {
    old.revision = 0
    begin()
    await screen.findByText(/never saw a plan of web-1/)
    expect(linkTo('Give it a repository by hand')).toBe(byHand())
    expect(screen.queryByTestId('resume')).toBeNull()
  })

  it('leads to the Repository page where nothing is in escrow', async () => {
    escrow = []
    const user = begin()
    await typeWords(user, fleet.words)
    await user.click(screen.getByTestId('resume'))
    const told = await screen.findByText(/nothing in escrow of web-1/)
    expect(told.textContent).toMatch(/Choose Later.*Repository page.*Settings, Recovery/)
    expect(linkTo('Give it a repository by hand')).toBe(byHand())
    expect(orders).toEqual([])
  })

  it('goes on with the plan and its secrets, and admits nobody again', async () => {
    const user = begin()
    const what = await screen.findByTestId('what-happens')
    await screen.findByRole('heading', { name: 'Go on with the replacement' })
    expect(what.textContent).not.toMatch(/becomes a member/)
    expect(what.textContent).toContain(
      `web-1 takes the place of web-1, ${fleet.binding.id.slice(0, 8)}, as its admission says.`,
    )
    expect(what.textContent).toMatch(/gets the old plan/)
    const shown = screen.getByTestId('host-fingerprint').textContent ?? ''
    for (const word of fingerprintWords(agentFingerprint(fresh.binding))) expect(shown).toContain(word)
    await user.click(screen.getByTestId('resume'))
    await screen.findByText('Type the words of the kit.')
    await typeWords(user, makeKit().words)
    await user.click(screen.getByTestId('resume'))
    await screen.findByText(/another fleet’s kit/)
    expect(orders).toEqual([])
    await typeWords(user, fleet.words)
    await user.click(screen.getByTestId('resume'))
    await waitFor(() => expect(orders).toHaveLength(1))
    expect(admitted).toBe(0)
    expect(orders[0]?.action).toMatchObject({ do: 'set_plan', base_revision: 0, plan: { hostname: 'web-1' } })
    expect(await secretsOf(orders[0])).toMatchObject({ 'repository/main/password': 'sesame' })
  })

  it.each<[string, () => Promise<Member | Fleet>]>([
    ['is not of its keys', async () => fleet],
    ['names nobody', () => fleet.admit(9, 'web-1')],
    ['names another host', () => fleet.admit(9, 'web-1', 'ab'.repeat(32))],
  ])('asks for no words, and seals nothing, where the admission %s', async (_, member) => {
    half.view.credential = { by: 'admission', admission: (await member()).admission }
    begin()
    await screen.findByText('web-1 gets nothing of web-1')
    expect(screen.queryByTestId('kit-words')).toBeNull()
    expect(screen.queryByTestId('resume')).toBeNull()
    const link = screen.getByRole('link', { name: 'Give it a repository by hand' })
    expect(link.getAttribute('href')).toBe(`/hosts/${fresh.binding.id}/repository`)
  })

  it('asks for no words where another host is shown in the old one’s place', async () => {
    old.view.row.agent = 'cd'.repeat(32)
    begin()
    await screen.findByText('web-1 gets nothing')
    expect(screen.queryByTestId('kit-words')).toBeNull()
  })

  it('is not offered to a member that has its plan', async () => {
    half.view.plan_revision = 1
    begin()
    await screen.findByText('web-1 is a member already')
    expect(screen.queryByTestId('resume')).toBeNull()
  })
})
