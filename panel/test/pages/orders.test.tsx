// @vitest-environment jsdom
//
// Orders are told as they went: refused, not answered yet, waiting; and what nobody may take back is not offered.

import { QueryClient } from '@tanstack/react-query'
import { screen, waitFor } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { OrderAbout, OrderView, Outcome } from '../../src/api/types.gen'
import { HostTable } from '../../src/pages/fleet/HostTable'
import { answerTo, tellAnswer } from '../../src/pages/host/orders'
import { WaitingOrders } from '../../src/pages/host/WaitingOrders'
import { Toasts } from '../../src/ui/Toast'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { show } from '../stage'

let fleet: Fleet
let host: PlayedHost

beforeEach(async () => {
  fleet = await foundFleet('ann')
  host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  host.view.row.run_now = ['default']
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host]).fetch))
  return () => vi.unstubAllGlobals()
})

const order = (change: Partial<OrderView> = {}): OrderView => ({
  ...{ order: 'o', agent: fleet.binding.id, action: 'run', person: 'ann', issued_at: 1 },
  ...{ expires_at: 3_600_001, state: 'waiting', outcome: null, answered_at: null },
  ...change,
})

describe('“Run now” of a row', () => {
  const table = () =>
    show(
      <HostTable
        {...{ rows: [host.view.row], total: 1, sort: { id: 'name', desc: false }, canRun: true }}
        {...{ onSort: () => {}, onTag: () => {}, empty: null }}
        more={{ has: false, loading: false, load: () => {} }}
      />,
    )

  it('says that a backup starts once the host has said so', async () => {
    const user = table()
    await user.click(screen.getByRole('button', { name: 'Run now on web-1' }))
    await screen.findByText('web-1 starts a backup')
    expect(host.routine).toEqual([{ do: 'run', groups: ['default'], upload_kib_s: null }])
  })

  it('tells a refusal, and no start', async () => {
    const refusal = { code: 'policy', message: 'Not by orders.', hint: 'Ask its owner.' } as const
    host.routineAnswer = { outcome: 'refused', ...refusal }
    const user = table()
    await user.click(screen.getByRole('button', { name: 'Run now on web-1' }))
    await screen.findByText('The host refused: back up web-1')
    expect(screen.getByText('Not by orders. Ask its owner.')).toBeTruthy()
  })
})

describe('the answer to an order', () => {
  it('is waited for also while the list of orders cannot be read', async () => {
    const answered = order({
      state: 'answered',
      outcome: { outcome: 'accepted', jobs: ['j'], revision: null },
    })
    const answers = [
      () => Promise.reject(new TypeError('no route')),
      async () => new Response('{}', { status: 503 }),
      async () => new Response(JSON.stringify([answered])),
    ]
    vi.stubGlobal(
      'fetch',
      vi.fn(() => (answers.shift() ?? (async () => new Response('[]')))()),
    )
    expect(await answerTo(new QueryClient(), order(), true)).toEqual(answered)
  })

  it('is waited for while the host may be there, and from one that was sent it also when it goes', async () => {
    let state: OrderView['state'] = 'waiting'
    let turns = 0
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => {
        turns += 1
        const outcome: Outcome = { outcome: 'accepted', jobs: [], revision: null }
        const now = turns < 3 ? order({ state }) : order({ state: 'answered', outcome })
        return new Response(JSON.stringify([now]))
      }),
    )
    let there = [true]
    const present = () => there.shift() ?? false
    expect((await answerTo(new QueryClient(), order(), present)).state).toBe('waiting')
    expect(turns).toBe(1)
    state = 'sent'
    there = [true]
    turns = 0
    expect((await answerTo(new QueryClient(), order(), present)).state).toBe('answered')
  })

  it('that does not come is not told as “not done”, nor as an absent host’s', async () => {
    show(<Toasts />)
    expect(tellAnswer(order(), 'release', true)).toBeNull()
    await waitFor(() => screen.getAllByText('Given, but not answered yet: release'))
    tellAnswer(order(), 'back up', false)
    await waitFor(() => screen.getAllByText(/Until then it can be withdrawn. It expires after 1 h./))
  })
})

it('“Withdraw” is not offered for what a host has to hear', async () => {
  host.orders = [order({ order: 'a', action: 'claims' }), order({ order: 'b' })]
  show(<WaitingOrders agent={fleet.binding.id} mayOperate />)
  await screen.findByText('Tell who claims the repository')
  const offered = screen.getAllByRole('button', { name: /^Withdraw/ })
  expect(offered.map((button) => button.getAttribute('aria-label'))).toEqual(['Withdraw: Back up now'])
})

it('what waits says what it asks for, and one that an older coordinator kept is shown as well', async () => {
  const about: OrderAbout = {
    repository: 'main',
    snapshots: ['abababab'],
    paths: ['/etc'],
    target: { to: 'fresh' },
  }
  host.orders = [order({ order: 'a', action: 'restore', about }), order({ order: 'b', action: 'restore' })]
  show(<WaitingOrders agent={fleet.binding.id} mayOperate />)
  await screen.findByText('/etc from snapshot abababab of main into a new directory')
  expect(screen.getAllByText('Restore')).toHaveLength(2)
})
