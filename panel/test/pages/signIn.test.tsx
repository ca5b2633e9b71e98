// @vitest-environment jsdom

import { screen, waitFor } from '@testing-library/react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SignInForm } from '../../src/pages/SignInForm'
import { bodiesOf, ME, play, problem, WAYS } from '../door'
import { show } from '../stage'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const SECOND = { ticket: 't-1', factors: ['totp'], recovery: true }
const asked = () => Response.json(SECOND, { status: 202 })

/** The form, with somebody who typed a name and a password and pressed the button. */
async function signIn(routes: Parameters<typeof play>[0]) {
  const done = vi.fn()
  const sent = play({ 'GET /session/ways': WAYS, ...routes })
  const user = show(<SignInForm onSignedIn={done} />)
  await user.type(screen.getByLabelText('User name'), 'ada')
  await user.type(screen.getByLabelText('Password'), 'correct horse')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  return { user, done, sent }
}

const value = (label: string) => screen.getByLabelText<HTMLInputElement>(label).value

describe('signing in by password', () => {
  it('says a refusal in words and keeps the name', async () => {
    const { done } = await signIn({ 'POST /session': problem(401, 'wrong_credentials') })
    expect((await screen.findByRole('alert')).textContent).toContain(
      'Detail of wrong_credentials. Hint of wrong_credentials.',
    )
    expect(value('User name')).toBe('ada')
    expect(value('Password')).toBe('')
    expect(done).not.toHaveBeenCalled()
  })

  it('says of somebody disabled that they cannot sign in, and not that this is not allowed', async () => {
    await signIn({ 'POST /session': problem(403, 'forbidden') })
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toContain('You cannot sign in')
    expect(alert.textContent).toContain('Detail of forbidden. Hint of forbidden.')
  })

  it('counts down when it was tried too often, and keeps what was typed', async () => {
    await signIn({ 'POST /session': problem(429, 'too_many_requests', { retry_after_s: 30 }) })
    expect((await screen.findByRole('alert')).textContent).toMatch(/Try again in (30|29) s/)
    expect(value('Password')).toBe('correct horse')
  })

  it('says a long wait in minutes', async () => {
    await signIn({ 'POST /session': problem(429, 'too_many_requests', { retry_after_s: 905 }) })
    expect((await screen.findByRole('alert')).textContent).toMatch(/Try again in 15 m 0[45] s/)
  })

  it('hands on who signed in', async () => {
    const { done } = await signIn({ 'POST /session': Response.json(ME, { status: 201 }) })
    await waitFor(() => expect(done).toHaveBeenCalledWith(ME))
  })
})

describe('the second step', () => {
  it('asks for a code, and hands on who signed in', async () => {
    const { user, done, sent } = await signIn({ 'POST /session': asked, 'POST /session/second-factor': ME })
    await user.type(await screen.findByLabelText('Code'), '123 456')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    await waitFor(() => expect(done).toHaveBeenCalledWith(ME))
    expect(bodiesOf(sent, 'POST /session/second-factor')).toEqual([{ ticket: 't-1', code: '123456' }])
  })

  it('says that a code is wrong, and takes the next', async () => {
    const { user, done } = await signIn({
      'POST /session': asked,
      'POST /session/second-factor': problem(401, 'wrong_factor'),
    })
    await user.type(await screen.findByLabelText('Code'), '123456')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    expect((await screen.findByRole('alert')).textContent).toContain('Detail of wrong_factor.')
    expect(value('Code')).toBe('')
    expect(done).not.toHaveBeenCalled()
  })

  it('takes a recovery code instead', async () => {
    const { user, sent } = await signIn({ 'POST /session': asked, 'POST /session/second-factor': ME })
    await user.click(await screen.findByRole('button', { name: 'Use a recovery code' }))
    await user.type(screen.getByLabelText('Recovery code'), 'abcd-efgh ')
    await user.click(screen.getByRole('button', { name: 'Sign in' }))
    await waitFor(() =>
      expect(bodiesOf(sent, 'POST /session/second-factor')).toEqual([
        { ticket: 't-1', recovery_code: 'abcd-efgh' },
      ]),
    )
  })

  it('says how many tries are left, and goes back to the password with what was typed after the last', async () => {
    const { user } = await signIn({
      'POST /session': asked,
      'POST /session/second-factor': problem(401, 'wrong_factor'),
    })
    for (const left of [
      'takes 5 tries.',
      'takes 4 tries more',
      'takes 3 tries more',
      'takes 2 tries more',
      'one try',
    ]) {
      await screen.findByText(new RegExp(left))
      await user.type(screen.getByLabelText('Code'), '1')
      await user.click(screen.getByRole('button', { name: 'Sign in' }))
    }
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('The second step is over'))
    expect(value('User name')).toBe('ada')
    expect(value('Password')).toBe('correct horse')
  })

  it('is over by itself after five minutes', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    await signIn({ 'POST /session': asked })
    await screen.findByLabelText('Code')
    await vi.advanceTimersByTimeAsync(5 * 60_000)
    expect((await screen.findByRole('alert')).textContent).toContain('The second step is over')
    expect(value('Password')).toBe('correct horse')
  })

  it('says what to do when the only factor is a passkey and this browser takes none', async () => {
    await signIn({
      'POST /session': Response.json(
        { ticket: 't', factors: ['passkey'], recovery: false, passkey: {} },
        { status: 202 },
      ),
    })
    expect(await screen.findByText(/This browser, or this address, takes no passkeys/)).toBeTruthy()
  })
})

