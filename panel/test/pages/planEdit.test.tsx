// @vitest-environment jsdom
//
// The edit of a plan against a coordinator that is played here: what is posted is opened and checked as the agent would.

import { cleanup, screen, waitFor } from '@testing-library/react'
import type userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { emptyGroup } from '../../src/model/plan'
import { usePlanEdit } from '../../src/pages/host/planEdit'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

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
let played: PlayedHost

beforeEach(async () => {
  sessionStorage.clear()
  await play(await foundFleet('ann'))
})
afterEach(() => vi.unstubAllGlobals())

async function play(with_: Fleet) {
  fleet = with_
  played = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [played]).fetch))
}

function show(presence: 'online' | 'offline' = 'online') {
  return showTab(hostOf(fleet, 'web-1', { presence }), <Tab />)
}

const paths = () => screen.getByLabelText<HTMLTextAreaElement>('Paths')
const ready = () => waitFor(() => expect(paths().disabled).toBe(false), { timeout: 5_000 })
async function save(user: ReturnType<typeof userEvent.setup>) {
  const button = screen.getByTestId<HTMLButtonElement>('save-plan')
  await waitFor(() => expect(button.disabled).toBe(false))
  await user.click(button)
}

describe('an edit that was begun', () => {
  it.each([
    ['its own file governs', { readOnly: 'The endpoint’s own file governs.' }, {}],
    ['another took its place', {}, { replaced_by: { agent: 'ab'.repeat(32), name: 'web-2' } }],
  ])('is shown for no plan, and not saved, once %s', async (_, at, of) => {
    const user = show()
    await waitFor(() => screen.getByLabelText('Paths'))
    await ready()
    await user.type(paths(), '\n/home')
    cleanup()
    Object.assign(played, at)
    const again = showTab({ ...hostOf(fleet, 'web-1'), ...of }, <Tab />)
    await waitFor(() => expect(paths().value).toBe(PLAN.groups.default?.includes.join('\n')))
    const bar = screen.getByTestId('save-bar')
    expect(bar.textContent).toContain('1 unsaved change that this host takes no more')
    expect(screen.queryByTestId('save-plan')).toBeNull()
    await again.click(screen.getByTestId('discard-plan'))
    await waitFor(() => expect(screen.queryByTestId('save-bar')).toBeNull())
  })
})

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
    await play({ ...fleet, admission: other.admission })
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
