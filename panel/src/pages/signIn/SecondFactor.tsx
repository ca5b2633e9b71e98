// The password was right and is not enough: a code of the generator, a passkey, or one of the recovery codes.

import { useEffect, useRef, useState } from 'react'
import { isApiError } from '../../api/error'
import { showFactor } from '../../api/signIn'
import type { MeView, SecondFactorRequest, SecondFactorView } from '../../api/types.gen'
import { passkeysHere, showPasskey } from '../../seal/passkey'
import { Button, FieldStack, Notice, TextField } from '../../ui'
import styles from '../Door.module.css'
import { Refusal, type Refused } from './Refusal'

/** As long as the coordinator keeps the ticket, and as often as it may be tried. */
const OPEN_MS = 5 * 60_000
const TRIES = 5

type Way = 'code' | 'passkey' | 'recovery'

const WORDS: Readonly<Record<Way, { lead: string; other: string }>> = {
  code: {
    lead: 'Type the six digits that your code generator shows now.',
    other: 'Use the code generator',
  },
  passkey: { lead: 'Show your passkey: the browser asks for it.', other: 'Use a passkey' },
  recovery: {
    lead: 'Type one of the recovery codes that you kept. It works this once.',
    other: 'Use a recovery code',
  },
}

interface Props {
  /** Whose password was right; `null`: a provider vouched for somebody. */
  user: string | null
  second: SecondFactorView
  onSignedIn: (me: MeView) => void
  /** Back to the first step; `over`: this step's time or tries are used up. */
  onBack: (over: boolean) => void
}

export function SecondFactor({ user, second, onSignedIn, onBack }: Props) {
  const ways = waysOf(second)
  const [way, setWay] = useState<Way | null>(ways[0] ?? null)
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)
  const [left, setLeft] = useState(TRIES)
  const field = useRef<HTMLInputElement>(null)
  // Each way starts at its field, for the keyboard and for screen readers.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the way is what changed
  useEffect(() => field.current?.focus(), [way])
  useOver(() => onBack(true))

  async function show(proof: () => Promise<Omit<SecondFactorRequest, 'ticket'>>) {
    setBusy(true)
    try {
      onSignedIn(await showFactor({ ticket: second.ticket, ...(await proof()) }))
    } catch (error) {
      const wrong = isApiError(error, 'wrong_factor')
      // The ticket is gone: only the first step begins another.
      if (wrong && left === 1) return onBack(true)
      setRefused({ error, at: Date.now() })
      if (wrong) {
        setLeft(left - 1)
        setTyped('')
        field.current?.focus()
      }
    } finally {
      setBusy(false)
    }
  }

  const choose = (next: Way) => {
    setWay(next)
    setTyped('')
    setRefused(null)
  }
  const others = ways.filter((one) => one !== way)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (way === 'passkey') void show(async () => ({ passkey: await showPasskey(second.passkey) }))
        if (way === 'code') void show(async () => ({ code: typed.replaceAll(/\s/g, '') }))
        if (way === 'recovery') void show(async () => ({ recovery_code: typed.trim() }))
      }}
    >
      <FieldStack>
        {refused !== null && <Refusal {...refused} />}
        <p className={styles.step}>
          {user === null ? (
            'Your provider vouches for you, and your role here takes one thing more.'
          ) : (
            <>
              The password of <strong>{user}</strong> is right.
            </>
          )}{' '}
          {way !== null && WORDS[way].lead} This step stays open for five minutes
          {left === 1
            ? ', and takes one try more.'
            : `, and takes ${left} tries${left < TRIES ? ' more' : ''}.`}
        </p>
        {way === null && (
          <Notice tone="warn" title="Your passkey cannot be used here">
            This browser, or this address, takes no passkeys. Open the panel in a browser that does, over
            https, or ask an admin to reset your second factors.
          </Notice>
        )}
        {way === 'code' && (
          <TextField
            label="Code"
            name="code"
            mono
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={12}
            value={typed}
            onChange={setTyped}
            ref={field}
          />
        )}
        {way === 'recovery' && (
          <TextField
            label="Recovery code"
            name="recovery-code"
            mono
            maxLength={60}
            value={typed}
            onChange={setTyped}
            ref={field}
          />
        )}
        {way !== null && (
          <Button
            type="submit"
            look="primary"
            fullWidth
            busy={busy}
            disabled={way !== 'passkey' && typed.trim() === ''}
            {...(way === 'passkey' && { icon: 'key' as const })}
          >
            {way === 'passkey' ? 'Show the passkey' : 'Sign in'}
          </Button>
        )}
        <div className={styles.others}>
          {others.map((one) => (
            <Button key={one} look="quiet" small disabled={busy} onClick={() => choose(one)}>
              {WORDS[one].other}
            </Button>
          ))}
          <Button look="quiet" small disabled={busy} onClick={() => onBack(false)}>
            {user === null ? 'Back to signing in' : 'Back to the password'}
          </Button>
        </div>
      </FieldStack>
    </form>
  )
}

/** What this person has and this browser can show; what is quickest first. */
function waysOf({ factors, recovery, passkey }: SecondFactorView): Way[] {
  const ways: Way[] = []
  if (factors.includes('totp')) ways.push('code')
  if (factors.includes('passkey') && passkey !== undefined && passkey !== null && passkeysHere())
    ways.push('passkey')
  if (recovery) ways.push('recovery')
  return ways
}

/** Once the step's time is over. */
function useOver(over: () => void) {
  const call = useRef(over)
  useEffect(() => {
    call.current = over
  })
  useEffect(() => {
    const timer = setTimeout(() => call.current(), OPEN_MS)
    return () => clearTimeout(timer)
  }, [])
}
