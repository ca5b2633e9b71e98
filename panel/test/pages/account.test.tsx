// @vitest-environment jsdom

import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { AccountView, SessionView } from '../../src/api/types.gen'
import AccountPage from '../../src/pages/account/AccountPage'
import { leave } from '../../src/pages/shell/signOut'
import { bodiesOf, ME, play, problem, SETUP, WAYS } from '../door'
import { show } from '../stage'

afterEach(() => vi.unstubAllGlobals())

const ACCOUNT = {
  me: ME,
  email: 'ada@example.org',
  provider: null,
  has_totp: false,
  passkeys: [],
  recovery_codes: 0,
  factor_required: false,
} as unknown as AccountView

const session = (id: string, more: Partial<SessionView> = {}): SessionView => ({
  id,
  current: false,
  created_at: 1,
  used_at: 2,
  expires_at: 9e12,
  address: '192.0.2.7',
  device: 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0',
  provider: null,
  ...more,
})

function open(account: Partial<AccountView> = {}, routes: Parameters<typeof play>[0] = {}) {
  const sent = play({
    'GET /session': ME,
    'GET /setup': SETUP,
    'GET /session/ways': WAYS,
    'GET /fleet': problem(503, 'storage_unavailable'),
    'GET /account/keys': [],
    'GET /account': { ...ACCOUNT, ...account },
    'GET /account/sessions': [session('this', { current: true })],
    ...routes,
  })
  return { sent, user: show(<AccountPage />) }
}

const part = async (id: string) => within(await screen.findByTestId(id))

describe('who one is', () => {
  it('stands there, and who changes it', async () => {
    open()
    const who = await part('who')
    expect(who.getByText('ada')).toBeTruthy()
    expect(who.getByText('ada@example.org')).toBeTruthy()
    expect(who.getByText(/An admin changes the role/)).toBeTruthy()
  })

  it('of whom a provider vouches for is the provider’s to say: no password here', async () => {
    open({ provider: 'Example SSO' })
    const who = await part('who')
    expect(who.getByText(/Example SSO says your role and e-mail address/)).toBeTruthy()
    expect(screen.queryByTestId('password')).toBeNull()
  })
})

describe('the password', () => {
  async function change(routes: Parameters<typeof play>[0]) {
    const { sent, user } = open({}, routes)
    const form = await part('password')
    await user.type(form.getByLabelText(/^Current password/), 'old one')
    await user.type(form.getByLabelText(/^New password(?! again)/), 'correct horse battery')
    await user.type(form.getByLabelText(/^New password again/), 'correct horse battery')
    await user.click(form.getByRole('button', { name: 'Change the password' }))
    return { sent, form }
  }

  it('is changed with the current one, and is not left in the form', async () => {
    const { sent, form } = await change({ 'POST /account/password': undefined })
    await screen.findByText('The password is changed')
    expect(bodiesOf(sent, 'POST /account/password')).toEqual([
      { current: 'old one', new: 'correct horse battery' },
    ])
    expect(form.getByLabelText<HTMLInputElement>(/^Current password/).value).toBe('')
  })

  it('stays when the current one is wrong, with what was typed', async () => {
    const { form } = await change({ 'POST /account/password': problem(401, 'wrong_credentials') })
    await form.findByText('This is not your current password.')
    expect(form.getByLabelText<HTMLInputElement>(/^New password again/).value).toBe('correct horse battery')
  })

  it('says how long too many tries make one wait', async () => {
    const { form } = await change({
      'POST /account/password': problem(429, 'too_many_requests', { retry_after_s: 20 }),
    })
    expect((await form.findByRole('alert')).textContent).toMatch(/Try again in (20|19) s/)
  })

  it('says the rule before the mistake, and sends nothing that breaks it', async () => {
    const { sent, user } = open()
    const form = await part('password')
    expect(form.getByText(/At least 12 characters/)).toBeTruthy()
    await user.type(form.getByLabelText(/^New password(?! again)/), 'short')
    await user.click(form.getByRole('button', { name: 'Change the password' }))
    expect(form.getByText('Type the password you have now.')).toBeTruthy()
    expect(form.getByText('This has 5 characters, 12 are the least.')).toBeTruthy()
    expect(bodiesOf(sent, 'POST /account/password')).toEqual([])
  })
})

