// @vitest-environment jsdom
//
// The repositories of a host: maintenance, locks, what is doubtful, who owns and who keeps, and the release of a credential.
// What is given is opened and checked as the agents would. size: one page, whose sections share one played fleet.

import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Lock, MaintenanceView, Owner, Plan, RepositoryView, SharingView } from '../../src/api/types.gen'
import { emptyGroup } from '../../src/model/plan'
import RepositoryTab from '../../src/pages/host/RepositoryTab'
import { keptName } from '../../src/parts/kept'
import { type Fleet, foundFleet, type Member } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

let fleet: Fleet
let other: Member
let host: PlayedHost
let second: PlayedHost

const REST: Plan = {
  ...PLAN,
  repositories: { main: { backend: { kind: 'rest', url: 'https://backup.example.org', path: 'web' } } },
}

function repository(name: string, change: Partial<RepositoryView> = {}): RepositoryView {
  return {
    name,
    location: 'rest:https://backup.example.org/web/',
    readiness: 'ready',
    reason: null,
    explanation: null,
    restic_id: 'd3adb33f'.repeat(8),
    checked_at: 1,
    numbers: null,
    snapshots: 3,
    history: [],
    locks: [],
    locks_at: 1,
    doubtful: 0,
    sharing: [],
    sharing_total: 0,
    owner_gone: false,
    ...change,
  }
}

async function begin(
  change: Partial<RepositoryView> = {},
  plan = REST,
  presence: 'online' | 'offline' = 'online',
) {
  fleet = await foundFleet('ann')
  other = await fleet.admit(8, 'nas')
  host = new PlayedHost(hostOf(fleet, 'web-1', { presence }), plan)
  host.view.repositories = [repository('main', change)]
  second = new PlayedHost(hostOf(other, 'nas'), REST)
  second.view.facts.hostname = 'nas.lan'
  vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host, second]).fetch))
}

beforeEach(() => {
  sessionStorage.clear()
  return () => vi.unstubAllGlobals()
})

async function open() {
  const user = showTab(host.view, <RepositoryTab />)
  const add = await screen.findByTestId<HTMLButtonElement>('add-repository')
  await waitFor(() => expect(add.disabled).toBe(false))
  return user
}

const enabled = async (
  name: string | RegExp,
  where: Pick<ReturnType<typeof within>, 'findByRole'> = screen,
) => {
  const button = (await where.findByRole('button', { name })) as HTMLButtonElement
  await waitFor(() => expect(button.disabled).toBe(false))
  return button
}
const dialog = async () => within(await screen.findByRole('dialog'))
const sharing = (owner: Owner | null): SharingView => ({
  agent: other.binding.id,
  name: 'nas',
  repository: 'main',
  owner,
})

describe('maintenance', () => {
  const row = (task: MaintenanceView['task'], change: Partial<MaintenanceView> = {}): MaintenanceView => ({
    repository: 'main',
    task,
    cron: '0 3 * * *',
    zone: 'Europe/Berlin',
    last: null,
    next: 9e12,
    held: null,
    ...change,
  })

  it('says how often and why not, and does it now', async () => {
    await begin()
    host.maintenance = [row('check'), row('forget', { held: 'Old snapshots are kept for the time being.' })]
    const user = await open()
    const forget = await screen.findByTestId('forget-main')
    expect(forget.textContent).toContain('Every day at 03:00')
    expect(forget.textContent).toContain('Old snapshots are kept for the time being.')
    await user.click(within(forget).getByRole('button', { name: 'Run now: forget of main' }))
    await waitFor(() => expect(host.routine).toHaveLength(1))
    expect(host.routine[0]).toEqual({
      do: 'maintain',
      repository: 'main',
      task: 'forget',
      groups: [],
      read_data_percent: null,
    })
  })

  it('asks before a check how much it reads, and takes no nonsense', async () => {
    await begin()
    host.maintenance = [row('check')]
    const user = await open()
    await user.click(await enabled('Run now: check of main'))
    const asked = await dialog()
    const percent = asked.getByLabelText<HTMLInputElement>('Reads back')
    await user.clear(percent)
    await user.type(percent, '500')
    expect(asked.getByRole<HTMLButtonElement>('button', { name: 'Check' }).disabled).toBe(true)
    await user.clear(percent)
    await user.type(percent, '100')
    await user.click(asked.getByRole('button', { name: 'Check' }))
    await waitFor(() => expect(host.routine[0]).toMatchObject({ task: 'check', read_data_percent: 100 }))
  })

  it('changes a cadence within the plan’s edit, and nothing beside it', async () => {
    await begin()
    host.maintenance = [row('drill')]
    const user = await open()
    await user.click(await screen.findByRole('button', { name: 'How often: restore drill of main' }))
    const asked = await dialog()
    const files = asked.getByLabelText<HTMLInputElement>('Files at most')
    await user.clear(files)
    expect(asked.getByRole<HTMLButtonElement>('button', { name: 'Use it' }).disabled).toBe(true)
    await user.type(files, '7')
    await user.click(asked.getByRole('switch', { name: /By itself/ }))
    await user.click(asked.getByRole('button', { name: 'Use it' }))
    const save = await screen.findByTestId<HTMLButtonElement>('save-plan')
    await waitFor(() => expect(save.disabled).toBe(false))
    await user.click(save)
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toMatchObject({
      do: 'set_plan',
      plan: { ...REST, maintenance: { ...REST.maintenance, drill: null, drill_files: 7 } },
    })
  })
})

