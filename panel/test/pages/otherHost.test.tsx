// @vitest-environment jsdom
//
// A restore onto another host: lent by the source, or opened from the escrow; refused before anything is sealed to a host
// whose keys do not hold.

import { screen, waitFor } from '@testing-library/react'
import axe from 'axe-core'
import { useState } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EscrowHost, Order, Restore, SignedDocument } from '../../src/api/types.gen'
import OtherHost from '../../src/pages/restore/OtherHost'
import type { OtherTarget } from '../../src/pages/restore/otherHost'
import { makeKit } from '../../src/seal'
import { open } from '../../src/seal/signed'
import { escrowOf } from '../escrow'
import { type Fleet, foundFleet, type Member } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { show } from '../stage'

const RESTORE: Restore = {
  repository: 'main',
  snapshot: 'ab'.repeat(32),
  picks: [{ path: '/srv/letters/a', take: true }],
  target: { to: 'fresh' },
  overwrite: 'always',
  ownership: 'keep',
  verify: true,
  dry_run: false,
  meanwhile: 'wait',
}

let fleet: Fleet
let other: Member
let source: PlayedHost
let target: PlayedHost
let escrow: EscrowHost[]
let lends: Order[]
let asked: string[][]

beforeEach(async () => {
  fleet = await foundFleet('ann')
  other = await fleet.admit(9, 'web-2')
  source = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  target = new PlayedHost(hostOf(other, 'web-2'), PLAN)
  target.view.facts.restic_can = ['restore_subfolder']
  target.answer = ({ action }) => ({
    outcome: 'accepted',
    jobs: [action.do === 'restore' ? (action.lent?.job ?? '') : ''],
    revision: null,
  })
  lends = []
  asked = []
  escrow = [
    await escrowOf(
      fleet.words,
      {
        agent: fleet.binding.id,
        name: 'web-1',
        repositories: { main: { kind: 'local', path: '/srv/repo' } },
      },
      { 'repository/main/password': 'secret', 'repository/main/environment': '{"A":"b"}' },
    ),
  ]
  const played = new Played(fleet, [source, target])
  vi.stubGlobal(
    'fetch',
    vi.fn(async (input: RequestInfo | URL, init?: RequestInit) => {
      const path = String(input).replace('/api/v1', '')
      const body = typeof init?.body === 'string' ? JSON.parse(init.body) : null
      if (path === `/hosts/${fleet.binding.id}/lend`) {
        lends.push(open('order', (body as { grave: SignedDocument }).grave).document)
        return Response.json({ box: 'bGVudA' })
      }
      if (path === '/fleet/escrow') {
        asked.push((body as { hosts: string[] }).hosts)
        return Response.json({ format: '', version: 1, fleet: '', made_at: 1, hosts: escrow })
      }
      return played.fetch(input, init)
    }),
  )
})
afterEach(() => vi.unstubAllGlobals())

function Page() {
  const [them, setThem] = useState<OtherTarget | null>(null)
  const { target: _, ...restore } = RESTORE
  return (
    <main>
      <OtherHost
        source={source.view}
        restore={restore}
        base="/srv/letters"
        onTarget={(target) => setThem(target)}
      />
      <p data-testid="words">{them?.words}</p>
      <p data-testid="lack">{them?.missing ?? 'nothing'}</p>
      <button type="button" onClick={() => void them?.give()}>
        Go
      </button>
    </main>
  )
}

async function begin(present: boolean) {
  source.view.row.presence = present ? 'online' : 'offline'
  const user = show(<Page />)
  await user.click(await screen.findByTestId('other-host'))
  await user.click(await screen.findByRole('option', { name: 'web-2' }))
  return user
}

const lack = () => screen.getByTestId('lack').textContent
const restored = () => {
  const action = target.posted[0]?.action
  if (action?.do !== 'restore') throw new Error('no restore was given')
  return action
}

