// @vitest-environment jsdom

import { screen, waitFor, within } from '@testing-library/react'
import { useLocation } from 'react-router'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AuditView } from '../../src/api/types.gen'
import AuditPage from '../../src/pages/audit/AuditPage'
import { ME, play, problem } from '../door'
import { show } from '../stage'

afterEach(() => vi.unstubAllGlobals())

const RECORDS: AuditView[] = [
  {
    seq: 3,
    hash: 'c'.repeat(64),
    at: 3_000,
    actor: { kind: 'person', name: 'ada', role: 'admin' },
    address: '192.0.2.7',
    action: 'person_change',
    target: { kind: 'person', id: '2', name: 'bob' },
    before: { role: 'viewer', email: 'bob@example.org' },
    after: { role: 'operator', email: 'bob@example.org' },
  },
  {
    seq: 2,
    hash: 'b'.repeat(64),
    at: 2_000,
    actor: { kind: 'nobody', name: 'mallory' },
    address: '198.51.100.9',
    action: 'sign_in_refused',
    after: 'the user name or the password is wrong',
  },
  { seq: 1, hash: 'a'.repeat(64), at: 1_000, actor: { kind: 'console' }, action: 'set_up' },
]
const CHAIN = { first: 1, last: 3, verified: 3, broken: null }

function Where() {
  const { pathname, search } = useLocation()
  return <output>{pathname + search}</output>
}

function open(routes: Parameters<typeof play>[0] = {}, at = '/audit') {
  const sent = play({
    'GET /session': ME,
    'GET /audit': { items: RECORDS, next: null, total: null },
    'GET /audit/chain': CHAIN,
    ...routes,
  })
  const user = show(
    <>
      <AuditPage />
      <Where />
    </>,
    { at },
  )
  const last = () => sent.findLast(({ route }) => route === 'GET /audit')?.query.toString()
  return { sent, user, last }
}

describe('records', () => {
  it('are told in plain words: who, what, on what, from where', async () => {
    open()
    const change = within(await screen.findByTestId('record-person_change'))
    expect(change.getByText('Changed a person')).toBeTruthy()
    expect(change.getByText('ada')).toBeTruthy()
    expect(change.getByText('bob')).toBeTruthy()
    expect(change.getByText('192.0.2.7')).toBeTruthy()
    expect(within(screen.getByTestId('record-set_up')).getByText('The coordinator’s machine')).toBeTruthy()
  })

  it('of a refusal say why at once', async () => {
    open()
    const refused = within(await screen.findByTestId('record-sign_in_refused'))
    expect(refused.getByText('Was not let in')).toBeTruthy()
    expect(refused.getByText('The user name or the password is wrong')).toBeTruthy()
  })

  it('show what was before and after, when they are opened', async () => {
    const { user } = open()
    await user.click(await screen.findByRole('button', { name: /^Details of record 3/ }))
    const details = within(screen.getByTestId('details-3'))
    expect(details.getByText('viewer').tagName).toBe('DEL')
    expect(details.getByText('operator').tagName).toBe('INS')
    expect(details.queryByText('E-mail')).toBeNull()
    await user.click(screen.getByRole('button', { name: /^Details of record 3/ }))
    expect(screen.queryByTestId('details-3')).toBeNull()
  })
})

describe('conditions', () => {
  it('stand in the address, and go to the API and to the files', async () => {
    const { user, last } = open()
    await screen.findByTestId('record-set_up')
    await user.type(screen.getByLabelText('Who'), 'ada')
    await user.selectOptions(screen.getByLabelText('What'), 'group:audit')
    await waitFor(() => expect(last()).toContain('actor=ada&action=refused&action=audit_trim'))
    expect(document.querySelector('output')?.textContent).toMatch(/actor=ada/)
    const csv = screen.getByRole('link', { name: 'CSV' }).getAttribute('href')
    expect(csv).toMatch(/^\/api\/v1\/audit\/export\?actor=ada&action=refused.*&format=csv$/)
  })

  it('of the address are those of the form, and can be taken away', async () => {
    const { user, last } = open(
      {
        'GET /audit': (_: never, { query }: { query: URLSearchParams }) => ({
          items: query.get('target') === null ? RECORDS : [],
          next: null,
          total: null,
        }),
      },
      '/audit?target=web-1&range=day',
    )
    await screen.findByText('No record matches')
    expect(last()).toMatch(/^target=web-1&since=\d+&order=desc/)
    expect(screen.getByLabelText<HTMLInputElement>('On what').value).toBe('web-1')
    await user.click(screen.getByRole('button', { name: 'Take the conditions away' }))
    await screen.findByTestId('record-set_up')
    expect(document.querySelector('output')?.textContent).toBe('/audit')
  })

  it('between two times ask for each by its name', async () => {
    const { user, last } = open()
    await user.selectOptions(await screen.findByLabelText('When'), 'between')
    await user.type(screen.getByLabelText('From'), '2026-11-20T10:00')
    screen.getByText('Until')
    await waitFor(() => expect(last()).toMatch(/since=\d+/))
  })

  it('oldest first is another order', async () => {
    const { user, last } = open()
    await user.click(await screen.findByRole('button', { name: 'When' }))
    await waitFor(() => expect(last()).toContain('order=asc'))
  })
})

describe('the chain', () => {
  it('is said to hold, up to where', async () => {
    open()
    expect((await screen.findByTestId('chain')).textContent).toMatch(/Chain verified up to 3 · just now/)
  })

  it('that is long is asked for until it is checked to its end', async () => {
    let verified = 1
    open({ 'GET /audit/chain': () => ({ ...CHAIN, verified: verified++ }) })
    expect((await screen.findByTestId('chain')).textContent).toMatch(/verified up to 1 of 3/)
    await waitFor(
      () => expect(screen.getByTestId('chain').textContent).toMatch(/verified up to 3 · just now/),
      {
        timeout: 10_000,
      },
    )
  })

  it('that is broken cannot be overlooked', async () => {
    open({ 'GET /audit/chain': { ...CHAIN, verified: 1, broken: 'record 2 was changed' } })
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toContain('The audit’s chain is broken')
    expect(alert.textContent).toContain('Record 2 was changed. Every record up to 1 holds. Somebody')
  })
})

it('that cannot be read says so, and tries again', async () => {
  let fails = true
  const { user } = open({
    'GET /audit': () => (fails ? problem(500, 'internal') : { items: RECORDS, next: null, total: null }),
  })
  expect((await screen.findByRole('alert')).textContent).toContain('Detail of internal.')
  fails = false
  await user.click(screen.getByRole('button', { name: 'Try again' }))
  await screen.findByTestId('record-set_up')
})

it('is for admins, and says so to the others without asking', async () => {
  const { sent } = open({ 'GET /session': { ...ME, role: 'operator' } })
  await screen.findByText('The audit is for admins')
  expect(sent.filter(({ route }) => route === 'GET /audit')).toEqual([])
})