describe('locks', () => {
  const lock = (id: string, change: Partial<Lock> = {}): Lock => ({
    id: id.repeat(64),
    hostname: 'web-1',
    username: 'root',
    pid: 7,
    since: 1,
    exclusive: false,
    dead: false,
    ...change,
  })

  it('are removed at once when dead, and by name when asked', async () => {
    await begin({
      locks: [lock('a', { dead: true }), lock('b', { hostname: 'nas', pid: 99, exclusive: true })],
    })
    const user = await open()
    const panel = screen.getByTestId('locks-main')
    expect(panel.textContent).toMatch(/root@web-1, process 7.*Dead/)
    expect(panel.textContent).toMatch(/root@nas, process 99.*everybody.*silent/)
    await user.click(screen.getByTestId('look-at-locks-main'))
    await waitFor(() => expect(host.routine).toEqual([{ do: 'unlock', repository: 'main', locks: [] }]))
    const all = screen.getByTestId<HTMLButtonElement>('unlock-main')
    await waitFor(() => expect(all.disabled).toBe(false))
    await user.click(all)
    const asked = await dialog()
    expect(asked.getByText(/root@nas, process 99, exclusive/)).toBeTruthy()
    const remove = asked.getByRole<HTMLButtonElement>('button', { name: 'Remove them' })
    expect(remove.disabled).toBe(true)
    await user.type(asked.getByLabelText('Type main to go on'), 'main')
    await user.click(remove)
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({
      do: 'unlock',
      repository: 'main',
      locks: ['a'.repeat(64), 'b'.repeat(64)],
    })
    expect(host.routine, 'no coordinator asks for that by itself').toHaveLength(1)
  })

  it('are said to be none', async () => {
    await begin()
    await open()
    expect(screen.getByTestId('locks-main').textContent).toContain('None, as of')
    expect(screen.queryByTestId('unlock-main')).toBeNull()
    expect(screen.getByTestId('look-at-locks-main').textContent).toContain('Look for locks again')
  })
})

describe('a repository that is gone', () => {
  it('is made anew by a signed order, once its name was typed', async () => {
    await begin()
    const user = await open()
    await user.click(screen.getByRole('button', { name: 'More for main' }))
    await user.click(screen.getByRole('button', { name: 'Begin anew…' }))
    const asked = await dialog()
    expect(asked.getByText(/never touched/)).toBeTruthy()
    const make = asked.getByRole<HTMLButtonElement>('button', { name: 'Make it anew' })
    expect(make.disabled).toBe(true)
    await user.type(asked.getByLabelText('Type main to go on'), 'main')
    await waitFor(() => expect(make.disabled).toBe(false))
    await user.click(make)
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({ do: 'reinit', repository: 'main' })
  })
})

describe('doubtful snapshots', () => {
  it('are listed with their reason, and adopted by a signed order', async () => {
    await begin({ doubtful: 1 })
    host.answer = () => ({ outcome: 'accepted', jobs: [], revision: null })
    host.snapshots = ['unknown', null].map((doubt, n) => ({
      repository: 'main',
      snapshot: {
        id: String(n).repeat(64),
        time: 1,
        hostname: 'web-1',
        paths: ['/etc'],
        tags: ['default'],
        group: 'default',
        size_bytes: null,
        files: null,
        added_bytes: null,
        ...(doubt !== null && { doubt: 'unknown' as const }),
      },
    }))
    const user = await open()
    const panel = within(screen.getByTestId('doubtful-main'))
    await user.click(await panel.findByLabelText('00000000'))
    expect(panel.queryByText('11111111')).toBeNull()
    expect(panel.getByText('Made by no job')).toBeTruthy()
    await user.click(panel.getByTestId('adopt-main'))
    await user.click(await enabled('Sign and adopt', await dialog()))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({ do: 'adopt', repository: 'main', snapshots: ['0'.repeat(64)] })
  })
})

