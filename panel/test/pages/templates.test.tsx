// @vitest-environment jsdom
//
// Templates: saved from a host without anything that is its own, compared with hosts, signed for each, and what became of it.

import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plan } from '../../src/api/types.gen'
import { emptyGroup } from '../../src/model/plan'
import { templateOf } from '../../src/model/template'
import { PlanLine } from '../../src/pages/host/PlanLine'
import ApplyPage from '../../src/pages/templates/ApplyPage'
import TemplatesPage from '../../src/pages/templates/TemplatesPage'
import { type Fleet, foundFleet, type Member } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { show, showTab } from '../stage'

const SOURCE: Plan = {
  ...PLAN,
  groups: {
    default: {
      ...emptyGroup('main'),
      includes: ['/var/www'],
      hooks: { pre: 'secret', post: 'inherit', timeout_s: null },
    },
  },
}
let fleet: Fleet
let second: Member
let hosts: [PlayedHost, PlayedHost]
let played: Played

beforeEach(async () => {
  sessionStorage.clear()
  fleet = await foundFleet('ann')
  second = await fleet.admit(8, 'web-2')
  hosts = [
    new PlayedHost(hostOf(fleet, 'web-1'), PLAN),
    new PlayedHost(hostOf(second, 'web-2', { presence: 'offline' }), PLAN),
  ]
  played = new Played(fleet, hosts)
  played.templates = [{ name: 'web', plan: templateOf(SOURCE), made_by: 'bob', changed_at: 1 }]
  vi.stubGlobal('fetch', vi.fn(played.fetch))
})
afterEach(() => vi.unstubAllGlobals())

async function compare(names: readonly string[]) {
  const user = show(<ApplyPage />, { at: '/templates/web/apply', path: '/templates/:name/apply' })
  for (const name of names) await user.click(await screen.findByRole('checkbox', { name }))
  await user.click(screen.getByTestId('compare-hosts'))
  for (const name of names)
    await within(await screen.findByTestId(`given-${name}`)).findByText(/^\d+ changes?$/)
  return user
}
const give = () => screen.getByTestId<HTMLButtonElement>('give-template')
const given = (name: string) => screen.getByTestId(`given-${name}`)

describe('giving a template to hosts', () => {
  it('shows what would change at each before anything is signed, and signs one order for each', async () => {
    hosts[1].answer = null
    const user = await compare(['web-1', 'web-2'])
    expect(hosts[0].posted).toEqual([])
    expect(given('web-1').textContent).toContain('+ /var/www')
    expect(given('web-1').textContent).toContain('its script is not there, and is not given')
    await user.click(screen.getByLabelText(/^Script: the hook before backups of default/))
    await user.paste('nginx -s quit')
    expect(given('web-1').textContent).not.toContain('is not given')
    await waitFor(() => expect(give().textContent).toContain('give to 2 hosts'))
    await user.click(give())
    await within(given('web-1')).findByText('saved as revision 5')
    await within(given('web-2')).findByText('waits for the host')
    for (const [host, member] of [
      [hosts[0], fleet],
      [hosts[1], second],
    ] as const) {
      const order = host.posted[0]
      if (order?.action.do !== 'set_plan') throw new Error('no plan was posted')
      expect(order.agent).toBe(member.binding.id)
      expect(order.action).toMatchObject({ base_revision: 4, note: 'template web' })
      expect(order.action.plan.repositories).toEqual(PLAN.repositories)
      expect(order.action.plan.groups.default?.includes).toEqual(['/var/www'])
      const box = order.action.secrets[0]?.box ?? ''
      expect(await member.unseal('hook/default/pre', 1, box)).toBe('nginx -s quit')
    }
    expect(screen.getByText('1 saved, 1 waiting for the host.')).toBeTruthy()
  })

  it('compares anew with a plan that moved on meanwhile', async () => {
    const user = await compare(['web-1'])
    hosts[0].revision = 9
    await waitFor(() => expect(give().disabled).toBe(false))
    await user.click(give())
    await within(given('web-1')).findByText(/Somebody changed its plan meanwhile/)
    await user.click(within(given('web-1')).getByRole('button', { name: 'Compare again' }))
    await waitFor(() => expect(give().textContent).toContain('give to 1 host'))
    await user.click(give())
    await within(given('web-1')).findByText('saved as revision 10')
  })

  it('leaves alone what governs itself, and what is like this already', async () => {
    hosts[0].readOnly = 'plan.toml governs'
    hosts[1].plan = { ...PLAN, groups: { default: { ...emptyGroup('main'), includes: ['/var/www'] } } }
    const user = show(<ApplyPage />, { at: '/templates/web/apply', path: '/templates/:name/apply' })
    await user.click(await screen.findByRole('button', { name: 'Choose all 2 shown' }))
    await user.click(screen.getByTestId('compare-hosts'))
    await within(await screen.findByTestId('given-web-1')).findByText('cannot be given')
    await within(given('web-2')).findByText('is like this already')
    expect(give().disabled).toBe(true)
  })
})

describe('keeping templates', () => {
  it('saves a host’s plan without what is its own', async () => {
    hosts[0].plan = SOURCE
    const user = showTab(hosts[0].view, <PlanLine />)
    await user.click(await screen.findByTestId('save-template'))
    const dialog = await screen.findByRole('dialog', { name: 'Save the plan as a template' })
    await user.click(within(dialog).getByLabelText('Name of the template'))
    await user.paste('WEB')
    expect(within(dialog).getByText(/saved by bob: it would be replaced/)).toBeTruthy()
    await user.click(within(dialog).getByRole('button', { name: 'Replace web' }))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(played.templates).toHaveLength(1)
    expect(played.templates[0]?.made_by).toBe('ann')
    expect(played.bases, 'it replaces what was shown, and nothing else').toEqual(['"1"'])
    expect(JSON.stringify(played.templates[0]?.plan)).not.toContain('/srv/repo')
  })

  it('renames by the new name first, and deletes after a question', async () => {
    const user = show(<TemplatesPage />)
    await user.click(await screen.findByRole('button', { name: 'Rename… web' }))
    const rename = await screen.findByRole('dialog', { name: 'Rename web' })
    await user.clear(within(rename).getByRole('textbox'))
    await user.paste('shops')
    await user.click(within(rename).getByRole('button', { name: 'Rename' }))
    await screen.findByTestId('template-shops')
    expect(played.deleted).toEqual(['web'])
    expect(played.bases, 'nothing of that name yet, and the one that was looked at').toEqual(['*', '"1"'])
    await user.click(screen.getByRole('button', { name: 'Delete… shops' }))
    const remove = await screen.findByRole('dialog', { name: 'Delete the template shops?' })
    await user.click(within(remove).getByRole('button', { name: 'Delete' }))
    await screen.findByText('No template yet')
    expect(played.templates).toEqual([])
  })
})
