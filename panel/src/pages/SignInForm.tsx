// The ways in, alone on their page and in the dialog after a session ended: providers, password and second factor, passkey.

import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { isApiError } from '../api/error'
import { beginPasskey, signIn, signInByPasskey, startSso, waysQuery } from '../api/signIn'
import type { MeView, SecondFactorView } from '../api/types.gen'
import { paths } from '../paths'
import { passkeysHere, showPasskey } from '../seal/passkey'
import { Button, FieldStack, Notice, PasswordField, TextField } from '../ui'
import styles from './Door.module.css'
import { keepNext } from './signIn/next'
import { Refusal, type Refused } from './signIn/Refusal'
import { SecondFactor } from './signIn/SecondFactor'

interface Props {
  /** Who was here before; asked for when unknown. */
  user?: string
  /** Where somebody who comes back from a provider goes on. `null`: this page stays, so a provider gets a tab of its own. */
  returnTo?: string | null
  onSignedIn: (me: MeView) => void
}

export function SignInForm({ user: before, returnTo = '/', onSignedIn }: Props) {
  const ways = useQuery(waysQuery).data
  const [user, setUser] = useState(before ?? '')
  const [password, setPassword] = useState('')
  const [second, setSecond] = useState<SecondFactorView | null>(null)
  const [over, setOver] = useState(false)
  /** What is under way: a way's name, or a provider's id. */
  const [busy, setBusy] = useState<string | null>(null)
  const [refused, setRefused] = useState<Refused | null>(null)
  const first = useRef<HTMLInputElement>(null)
  const passwordInput = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (second === null) (before === undefined && !over ? first : passwordInput).current?.focus()
  }, [before, second, over])

  async function attempt(what: string, act: () => Promise<void>) {
    setBusy(what)
    setOver(false)
    try {
      await act()
    } catch (error) {
      setRefused({ error, at: Date.now() })
      if (isApiError(error, 'wrong_credentials')) {
        setPassword('')
        passwordInput.current?.focus()
      }
    } finally {
      setBusy(null)
    }
  }

  const byPassword = () =>
    attempt('password', async () => {
      const answer = await signIn({ user: user.trim(), password })
      setRefused(null)
      if (answer.in) onSignedIn(answer.me)
      else setSecond(answer.second)
    })
  const byPasskey = () =>
    attempt('passkey', async () => {
      const { ticket, options } = await beginPasskey()
      onSignedIn(await signInByPasskey({ ticket, credential: await showPasskey(options) }))
    })
  const byProvider = (provider: string) =>
    attempt(provider, async () => {
      const next = returnTo ?? paths.fleet
      const { url } = await startSso(provider, { return_to: next })
      keepNext(next)
      window.location.assign(url)
    })

  if (second !== null) {
    return (
      <SecondFactor
        user={user.trim()}
        second={second}
        onSignedIn={onSignedIn}
        onBack={(tooLate) => {
          setSecond(null)
          setOver(tooLate)
        }}
      />
    )
  }
  const providers = ways?.providers ?? []
  return (
    <FieldStack>
      {refused !== null && <Refusal {...refused} />}
      {over && (
        <Notice tone="warn" title="The second step is over" role="alert">
          Its time or its tries are used up. What you typed is still here: sign in once more.
        </Notice>
      )}
      {providers.length > 0 &&
        (returnTo === null ? (
          <p className={styles.step}>
            Where you signed in with {providers.map(({ name }) => name).join(' or ')}:{' '}
            <a href={paths.signIn} target="_blank" rel="noopener">
              sign in in a new tab
            </a>{' '}
            and come back; this page then goes on by itself.
          </p>
        ) : (
          providers.map(({ id, name }) => (
            <Button
              key={id}
              fullWidth
              icon="external"
              busy={busy === id}
              disabled={busy !== null}
              onClick={() => void byProvider(id)}
            >
              Sign in with {name}
            </Button>
          ))
        ))}
      {providers.length > 0 && returnTo !== null && <Or>with a password</Or>}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void byPassword()
        }}
      >
        <FieldStack>
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
            busy={busy === 'password'}
            disabled={busy !== null || user.trim() === '' || password === ''}
          >
            Sign in
          </Button>
        </FieldStack>
      </form>
      {ways?.passkeys === true && passkeysHere() && (
        <>
          <Or />
          <Button
            fullWidth
            icon="key"
            busy={busy === 'passkey'}
            disabled={busy !== null}
            onClick={() => void byPasskey()}
          >
            Use a passkey
          </Button>
        </>
      )}
    </FieldStack>
  )
}

function Or({ children }: { children?: string }) {
  return (
    <div className={styles.or}>
      <span>or{children !== undefined && ` ${children}`}</span>
    </div>
  )
}