describe('a credential', () => {
  it('that does not open the repository is named, and so is the one that still does', async () => {
    const slot = 'repository/main/login'
    await begin({
      reason: { code: 'credential_refused', slots: [slot], message: 'no' },
      explanation: { message: 'The new login is refused.', hint: 'Give the right one.' },
    })
    host.secrets = [
      { slot, revision: 3, at: 1, newest: 3 },
      { slot: 'repository/main/password', revision: 1, at: 1, newest: 1 },
    ]
    const user = await open()
    const page = screen.getByTestId('repository-main')
    expect(page.textContent).toContain('The new login is refused. Give the right one.')
    expect(within(page).getAllByText(/the one before is still in use/)).toHaveLength(1)
    await user.click(screen.getByRole('button', { name: 'Replace the login of main' }))
    expect((await dialog()).getByText(/goes on with the one it has until the new one works/)).toBeTruthy()
  })
})

async function choose(user: ReturnType<typeof showTab>, field: HTMLElement, wanted: string) {
  await user.click(field)
  const option = await waitFor(() => {
    const list = document.getElementById(field.getAttribute('aria-controls') ?? '')
    const all = [...(list?.querySelectorAll('[role="option"]:not([data-combobox-disabled])') ?? [])]
    const found = all.find(({ textContent }) => textContent === wanted)
    if (found === undefined) throw new Error(`${wanted} is not to be chosen`)
    return found
  })
  await user.click(option)
}

describe('another destination', () => {
  const slots = ['repository/main/password', 'repository/main/login']

  /** Moves it, and the host does not take that at once. */
  async function moved(presence: 'online' | 'offline', answer: PlayedHost['answer']) {
    await begin({}, PLAN, presence)
    host.answer = answer
    host.secrets = [{ slot: slots[0] ?? '', revision: 1, at: 1, newest: 1 }]
    const user = await open()
    await user.click(screen.getByRole('button', { name: 'More for main' }))
    await user.click(screen.getByRole('button', { name: 'Change the destination…' }))
    const asked = await dialog()
    await choose(user, asked.getByTestId('repository-kind'), 'REST server')
    await user.type(asked.getByLabelText(/^Address/), 'https://backup.example.org')
    await user.type(asked.getByLabelText(/^Login password/), 'let me in')
    await user.click(asked.getByTestId('keep-password'))
    await user.click(asked.getByRole('button', { name: 'Make one: repository password' }))
    const password = asked.getByLabelText<HTMLInputElement>(/^Repository password/).value
    expect(password).not.toBe('')
    await user.click(await enabled('Seal, sign and save', asked))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    return { user, password }
  }

  /** The host takes the edit, as it stands in the bar. */
  async function taken(user: ReturnType<typeof showTab>) {
    host.answer = (order) => host.apply(order)
    await user.click(await waitForSave())
    await waitFor(() => expect(screen.queryByTestId('save-bar')).toBeNull())
  }

  async function sent(n: number) {
    const action = host.posted[n]?.action
    if (action?.do !== 'set_plan') throw new Error('another order')
    return Promise.all(
      action.secrets.map(async ({ slot, revision, box }) => [
        slot,
        revision,
        await fleet.unseal(slot, revision, box),
      ]),
    )
  }

  it('that is withdrawn keeps its credentials, which go along the next time', async () => {
    const { user, password } = await moved('offline', null)
    await user.click(await screen.findByTestId('withdraw-plan'))
    const part = screen.getByTestId('repository-main')
    await waitFor(() => expect(part.textContent).toContain('goes along with your unsaved changes'))
    expect(part.textContent).toContain('rest:https://backup.example.org/web-1/')
    await taken(user)
    expect(await sent(1)).toEqual([
      [slots[0], 2, password],
      [slots[1], 1, JSON.stringify({ user: 'web-1', password: 'let me in' })],
    ])
  })

  it('that is refused keeps them as well', async () => {
    const refusal = { code: 'unavailable', message: 'The disk is full.', hint: 'Make room.' } as const
    const { user, password } = await moved('online', () => ({ outcome: 'refused', ...refusal }))
    expect((await sent(0))[0]).toEqual([slots[0], 2, password])
    await taken(user)
    expect((await sent(1)).map(([slot]) => slot)).toEqual(slots)
  })

  it('is not saved without what a reload took, but with what the host has', async () => {
    await begin({}, PLAN)
    host.secrets = [{ slot: slots[0] ?? '', revision: 1, at: 1, newest: 1 }]
    const draft = {
      ...{ revision: 4, base: PLAN, mine: REST, note: '', sent: null, refusal: null },
      typed: slots,
    }
    sessionStorage.setItem(keptName('ann', `draft/${fleet.binding.id}`), JSON.stringify(draft))
    const user = await open()
    const problems = await screen.findByLabelText('To be mended before saving')
    expect(problems.textContent).toMatch(/password of repository main was typed.*login of repository main/)
    expect(screen.getByTestId<HTMLButtonElement>('save-plan').disabled).toBe(true)
    await user.click(await enabled('Keep the repository password of main'))
    await user.click(await enabled('Go without the login of main'))
    await taken(user)
    expect(host.plan).toEqual(REST)
    expect(await sent(0)).toEqual([])
  })
})

