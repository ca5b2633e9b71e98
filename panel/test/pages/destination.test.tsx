// @vitest-environment jsdom
//
// The destination of a repository that is there already: changed without typing again what the host has, and signed with
// what else is unsaved, or not at all.

import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plan } from '../../src/api/types.gen'
import { usePlanEdit } from '../../src/pages/host/planEdit'
import { Repository } from '../../src/pages/host/repository/Repository'
import { keptName } from '../../src/parts/kept'
import { type Fleet, foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

const S3 = { kind: 's3', endpoint: 'https://s3.old', bucket: 'b', prefix: 'web', region: 'eu-1' } as const
const AT_S3: Plan = { ...PLAN, repositories: { main: { backend: S3, append_only: true } } }

let fleet: Fleet
let host: PlayedHost
let played: Played

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  host = new PlayedHost(hostOf(fleet, 'web-1'), AT_S3)
  host.secrets = ['password', 'environment'].map((kind) => ({
    slot: `repository/main/${kind}`,
    revision: 2,
    at: 1,
    newest: 2,
  }))
  played = new Played(fleet, [host])
  vi.stubGlobal('fetch', vi.fn(played.fetch))
  return () => vi.unstubAllGlobals()
})

/** A part of the plan beside the repository. */
function Nice() {
  const { edit } = usePlanEdit()
  return (
    <button type="button" onClick={() => edit((plan) => ({ ...plan, limits: { ...plan.limits, nice: 5 } }))}>
      Be nice
    </button>
  )
}

async function open({ nice = false } = {}) {
  const user = showTab(
    host.view,
    <>
      <Nice />
      <Repository name="main" />
    </>,
  )
  const more = await screen.findByRole('button', { name: 'More for main' })
  if (nice) await user.click(screen.getByText('Be nice'))
  await user.click(more)
  const item = screen.getByRole<HTMLButtonElement>('button', { name: 'Change the destination…' })
  await waitFor(() => expect(item.disabled).toBe(false))
  await user.click(item)
  return { user, asked: within(await screen.findByRole('dialog')) }
}

type Asked = Awaited<ReturnType<typeof open>>['asked']
const save = (asked: Asked) => asked.getByRole<HTMLButtonElement>('button', { name: 'Seal, sign and save' })
const ready = (asked: Asked) => waitFor(() => expect(save(asked).disabled).toBe(false))
const value = (asked: Asked, label: RegExp) => asked.getByLabelText<HTMLInputElement>(label).value

describe('the destination of a repository', () => {
  it('is there as the plan has it, and changes without its credentials', async () => {
    const { user, asked } = await open()
    expect(value(asked, /^Endpoint/)).toBe('https://s3.old')
    expect(value(asked, /^Region/)).toBe('eu-1')
    expect(asked.queryByLabelText(/^Repository password/)).toBeNull()
    expect(asked.queryByLabelText(/^Secret access key/)).toBeNull()
    expect(asked.queryByText('Snapshots stay where they are')).toBeNull()
    await ready(asked)
    await user.click(save(asked))
    await asked.findByText('Nothing of it is changed yet.')
    await user.clear(asked.getByLabelText(/^Endpoint/))
    await user.type(asked.getByLabelText(/^Endpoint/), 'https://s3.new')
    expect(asked.getByText('Snapshots stay where they are')).toBeTruthy()
    await user.click(save(asked))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toMatchObject({
      plan: { repositories: { main: { append_only: true, backend: { ...S3, endpoint: 'https://s3.new' } } } },
      secrets: [],
    })
  })

  it('takes a new password where one wants it, and no keys of another storage for its own', async () => {
    const { user, asked } = await open()
    await ready(asked)
    await user.click(asked.getByLabelText('Keep the repository password that the host has'))
    await user.click(save(asked))
    await asked.findByText(/Type the repository’s password/)
    await user.type(asked.getByLabelText(/^Repository password/), 'another one')
    await user.click(save(asked))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    const action = host.posted[0]?.action
    const sealed = action?.do === 'set_plan' ? action.secrets : []
    expect(sealed.map(({ slot, revision }) => [slot, revision])).toEqual([['repository/main/password', 3]])
  })

  it('is signed with the other unsaved changes, which are named', async () => {
    const { user, asked } = await open({ nice: true })
    expect(asked.getByText(/^limits$/)).toBeTruthy()
    await user.type(asked.getByLabelText(/^Region/), '-b')
    await ready(asked)
    await user.click(save(asked))
    await waitFor(() => expect(host.plan.limits.nice).toBe(5))
  })

  it('is not signed while another part is wrong, and that is named', async () => {
    played.problems = [{ field: 'limits.nice', message: 'must lie between -20 and 19' }]
    const { asked } = await open({ nice: true })
    const told = await asked.findByLabelText('To be mended elsewhere')
    expect(told.textContent).toBe('limits.nice must lie between -20 and 19')
    expect(save(asked).disabled).toBe(true)
    expect(host.posted).toHaveLength(0)
  })

  it('is not signed on a plan that moved on', async () => {
    const mine = { ...AT_S3, limits: { ...AT_S3.limits, nice: 5 } }
    const draft = { revision: 3, base: AT_S3, mine, note: '', typed: [], sent: null, refusal: null }
    sessionStorage.setItem(keptName('ann', `draft/${fleet.binding.id}`), JSON.stringify(draft))
    const { asked } = await open()
    await asked.findByText('The plan moved on while you edited it')
    expect(save(asked).disabled).toBe(true)
  })
})
