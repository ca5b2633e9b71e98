// @vitest-environment jsdom
//
// Numbers as people type them: what is none, or out of bounds, stays in sight, is told at its field and cannot be signed.

import { cleanup, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import GroupsTab from '../../src/pages/host/GroupsTab'
import { foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

let host: PlayedHost
const asked: string[] = []

beforeEach(async () => {
  sessionStorage.clear()
  asked.length = 0
  const fleet = await foundFleet('ann')
  host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  const played = new Played(fleet, [host])
  vi.stubGlobal(
    'fetch',
    vi.fn((input: RequestInfo | URL, init?: RequestInit) => {
      if (String(input).endsWith('/plan/check')) asked.push(String(init?.body))
      return played.fetch(input, init)
    }),
  )
})
afterEach(() => vi.unstubAllGlobals())

async function open() {
  const user = showTab(host.view, <GroupsTab />, '/?edit=default')
  await waitFor(() => expect(field('Last').disabled).toBe(false), { timeout: 5_000 })
  return user
}
const field = (label: string) => screen.getByLabelText<HTMLInputElement>(label, { selector: 'input' })
const wrong = (label: string) =>
  (field(label).getAttribute('aria-describedby') ?? '')
    .split(' ')
    .map((id) => document.getElementById(id)?.textContent ?? '')
    .join(' ')
const save = () => screen.getByTestId<HTMLButtonElement>('save-plan')

const KEEP = 'A whole number from 0 to 4,294,967,295.'

describe('a number of the plan', () => {
  it.each(['2.5', '1e3', '99999999999999', '-3', '4294967296', 'x'])(
    'that cannot be one stays as %s, with what is wrong',
    async (text) => {
      const user = await open()
      await user.type(field('Last'), text)
      await user.tab()
      expect(field('Last').value).toBe(text)
      expect(field('Last').getAttribute('aria-invalid')).toBe('true')
      expect(wrong('Last')).toContain(KEEP)
      expect(screen.getByTestId('retention-words').textContent).not.toMatch(/No rule|Keeps/)
      expect(save().disabled).toBe(true)
    },
  )

  it('is asked about nowhere until it is one, and then saved', async () => {
    const user = await open()
    await user.type(field('Last'), '2.5')
    await new Promise((done) => setTimeout(done, 600))
    expect(asked.filter((body) => body.includes('2.5'))).toEqual([])
    expect(screen.getByTestId('save-bar').textContent).toContain(
      'groups.default.retention.keep_last must be a whole number',
    )
    expect(
      within(screen.getByTestId('retention-preview-default')).getByRole<HTMLButtonElement>('button').disabled,
    ).toBe(true)
    await user.type(field('Last'), '{Backspace}{Backspace}')
    expect(screen.getByTestId('retention-words').textContent).toContain('Keeps the last 2,')
    await waitFor(() => expect(save().disabled).toBe(false))
    await user.click(save())
    await waitFor(() => expect(host.plan.groups.default?.retention.keep_last).toBe(2))
  })

  it('that is none still stops saving after a reload', async () => {
    const user = await open()
    await user.type(field('Last'), 'x')
    cleanup()
    await open()
    expect(wrong('Last')).toContain(KEEP)
    expect(save().disabled).toBe(true)
  })

  it('has the bounds of its own field', async () => {
    const user = await open()
    await user.clear(field('First try after'))
    await user.type(field('First try after'), '-5')
    expect(field('First try after').value).toBe('-5')
    expect(wrong('First try after')).toContain('A whole number from 1 to 1,800.')
    expect(save().disabled).toBe(true)
  })

  it('may be left out where nothing means something', async () => {
    const user = await open()
    await user.clear(field('Tries after a failure'))
    expect(field('Tries after a failure').value).toBe('')
    expect(wrong('Tries after a failure')).toContain('A whole number from 0 to 20.')
    await user.type(field('Last'), '0')
    expect(field('Last').value).toBe('0')
    expect(field('Last').getAttribute('aria-invalid')).not.toBe('true')
  })
})