describe('another host', () => {
  it('is lent to by the source, for one job, and restores', async () => {
    const user = await begin(true)
    await waitFor(() => expect(lack()).toBe('nothing'))
    await user.click(screen.getByLabelText('A directory that I name'))
    expect(lack()).toBe('Name the directory to restore to.')
    await user.type(screen.getByLabelText(/^Directory on that host/), '/srv/back')
    await user.click(screen.getByLabelText('Leave out /srv/letters above the files'))
    expect(screen.getByTestId('words').textContent).toBe(
      'into /srv/back on web-2, without /srv/letters above them',
    )
    await screen.findByText(/user 1000 of web-1 may be somebody else on web-2/)
    await screen.findByText(/web-2 has to have it at the same path/)
    await user.click(screen.getByText('Go'))
    await screen.findByText('Restores on web-2')
    expect(lends).toHaveLength(1)
    const { action } = lends[0] as Order
    expect(action).toMatchObject({ do: 'lend', repository: 'main', to: other.binding, to_name: 'web-2' })
    expect(restored()).toMatchObject({
      picks: RESTORE.picks,
      verify: true,
      target: { to: 'directory', path: '/srv/back', base: '/srv/letters' },
      lent: {
        source: fleet.binding.id,
        source_name: 'web-1',
        box: 'bGVudA',
        job: action.do === 'lend' ? action.job : '',
      },
    })
  })

  it('gets from the escrow what a dead source cannot lend', async () => {
    const user = await begin(false)
    screen.getByText('web-1 is not connected, so it cannot lend its credential')
    await waitFor(() => expect(lack()).toBe('Type the words of the recovery kit.'))
    const words = screen.getByTestId<HTMLTextAreaElement>('kit-words')
    await user.click(words)
    await user.paste(fleet.words.join(' '))
    await user.click(screen.getByText('Go'))
    await waitFor(() => expect(target.posted).toHaveLength(1))
    expect(asked).toEqual([[fleet.binding.id]])
    expect(lends).toEqual([])
    const { lent } = restored()
    const box = JSON.parse(await other.unseal('repository/main/lent', 1, lent?.box ?? '', 'lent'))
    expect(box).toEqual({
      job: lent?.job,
      source: fleet.binding.id,
      repository: 'main',
      backend: { kind: 'local', path: '/srv/repo' },
      password: 'secret',
      environment: { A: 'b' },
    })
    await waitFor(() => expect(words.value).toBe(''))
  })

  it('asks for nothing with the words of another kit', async () => {
    const user = await begin(false)
    await user.click(screen.getByTestId('kit-words'))
    await user.paste(makeKit().words.join(' '))
    await user.click(screen.getByText('Go'))
    await screen.findByText('These are the words of another fleet’s kit. This fleet’s are needed.')
    expect([asked, target.posted]).toEqual([[], []])
  })

  it('says what the escrow does not have', async () => {
    escrow = []
    const user = await begin(false)
    await user.click(screen.getByTestId('kit-words'))
    await user.paste(fleet.words.join(' '))
    await user.click(screen.getByText('Go'))
    await screen.findByText(/nothing in escrow of web-1/)
    expect(target.posted).toEqual([])
  })

  it('is not lent to when its keys are not those that were admitted', async () => {
    const stranger = await fleet.admit(11, 'eve')
    target.view.credential = { by: 'admission', admission: stranger.admission }
    const user = await begin(true)
    await waitFor(() => expect(lack()).toBe('nothing'))
    await user.click(screen.getByText('Go'))
    await screen.findByText(/admission is not for these keys/)
    expect([lends, target.posted]).toEqual([[], []])
  })

  it('may forbid it by its own policy', async () => {
    target.view.facts.policy.refuse_orders = ['restore']
    await begin(true)
    await waitFor(() => expect(lack()).toMatch(/policy refuses restores from afar/))
  })

  it('is for everybody to use', async () => {
    await begin(false)
    const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } })
    expect(violations.map(({ id }) => id)).toEqual([])
  })
})
