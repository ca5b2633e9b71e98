// @vitest-environment jsdom
//
// The edit of a plan against a coordinator that is played here: what is posted is opened and checked as the agent would.

import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter } from 'react-router'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type {
  HostView,
  Order,
  OrderView,
  Outcome,
  Plan,
  PlanView,
  SignedDocument,
} from '../../src/api/types.gen'
import { emptyGroup } from '../../src/model/plan'
import { Host, type HostContext } from '../../src/pages/host/context'
import { PlanEditProvider, PlanGate, usePlanEdit } from '../../src/pages/host/planEdit'
import { SaveBar } from '../../src/pages/host/SaveBar'
import { open } from '../../src/seal/signed'
import { Toasts } from '../../src/ui/Toast'
import { type Fleet, foundFleet } from '../fleet'

const PLAN: Plan = {
  repositories: { main: { backend: { kind: 'local', path: '/srv/repo' } } },
  groups: { default: { ...emptyGroup('main'), includes: ['/etc'] } },
  schedules: {},
  maintenance: { forget: null },
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}

/** A coordinator and the agent behind it, as far as plans go. */
class Played {
  revision = 4
  plan: Plan = PLAN
  orders: OrderView[] = []
  posted: Order[] = []
  /** What the agent answers; `null`: the host is absent. */
  answer: ((order: Order) => Outcome) | null = (order) => this.#apply(order)
  readonly #fleet: Fleet

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  #apply({ action }: Order): Outcome {
    if (action.do !== 'set_plan') throw new Error('only plans are played')
    this.plan = action.plan
    this.revision += 1
    return { outcome: 'accepted', jobs: [], revision: this.revision }
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const path = String(input).replace('/api/v1', '')
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {}
    const json = (value: unknown) => new Response(JSON.stringify(value))
    if (path === '/session') return json({ user: 'ann', role: 'admin', session_expires_at: 9e12 })
    if (path === '/fleet') return json(this.#fleet.view)
    if (path.endsWith('/plan')) return json(this.#view())
    if (path === '/plan/check') return json({ problems: [], warnings: [] })
    if (path.endsWith('/orders') && init?.method === 'POST')
      return json(this.#take(body.grave as SignedDocument))
    if (path.endsWith('/orders')) return json(this.orders)
    if (init?.method === 'DELETE') {
      this.orders = this.orders.map((order) => ({ ...order, state: 'withdrawn' }))
      return new Response(null, { status: 204 })
    }
    throw new Error(`nobody plays ${path}`)
  }

  #view(): PlanView {
    const { plan, revision } = this
    return {
      revision,
      plan,
      changed_by: 'bob',
      changed_at: 1,
      seal: '',
      secrets: [],
      warnings: [],
      read_only: null,
    }
  }

  #take(grave: SignedDocument): OrderView {
    const { document, by } = open('order', grave)
    expect(by).toBe(this.#fleet.device)
    this.posted.push(document)
    const outcome = this.answer?.(document) ?? null
    const view: OrderView = {
      order: document.id,
      agent: document.agent,
      action: document.action.do,
      person: document.person,
      issued_at: document.issued_at,
      expires_at: document.expires_at,
      state: outcome === null ? 'waiting' : 'answered',
      outcome,
      answered_at: null,
    }
    this.orders = [view, ...this.orders]
    return { ...view, state: 'waiting', outcome: null }
  }
}

function Tab() {
  const { plan, edit, enabled } = usePlanEdit()
  return (
    <label>
      Paths
      <textarea
        value={plan.groups.default?.includes.join('\n')}
        disabled={!enabled}
        onChange={({ currentTarget: { value } }) =>
          edit((before) => ({
            ...before,
            groups: { default: { ...emptyGroup('main'), includes: value.split('\n') } },
          }))
        }
      />
    </label>
  )
}

let fleet: Fleet
let played: Played

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  played = new Played(fleet)
  vi.stubGlobal('fetch', vi.fn(played.fetch))
})
afterEach(() => vi.unstubAllGlobals())

function show(presence: 'online' | 'offline' = 'online') {
  const agent = fleet.binding.id
  const host = {
    row: { name: 'web-1', last_seen: 1, presence },
    binding: fleet.binding,
    credential: { by: 'admission', admission: fleet.admission },
  } as unknown as HostView
  const context = { agent, host, present: presence === 'online', mayOperate: true } as HostContext
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <MemoryRouter>
          <Host.Provider value={context}>
            <PlanEditProvider agent={agent} host={host}>
              <PlanGate agent={agent}>
                <Tab />
              </PlanGate>
              <SaveBar />
              <Toasts />
            </PlanEditProvider>
          </Host.Provider>
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  )
  return userEvent.setup()
}