describe('providers', () => {
  const ways = { providers: [{ id: 'corp', name: 'Example SSO' }], passkeys: false }

  it('stand above the form, and lead there', async () => {
    const assign = vi.fn()
    vi.stubGlobal('location', { ...window.location, assign })
    const sent = play({ 'GET /session/ways': ways, 'POST /sso/corp/start': { url: 'https://sso/x' } })
    const user = show(<SignInForm returnTo="/tokens" onSignedIn={() => {}} />)
    const button = await screen.findByRole('button', { name: 'Sign in with Example SSO' })
    const field = screen.getByLabelText('User name')
    expect(button.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy()
    await user.click(button)
    await waitFor(() => expect(assign).toHaveBeenCalledWith('https://sso/x'))
    expect(bodiesOf(sent, 'POST /sso/corp/start')).toEqual([{ return_to: '/tokens' }])
  })

  it('that do not answer are told of', async () => {
    play({ 'GET /session/ways': ways, 'POST /sso/corp/start': problem(503, 'sso_unavailable') })
    const user = show(<SignInForm onSignedIn={() => {}} />)
    await user.click(await screen.findByRole('button', { name: 'Sign in with Example SSO' }))
    expect((await screen.findByRole('alert')).textContent).toContain('Detail of sso_unavailable.')
  })

  it('get a tab of their own where this page holds something', async () => {
    play({ 'GET /session/ways': ways })
    show(<SignInForm user="ada" returnTo={null} onSignedIn={() => {}} />)
    const link = await screen.findByRole('link', { name: 'sign in in a new tab' })
    expect(link.getAttribute('target')).toBe('_blank')
    expect(screen.queryByRole('button', { name: /Example SSO/ })).toBeNull()
  })
})

describe('a passkey', () => {
  const options = { publicKey: { challenge: 'AQID', allowCredentials: [], timeout: null } }
  const here = (get: (given: CredentialRequestOptions) => Promise<unknown>) => {
    vi.stubGlobal('PublicKeyCredential', class {})
    vi.stubGlobal('isSecureContext', true)
    Object.defineProperty(navigator, 'credentials', { value: { get }, configurable: true })
  }

  it('signs in by itself', async () => {
    const seen: CredentialRequestOptions[] = []
    here(async (given) => {
      seen.push(given)
      return { toJSON: () => ({ id: 'cred' }) }
    })
    const done = vi.fn()
    const sent = play({
      'GET /session/ways': { providers: [], passkeys: true },
      'POST /session/passkey/begin': { ticket: 't-2', options },
      'POST /session/passkey': ME,
    })
    const user = show(<SignInForm onSignedIn={done} />)
    await user.click(await screen.findByRole('button', { name: 'Use a passkey' }))
    await waitFor(() => expect(done).toHaveBeenCalledWith(ME))
    expect(bodiesOf(sent, 'POST /session/passkey')).toEqual([{ ticket: 't-2', credential: { id: 'cred' } }])
    const challenge = seen[0]?.publicKey?.challenge as ArrayBuffer
    expect([...new Uint8Array(challenge)]).toEqual([1, 2, 3])
    expect(seen[0]?.publicKey).not.toHaveProperty('timeout')
  })

  it('that was not shown is no mystery', async () => {
    here(async () => {
      throw new DOMException('no', 'NotAllowedError')
    })
    play({
      'GET /session/ways': { providers: [], passkeys: true },
      'POST /session/passkey/begin': { ticket: 't-2', options },
    })
    const user = show(<SignInForm onSignedIn={() => {}} />)
    await user.click(await screen.findByRole('button', { name: 'Use a passkey' }))
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toContain('No passkey was shown.')
    expect(alert.textContent).toContain('cancelled or took too long')
  })
})