describe('a second repository', () => {
  it('says which groups are copied to it, and copies what is missing', async () => {
    const main = REST.repositories.main
    const group = REST.groups.default
    if (main === undefined || group === undefined) throw new Error('the plan has both')
    await begin(
      {},
      {
        ...REST,
        repositories: { main, second: main },
        groups: { default: { ...group, copy_to: 'second' } },
      },
    )
    const user = await open()
    expect(screen.queryByTestId('copies-main')).toBeNull()
    await user.click(await enabled('Copy now: default to second'))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    expect(host.posted[0]?.action).toEqual({ do: 'copy', group: 'default', to: 'second', snapshots: [] })
    expect(host.routine).toEqual([])
  })

  it('stays in the plan while groups go there', async () => {
    await begin()
    const user = await open()
    await user.click(screen.getByRole('button', { name: 'More for main' }))
    await user.click(screen.getByRole('button', { name: 'Take out of the plan…' }))
    await screen.findByText(/These groups go there: default/)
    expect(screen.queryByTestId('save-bar')).toBeNull()
  })
})

describe('the owner of a shared repository', () => {
  it('who left the fleet is said to be gone, also where nobody else is left', async () => {
    await begin({ owner_gone: true })
    await open()
    expect(screen.getByTestId('sharing-main').textContent).toMatch(/no longer in the fleet/)
    expect(screen.getByTestId('propose-owner-main')).toBeTruthy()
  })

  it('is not the only one there where more than a page share it', async () => {
    await begin({ sharing: [sharing(null)], sharing_total: 151 })
    await open()
    expect(screen.getByTestId('sharing-main').textContent).toContain('And 150 more hosts.')
  })

  it('is proposed to every host, each of which answers for itself', async () => {
    await begin()
    host.view.repositories = [repository('main', { sharing: [sharing(null)] })]
    second.answer = () => ({
      outcome: 'refused',
      code: 'policy',
      message: 'Not here.',
      hint: 'Ask its owner.',
    })
    const user = await open()
    const shared = screen.getByTestId('sharing-main')
    expect(shared.textContent).toContain('nobody prunes or checks it')
    await user.click(screen.getByTestId('propose-owner-main'))
    const asked = await dialog()
    expect((await asked.findByTestId('owner-of-web-1')).textContent).toContain('comes to it already')
    await waitFor(() =>
      expect(asked.getByTestId('owner-of-nas').textContent).toMatch(/nobody.*→ web-1.*will change/),
    )
    await user.click(await enabled('Sign and give to 1 host', asked))
    await asked.findByText(/refused: Not here. Ask its owner./)
    second.answer = (order) => second.apply(order)
    await user.click(await enabled('Sign and give to 1 host', asked))
    await asked.findByText('done, revision 5')
    expect(host.posted).toHaveLength(0)
    expect(second.plan).toEqual({
      ...REST,
      repositories: {
        main: { ...REST.repositories.main, owner: { agent: fleet.binding.id, name: 'web-1' } },
      },
    })
  })
})

