// Step one: the link's token, a name, a password, and what this browser is called. Checked by the coordinator before the
// kit is made, so that nobody writes down words in vain.

import { useState } from 'react'
import { checkSetup } from '../../api/calls'
import { isApiError } from '../../api/error'
import type { SignedDocument } from '../../api/types.gen'
import { Actions, Button, ErrorState, FieldRow, FieldStack, PasswordField, TextField } from '../../ui'
import styles from './Setup.module.css'

export interface Person {
  token: string
  user: string
  password: string
  again: string
  device: string
}

interface Props {
  person: Person
  passwordMin: number
  disabled: boolean
  /** What the coordinator said to the last attempt, when it belongs to this step. */
  refusal: unknown
  onChange: (person: Person) => void
  /** `statements`: of the fleet that this coordinator serves already; none on a true first start. */
  onDone: (statements: readonly SignedDocument[]) => void
}

export function PersonStep({ person, passwordMin, disabled, refusal, onChange, onDone }: Props) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(refusal)
  const [tried, setTried] = useState(false)
  // A token that came with the link needs no field, until it turns out to be wrong.
  const [askToken] = useState(person.token === '')
  const wrongToken = isApiError(error, 'bad_bootstrap_token')
  const problems = tried ? check(person, passwordMin) : {}
  const field = (name: keyof Person) => ({
    value: person[name],
    onChange: (value: string) => onChange({ ...person, [name]: value }),
    error: problems[name] ?? (isApiError(error) ? error.field(name) : undefined),
  })

  async function submit() {
    setTried(true)
    if (Object.keys(check(person, passwordMin)).length > 0) return
    setBusy(true)
    setError(null)
    try {
      const { token, user, password } = person
      const { statements } = await checkSetup({ token: token.trim(), user: user.trim(), password })
      onDone(statements)
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  const inField =
    isApiError(error) && error.fields.some(({ field }) => field === 'user' || field === 'password')
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <FieldStack>
        <p>
          Nobody has set this coordinator up yet. You become its first admin; after that, setup is closed for
          good.
        </p>
        {error !== null && !inField && <ErrorState error={error} />}
        {(askToken || wrongToken) && (
          <TextField
            label="Setup token"
            mono
            required
            help="The coordinator prints a link that ends in #… when it starts. The token is what stands behind the #."
            {...field('token')}
          />
        )}
        <TextField label="User name" name="username" autoComplete="username" required {...field('user')} />
        <FieldRow>
          <PasswordField
            label="Password"
            name="password"
            required
            help={`At least ${passwordMin} characters. A few unrelated words are good.`}
            {...field('password')}
          />
          <PasswordField label="Password again" name="password-again" required {...field('again')} />
        </FieldRow>
        <TextField
          label="Name of this browser"
          required
          help="Approvals, plans and secrets are signed by a key that this browser makes and never shows. By this name you will know it again."
          {...field('device')}
        />
        <p className={styles.small}>
          Next comes the recovery kit: 24 words, to be written down. Have paper or a printer ready.
        </p>
        <Actions>
          <Button type="submit" look="primary" busy={busy} disabled={disabled}>
            Go on to the recovery kit
          </Button>
        </Actions>
      </FieldStack>
    </form>
  )
}

function check(person: Person, passwordMin: number): Partial<Record<keyof Person, string>> {
  const problems: Partial<Record<keyof Person, string>> = {}
  if (person.token.trim() === '') problems.token = 'Paste the token from the coordinator’s link.'
  if (person.user.trim() === '') problems.user = 'Say who you are.'
  const length = [...person.password].length
  if (length < passwordMin) problems.password = `This has ${length} characters, ${passwordMin} are the least.`
  if (person.again !== person.password) problems.again = 'The two passwords differ.'
  if (person.device.trim() === '') problems.device = 'Give this browser a name.'
  return problems
}
