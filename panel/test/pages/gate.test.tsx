// @vitest-environment jsdom
//
// Who may be where: doors, and back to where one wanted to go.

import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import AddFactorPage from '../../src/pages/account/AddFactorPage'
import SignInPage from '../../src/pages/SignInPage'
import { Gate } from '../../src/pages/shell/Gate'
import CallbackPage from '../../src/pages/sso/CallbackPage'
import WelcomePage from '../../src/pages/welcome/WelcomePage'
import { bodiesOf, ME, play, problem, SETUP, WAYS } from '../door'

beforeEach(() => {
  vi.stubGlobal(
    'EventSource',
    class {
      close() {}
    },
  )
})
afterEach(() => {
  vi.unstubAllGlobals()
  history.replaceState(null, '', '/')
})

/** The panel's doors, at an address that the browser has as well. */
function open(at: string) {
  history.replaceState(null, '', at)
  const children = [
    { path: '/sign-in', element: <SignInPage /> },
    { path: '/welcome', element: <WelcomePage /> },
    { path: '/sso/callback', element: <CallbackPage /> },
    { path: '/second-factor', element: <AddFactorPage /> },
    { path: '*', element: <p>inside</p> },
  ]
  const router = createMemoryRouter([{ element: <Gate />, children }], { initialEntries: [at] })
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  )
  const where = () => router.state.location.pathname + router.state.location.search
  return { user: userEvent.setup(), where }
}

const NOBODY = {
  'GET /session': problem(401, 'not_signed_in'),
  'GET /setup': SETUP,
  'GET /session/ways': WAYS,
}
const ACCOUNT = {
  email: null,
  provider: null,
  has_totp: false,
  passkeys: [],
  recovery_codes: 0,
  factor_required: true,
}

it('leads to the second factor that one’s role takes, and then on', async () => {
  let has = false
  const me = () => ({ ...ME, must_add_factor: !has })
  const sent = play({
    'GET /session': me,
    'GET /session/ways': WAYS,
    'GET /account': () => ({ ...ACCOUNT, me: me(), has_totp: has }),
    'POST /account/totp': ({ password }: { password: string }) =>
      password === 'mine'
        ? { secret: 'ABCDEFGH', uri: 'otpauth://totp/x' }
        : problem(401, 'wrong_credentials'),
    'POST /account/totp/confirm': ({ code }: { code: string }) => {
      if (code !== '123456') return problem(401, 'wrong_factor')
      has = true
      return { codes: ['aaaa-bbbb', 'cccc-dddd'] }
    },
  })
  const { user, where } = open('/audit?actor=bob')
  await screen.findByRole('heading', { name: 'Add a second factor' })
  expect(where()).toBe('/second-factor?next=%2Faudit%3Factor%3Dbob')
  await user.click(await screen.findByRole('button', { name: 'Add a code generator' }))
  await user.type(screen.getByLabelText('Your password'), 'not mine')
  await user.click(screen.getByRole('button', { name: 'Show the QR code' }))
  await screen.findByText('This is not your password.')
  await user.type(screen.getByLabelText('Your password'), 'mine')
  await user.click(screen.getByRole('button', { name: 'Show the QR code' }))
  expect((await screen.findByTestId('totp-secret')).textContent).toContain('ABCD EFGH')
  await user.type(screen.getByLabelText('The code that it shows now'), '111111')
  await user.click(screen.getByRole('button', { name: 'Add the code generator' }))
  await screen.findByText(/This code does not fit/)
  await user.clear(screen.getByLabelText('The code that it shows now'))
  await user.type(screen.getByLabelText('The code that it shows now'), '123 456')
  await user.click(screen.getByRole('button', { name: 'Add the code generator' }))
  expect((await screen.findByTestId('recovery-codes')).textContent).toBe('aaaa-bbbbcccc-dddd')
  await user.click(screen.getByRole('button', { name: 'I have stored them' }))
  await screen.findByText('inside')
  expect(where()).toBe('/audit?actor=bob')
  expect(bodiesOf(sent, 'POST /account/totp/confirm')).toEqual([{ code: '111111' }, { code: '123456' }])
})

