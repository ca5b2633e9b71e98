// @vitest-environment jsdom

import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SignInForm } from '../../src/pages/SignInForm'

const problem = (status: number, code: string, extra = {}) =>
  new Response(
    JSON.stringify({
      code,
      status,
      title: 'Wrong user name or password',
      detail: 'They do not match.',
      hint: 'Type both again.',
      ...extra,
    }),
    { status },
  )

function show(fetched: typeof fetch, onSignedIn = vi.fn()) {
  vi.stubGlobal('fetch', fetched)
  render(
    <MantineProvider>
      <SignInForm onSignedIn={onSignedIn} />
    </MantineProvider>,
  )
  return onSignedIn
}

afterEach(() => vi.unstubAllGlobals())

async function type() {
  const user = userEvent.setup()
  await user.type(screen.getByLabelText('User name'), 'ada')
  await user.type(screen.getByLabelText('Password'), 'correct horse')
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
}

describe('signing in', () => {
  it('says a refusal in words and keeps the name', async () => {
    const done = show(async () => problem(401, 'wrong_credentials'))
    await type()
    expect((await screen.findByRole('alert')).textContent).toContain('They do not match. Type both again.')
    expect(screen.getByLabelText<HTMLInputElement>('User name').value).toBe('ada')
    expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('')
    expect(done).not.toHaveBeenCalled()
  })

  it('counts down when it was tried too often, and keeps what was typed', async () => {
    show(async () => problem(429, 'too_many_requests', { retry_after_s: 30 }))
    await type()
    expect((await screen.findByRole('alert')).textContent).toMatch(/Try again in (30|29) s/)
    expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('correct horse')
  })

  it('hands on who signed in', async () => {
    const me = { user: 'ada', role: 'admin', session_expires_at: 1 }
    const done = show(async () => new Response(JSON.stringify(me)))
    await type()
    await vi.waitFor(() => expect(done).toHaveBeenCalledWith(me))
  })
})