describe('a keeper', () => {
  const keeping: Plan = { ...REST, groups: {}, schedules: {} }

  it('takes a host’s policies, sees that they moved on, and is brought in step', async () => {
    await begin({}, keeping)
    host.view.repositories = [repository('main', { sharing: [sharing(null)] })]
    const user = await open()
    const keeper = within(screen.getByTestId('keeper-main'))
    const pick = keeper.getByTestId('pick-ward')
    await choose(user, pick, 'nas')
    await user.click(await enabled('Add', keeper))
    await user.click(await waitForSave())
    await waitFor(() => expect(host.revision).toBe(5))
    const ward = {
      agent: other.binding.id,
      hostname: 'nas.lan',
      revision: 4,
      groups: { default: emptyGroup('main').retention },
    }
    expect(host.plan.repositories.main?.wards).toEqual([ward])
    expect((await screen.findByTestId('ward-nas')).textContent).toContain('in step')
  })

  it('is brought in step by one signed edit', async () => {
    const ward = { agent: '', hostname: 'nas.lan', revision: 2, groups: {} }
    await begin({}, keeping)
    const main = REST.repositories.main
    if (main === undefined) throw new Error('the plan has a repository')
    host.plan = {
      ...keeping,
      repositories: { main: { ...main, wards: [{ ...ward, agent: other.binding.id }] } },
    }
    host.view.repositories = [repository('main', { sharing: [sharing(null)] })]
    const user = await open()
    const row = await screen.findByTestId('ward-nas')
    await waitFor(() => expect(row.textContent).toContain('behind'))
    expect(row.textContent).toMatch(/default.*not looked after → keeps 7 daily/)
    await user.click(await enabled('Bring in step: nas'))
    await waitFor(() => expect(host.revision).toBe(5))
    expect(host.plan.repositories.main?.wards?.[0]).toMatchObject({
      revision: 4,
      groups: { default: emptyGroup('main').retention },
    })
    expect(host.plan.groups).toEqual({})
  })
})

const waitForSave = async () => {
  const save = await screen.findByTestId<HTMLButtonElement>('save-plan')
  await waitFor(() => expect(save.disabled).toBe(false))
  return save
}

describe('a repository that the host may only add to', () => {
  const appendOnly: Plan = {
    ...REST,
    repositories: {
      main: { ...(REST.repositories.main as Plan['repositories'][string]), append_only: true },
    },
  }

  it('gets the admin credential sealed to the host, for ten minutes', async () => {
    await begin({}, appendOnly)
    host.answer = () => ({ outcome: 'accepted', jobs: ['job-1'], revision: null })
    const user = await open()
    await user.click(screen.getByTestId('release-main'))
    const asked = await dialog()
    expect(asked.getByText(/A keeper on another machine does the same/)).toBeTruthy()
    await user.type(asked.getByLabelText('User that may delete'), 'admin')
    await user.type(asked.getByLabelText('Its password'), 'let me delete')
    await user.type(asked.getByLabelText('Address, where it is another'), 'backup:8001')
    expect(asked.getByRole<HTMLButtonElement>('button', { name: 'Seal and release' }).disabled).toBe(true)
    await user.clear(asked.getByLabelText('Address, where it is another'))
    await user.type(asked.getByLabelText('Address, where it is another'), 'https://backup:8001')
    await user.click(await enabled('Seal and release', asked))
    await waitFor(() => expect(host.posted).toHaveLength(1))
    const order = host.posted[0]
    if (order?.action.do !== 'release') throw new Error('another order')
    expect(order.expires_at - order.issued_at).toBe(10 * 60_000)
    const { slot, revision, box } = order.action.secret
    expect([slot, revision]).toEqual(['repository/main/admin', 1])
    expect(JSON.parse(await fleet.unseal(slot, revision, box))).toEqual({
      user: 'admin',
      password: 'let me delete',
      url: 'https://backup:8001',
    })
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
  })

  it('keeps what was typed when the host refuses', async () => {
    await begin({}, appendOnly)
    host.answer = () => ({ outcome: 'refused', code: 'policy', message: 'Not here.', hint: 'Ask.' })
    const user = await open()
    await user.click(screen.getByTestId('release-main'))
    const asked = await dialog()
    await user.type(asked.getByLabelText('User that may delete'), 'admin')
    await user.type(asked.getByLabelText('Its password'), 'let me delete')
    await user.click(await enabled('Seal and release', asked))
    await screen.findByText('Not here. Ask.')
    expect(asked.getByLabelText<HTMLInputElement>('Its password').value).toBe('let me delete')
  })

  it('releases nothing to a host that is away', async () => {
    await begin({}, appendOnly, 'offline')
    await open()
    expect(screen.getByTestId<HTMLButtonElement>('release-main').disabled).toBe(true)
    expect(screen.getByText(/waits nowhere/)).toBeTruthy()
  })

  it('is switched on within the plan’s edit, which an admin signs', async () => {
    await begin()
    const user = await open()
    await user.click(screen.getByTestId('append-only-main'))
    await user.click(await waitForSave())
    await waitFor(() => expect(host.plan).toEqual(appendOnly))
  })
})
