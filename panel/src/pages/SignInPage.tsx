// Signing in. Gate leads on to where one wanted to go.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { signIn } from '../api/calls'
import { isApiError } from '../api/error'
import { forgetOthers, sessionQuery, setupQuery } from '../api/queries'
import { Button, FieldStack, Notice, PasswordField, TextField, useNow, useTitle } from '../ui'
import styles from './Door.module.css'
import { Brand, ThemeSwitch } from './shell/Shell'

export default function SignInPage() {
  useTitle('Sign in')
  const queries = useQueryClient()
  const setup = useQuery(setupQuery)
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<{ error: unknown; at: number } | null>(null)
  const userInput = useRef<HTMLInputElement>(null)
  const passwordInput = useRef<HTMLInputElement>(null)
  useEffect(() => userInput.current?.focus(), [])

  async function submit() {
    setBusy(true)
    try {
      const me = await signIn({ user: user.trim(), password })
      forgetOthers(queries)
      queries.setQueryData(sessionQuery.queryKey, me)
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
    <main className={styles.door} data-narrow="true">
      <div className={styles.theme}>
        <ThemeSwitch />
      </div>
      <div className={styles.brand}>
        <Brand />
        restic-manager
      </div>
      <h1>Sign in</h1>
      {setup.data !== undefined && (
        <p className={styles.lead}>to the coordinator {setup.data.coordinator.name}</p>
      )}
      <form
        className={styles.card}
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
            ref={userInput}
          />
          <PasswordField
            label="Password"
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
            ref={passwordInput}
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
    </main>
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