it('takes a setup link: its token leaves the address, and a password is chosen', async () => {
  const sent = play({
    ...NOBODY,
    'POST /invitation/check': { user: 'grace', expires_at: Date.now() + 3_000_000, password_min: 12 },
    'POST /invitation': { ...ME, user: 'grace' },
  })
  const { user, where } = open('/welcome#the-token')
  await screen.findByRole('heading', { name: 'Welcome, grace' })
  expect(location.hash).toBe('')
  expect(screen.getByText(/At least 12 characters/)).toBeTruthy()
  await user.type(screen.getByLabelText(/^Password(?! again)/), 'short')
  await user.type(screen.getByLabelText(/^Password again/), 'other')
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }))
  expect(screen.getByText('This has 5 characters, 12 are the least.')).toBeTruthy()
  expect(screen.getByText('The two passwords differ.')).toBeTruthy()
  expect(bodiesOf(sent, 'POST /invitation')).toEqual([])
  for (const field of [/^Password(?! again)/, /^Password again/]) {
    await user.clear(screen.getByLabelText(field))
    await user.type(screen.getByLabelText(field), 'correct horse battery')
  }
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }))
  await screen.findByText('inside')
  expect(where()).toBe('/')
  expect(bodiesOf(sent, 'POST /invitation/check')).toEqual([{ token: 'the-token' }])
  expect(bodiesOf(sent, 'POST /invitation')).toEqual([
    { token: 'the-token', password: 'correct horse battery' },
  ])
})

it('says of a link that is over whom to ask', async () => {
  play({ ...NOBODY, 'POST /invitation/check': problem(410, 'bad_setup_link') })
  open('/welcome#old')
  expect((await screen.findByRole('alert')).textContent).toContain('Detail of bad_setup_link.')
  expect(screen.getByText(/Ask the admin who invited you for a new one/)).toBeTruthy()
})

it('says of a link without its token what is missing', async () => {
  play(NOBODY)
  open('/welcome')
  await screen.findByText('The link is not whole')
})

it('comes back from a provider: the code leaves the address, and one is where one wanted to go', async () => {
  const sent = play({ ...NOBODY, 'POST /sso/finish': { me: ME, return_to: '/tokens?sort=name' } })
  const { where } = open('/sso/callback?code=abc&state=xyz&iss=https%3A%2F%2Fsso')
  await screen.findByText('inside')
  expect(where()).toBe('/tokens?sort=name')
  expect(bodiesOf(sent, 'POST /sso/finish')).toEqual([{ code: 'abc', state: 'xyz', iss: 'https://sso' }])
})

it('asks whom a provider vouches for for the second factor that the role takes', async () => {
  const second = { ticket: 't', factors: ['totp'], recovery: false }
  const sent = play({
    ...NOBODY,
    'POST /sso/finish': Response.json(second, { status: 202 }),
    'POST /session/second-factor': ME,
  })
  sessionStorage.setItem('rm-next', '/tokens')
  const { user, where } = open('/sso/callback?code=abc&state=xyz')
  await screen.findByText(/Your provider vouches for you/)
  await user.type(screen.getByLabelText('Code'), '123456')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
  await screen.findByText('inside')
  expect(where()).toBe('/tokens')
  expect(sessionStorage.getItem('rm-next')).toBeNull()
  expect(bodiesOf(sent, 'POST /session/second-factor')).toEqual([{ ticket: 't', code: '123456' }])
})

it('goes nowhere else than inside this site', async () => {
  play({ ...NOBODY, 'POST /sso/finish': { me: ME, return_to: '//evil.example' } })
  const { where } = open('/sso/callback?code=abc&state=xyz')
  await screen.findByText('inside')
  expect(where()).toBe('/')
})

it('says why the coordinator refused somebody whom the provider vouches for', async () => {
  play({ ...NOBODY, 'POST /sso/finish': problem(403, 'sso_refused') })
  const { user, where } = open('/sso/callback?code=abc&state=xyz')
  expect((await screen.findByRole('alert')).textContent).toContain('Detail of sso_refused.')
  expect(location.search).toBe('')
  await user.click(screen.getByRole('link', { name: 'Back to signing in' }))
  await screen.findByRole('heading', { name: 'Sign in' })
  expect(where()).toBe('/sign-in')
})

it('says what the provider itself said, and asks the coordinator nothing', async () => {
  const sent = play(NOBODY)
  open('/sso/callback?error=access_denied&error_description=Not+for+you&state=xyz')
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('The provider did not let you in')
  expect(alert.textContent).toContain('Not for you')
  expect(sent.some(({ route }) => route.startsWith('POST'))).toBe(false)
  await waitFor(() => expect(location.search).toBe(''))
})
