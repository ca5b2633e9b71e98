// The form of signing in, alone on its page and in the dialog after a session ended.

import { useEffect, useRef, useState } from 'react'
import { signIn } from '../api/calls'
import { isApiError } from '../api/error'
import type { MeView } from '../api/types.gen'
import { Button, FieldStack, Notice, PasswordField, TextField, useNow } from '../ui'

interface Props {
  /** Who was here before; asked for when unknown. */
  user?: string
  onSignedIn: (me: MeView) => void
}

export function SignInForm({ user: before, onSignedIn }: Props) {
  const [user, setUser] = useState(before ?? '')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<{ error: unknown; at: number } | null>(null)
  const first = useRef<HTMLInputElement>(null)
  const passwordInput = useRef<HTMLInputElement>(null)
  useEffect(() => (before === undefined ? first : passwordInput).current?.focus(), [before])

  async function submit() {
    setBusy(true)
    try {
      onSignedIn(await signIn({ user: user.trim(), password }))
    } catch (error) {
      setRefusal({ error, at: Date.now() })
      if (isApiError(error, 'wrong_credentials')) {
        setPassword('')
        passwordInput.current?.focus()
      }
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <FieldStack>
        {refusal !== null && <Refusal {...refusal} />}
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          value={user}
          onChange={setUser}
          ref={first}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          ref={passwordInput}
          data-autofocus={before !== undefined}
        />
        <Button
          type="submit"
          look="primary"
          fullWidth
          busy={busy}
          disabled={user.trim() === '' || password === ''}
        >
          Sign in
        </Button>
      </FieldStack>
    </form>
  )
}

/** Each refusal in plain words. */
function Refusal({ error, at }: { error: unknown; at: number }) {
  const now = useNow(1_000)
  if (!isApiError(error)) {
    return (
      <Notice tone="bad" title="Not signed in" role="alert">
        Something unexpected happened in this page. Reload it and try again.
      </Notice>
    )
  }
  if (error.code === 'too_many_requests') {
    const left = Math.ceil(((error.retryAfterS ?? 0) * 1_000 - (now - at)) / 1_000)
    return (
      <Notice tone="warn" title="Too many attempts" role="alert">
        {left > 0 ? `Try again in ${left} s.` : 'Try again now.'} Attempts are counted for this name and this
        address.
      </Notice>
    )
  }
  return (
    <Notice tone="bad" title={error.title} role="alert">
      {error.message} {error.hint}
    </Notice>
  )
}