const paths = () => screen.getByLabelText<HTMLTextAreaElement>('Paths')
const ready = () => waitFor(() => expect(paths().disabled).toBe(false), { timeout: 5_000 })
async function save(user: ReturnType<typeof userEvent.setup>) {
  const button = screen.getByTestId<HTMLButtonElement>('save-plan')
  await waitFor(() => expect(button.disabled).toBe(false))
  await user.click(button)
}

describe('editing a plan', () => {
  it('signs the whole plan with its revision, and is done when the host has it', async () => {
    const user = show()
    await waitFor(() => screen.getByLabelText('Paths'))
    await ready()
    await user.type(paths(), '\n/home\n')
    expect(screen.getByTestId('save-bar').textContent).toContain('1 unsaved change')
    await save(user)
    await waitFor(() => expect(screen.queryByTestId('save-bar')).toBeNull(), { timeout: 5_000 })
    expect(played.posted).toHaveLength(1)
    expect(played.posted[0]).toMatchObject({
      agent: fleet.binding.id,
      fleet: fleet.view.fleet,
      person: 'ann',
    })
    // What only typing left behind is not sent.
    expect(played.posted[0]?.action).toEqual({
      do: 'set_plan',
      base_revision: 4,
      plan: { ...PLAN, groups: { default: { ...emptyGroup('main'), includes: ['/etc', '/home'] } } },
      secrets: [],
    })
    expect(paths().value).toBe('/etc\n/home')
  })

  it('keeps what was typed when the host refuses, and says why', async () => {
    played.answer = () => ({
      outcome: 'refused',
      code: 'policy',
      message: 'This host forbids /home.',
      hint: 'Ask its owner.',
    })
    const user = show()
    await waitFor(() => screen.getByLabelText('Paths'))
    await ready()
    await user.type(paths(), '\n/home')
    await save(user)
    expect((await screen.findByRole('alert', {}, { timeout: 5_000 })).textContent).toContain(
      'This host forbids /home. Ask its owner.',
    )
    expect(paths().value).toBe('/etc\n/home')
    expect(screen.getByTestId<HTMLButtonElement>('save-plan').disabled).toBe(false)
  })

  it('shows both sides when another edit came first, and lays mine on top', async () => {
    const theirs = { ...PLAN, limits: { ...PLAN.limits, upload_kib_s: 512 } }
    const apply = played.answer
    played.answer = () => {
      played.plan = theirs
      played.revision = 5
      return {
        outcome: 'refused',
        code: 'stale_revision',
        message: 'The plan is at revision 5.',
        hint: 'Look at it.',
      }
    }
    const user = show()
    await waitFor(() => screen.getByLabelText('Paths'))
    await ready()
    await user.type(paths(), '\n/home')
    await save(user)
    const overtaken = await screen.findByTestId('overtaken', {}, { timeout: 5_000 })
    expect(overtaken.textContent).toContain('you began from revision 4, the host is at 5')
    expect(overtaken.textContent).toContain('no limit → 512 KiB/s')
    expect(overtaken.textContent).toContain('+ /home')
    played.answer = apply
    await user.click(screen.getByTestId('apply-on-top'))
    await save(user)
    await waitFor(() => expect(played.posted).toHaveLength(2))
    expect(played.posted[1]?.action).toMatchObject({
      base_revision: 5,
      plan: { limits: { upload_kib_s: 512 }, groups: { default: { includes: ['/etc', '/home'] } } },
    })
  })

  it('waits for an absent host, survives a reload, and comes back when it is withdrawn', async () => {
    played.answer = null
    let user = show('offline')
    await waitFor(() => screen.getByLabelText('Paths'))
    await ready()
    await user.type(paths(), '\n/home')
    await save(user)
    expect((await screen.findByTestId('withdraw-plan')).textContent).toBe('Withdraw')
    expect(paths().disabled).toBe(true)
    cleanup()
    user = show('offline')
    await user.click(await screen.findByTestId('withdraw-plan', {}, { timeout: 5_000 }))
    await ready()
    expect(paths().value).toBe('/etc\n/home')
    expect(screen.getByTestId('save-bar').textContent).toContain('1 unsaved change')
  })

  it('seals nothing and signs nothing where the host’s admission is not this fleet’s', async () => {
    const other = await foundFleet('ann', { keep: false })
    fleet = { ...fleet, admission: other.admission }
    const user = show()
    await waitFor(() => screen.getByLabelText('Paths'))
    await ready()
    await user.type(paths(), '\n/home')
    await save(user)
    const told = await screen.findByText('The plan was not saved; your changes are still here')
    expect(told.parentElement?.textContent).toContain('admission is not for these keys')
    expect(played.posted).toHaveLength(0)
    expect(paths().value).toBe('/etc\n/home')
  })
})