describe('second factors', () => {
  it('a passkey is not offered where none is taken, and it is said why', async () => {
    open()
    const factors = await part('factors')
    expect(factors.getByRole<HTMLButtonElement>('button', { name: 'Add a passkey' }).disabled).toBe(true)
    expect(factors.getByText(/at the panel’s own name over https/)).toBeTruthy()
    expect(factors.queryByText('Recovery codes')).toBeNull()
  })

  it('the last one is taken away with the password, after it was said what that means', async () => {
    const gone = vi.fn()
    const { sent, user } = open(
      { has_totp: true, recovery_codes: 2 },
      {
        'DELETE /account/totp': ({ password }: { password: string }) => {
          if (password !== 'mine') return problem(401, 'wrong_credentials')
          gone()
        },
      },
    )
    const factors = await part('factors')
    expect(factors.getByText('2 left')).toBeTruthy()
    await user.click(factors.getByRole('button', { name: 'Remove the code generator' }))
    const dialog = within(await screen.findByRole('dialog'))
    expect(dialog.getByText(/afterwards the password alone lets you in/)).toBeTruthy()
    await user.type(dialog.getByLabelText('Your password'), 'wrong')
    await user.click(dialog.getByRole('button', { name: 'Remove it' }))
    await dialog.findByText('This is not your password.')
    expect(gone).not.toHaveBeenCalled()
    await user.type(dialog.getByLabelText('Your password'), 'mine')
    await user.click(dialog.getByRole('button', { name: 'Remove it' }))
    await waitFor(() => expect(gone).toHaveBeenCalled())
    await screen.findByText('The code generator is removed')
    expect(bodiesOf(sent, 'DELETE /account/totp')).toEqual([{ password: 'wrong' }, { password: 'mine' }])
  })

  it('the last one stays where the role takes one, and it is said why', async () => {
    const { user } = open({ has_totp: true, recovery_codes: 2, factor_required: true })
    const factors = await part('factors')
    const button = factors.getByRole('button', { name: 'Remove the code generator' })
    expect(button.getAttribute('aria-disabled')).toBe('true')
    expect(factors.getAllByText(/Add another first/).length).toBeGreaterThan(0)
    await user.click(button)
    expect(screen.queryByRole('dialog')).toBeNull()
  })

  it('new recovery codes are shown once, as text to keep', async () => {
    const { user } = open(
      { has_totp: true, recovery_codes: 0 },
      { 'POST /account/recovery-codes': { codes: ['aaaa-bbbb', 'cccc-dddd'] } },
    )
    const writeText = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue()
    const factors = await part('factors')
    expect(factors.getByText(/None is left/)).toBeTruthy()
    await user.click(factors.getByRole('button', { name: 'Make new codes' }))
    let dialog = within(await screen.findByRole('dialog'))
    await user.type(dialog.getByLabelText('Your password'), 'mine')
    await user.click(dialog.getByRole('button', { name: 'Make new codes' }))
    expect((await screen.findByTestId('recovery-codes')).textContent).toBe('aaaa-bbbbcccc-dddd')
    dialog = within(screen.getByRole('dialog'))
    await user.click(dialog.getByRole('button', { name: 'Copy' }))
    await screen.findByText('The codes are in the clipboard')
    expect(writeText.mock.calls[0]?.[0]).toMatch(/User: ada[\s\S]*aaaa-bbbb\ncccc-dddd/)
    await user.click(dialog.getByRole('button', { name: 'I have stored them' }))
    await waitFor(() => expect(screen.queryByTestId('recovery-codes')).toBeNull())
  })
})

describe('sessions', () => {
  const both = [
    session('this', { current: true }),
    session('far', { device: null, address: null, provider: 'Example SSO' }),
  ]

  it('are told by device and address, and this one is marked', async () => {
    open({}, { 'GET /account/sessions': both })
    const mine = within(await screen.findByTestId('session-this'))
    expect(mine.getByText('Firefox on Linux')).toBeTruthy()
    expect(mine.getByText('this one')).toBeTruthy()
    expect(mine.queryByRole('button')).toBeNull()
    const far = within(screen.getByTestId('session-other'))
    expect(far.getByText('Unknown device')).toBeTruthy()
    expect(far.getByText('Example SSO')).toBeTruthy()
  })

  it('one is ended, also when it ended by itself meanwhile', async () => {
    let left = both
    const { sent, user } = open(
      {},
      {
        'GET /account/sessions': () => left,
        'DELETE /account/sessions/far': () => {
          left = both.slice(0, 1)
          return problem(404, 'not_found')
        },
      },
    )
    await user.click(await screen.findByRole('button', { name: 'Sign out Unknown device' }))
    await waitFor(() => expect(screen.queryByTestId('session-other')).toBeNull())
    expect(bodiesOf(sent, 'DELETE /account/sessions/far')).toHaveLength(1)
    expect(screen.queryByText('The session was not ended')).toBeNull()
  })

  it('all others are ended after one was asked', async () => {
    let left = both
    const { user } = open(
      {},
      {
        'GET /account/sessions': () => left,
        'DELETE /account/sessions': () => {
          left = both.slice(0, 1)
        },
      },
    )
    await user.click(await screen.findByRole('button', { name: 'Sign out all others' }))
    const dialog = within(await screen.findByRole('dialog'))
    await user.click(dialog.getByRole('button', { name: 'Sign them out' }))
    await screen.findByText('Every other session has ended')
    await waitFor(() => expect(screen.queryByTestId('session-other')).toBeNull())
  })
})

describe('signing out', () => {
  it('goes to the provider where one vouched for the session', async () => {
    const assign = vi.fn()
    vi.stubGlobal('location', { ...window.location, assign })
    play({ 'DELETE /session': { provider_url: 'https://sso/logout' } })
    await leave()
    expect(assign).toHaveBeenLastCalledWith('https://sso/logout')
    play({ 'DELETE /session': { provider_url: null } })
    await leave()
    expect(assign).toHaveBeenLastCalledWith('/sign-in')
  })
})
