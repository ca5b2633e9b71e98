// Another password. The current one is asked, and every other session ends.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { accountKey, changePassword } from '../../api/account'
import { isApiError } from '../../api/error'
import { setupQuery } from '../../api/queries'
import { NewPassword, NOTHING_CHOSEN, passwordProblems } from '../../parts/NewPassword'
import { Actions, Button, FieldStack, PasswordField, Section, toast } from '../../ui'
import { Refusal, type Refused } from '../signIn/Refusal'

/** The coordinator's own least, until it has said which. */
const PASSWORD_MIN = 12

export function PasswordSection({ user }: { user: string }) {
  const queries = useQueryClient()
  const min = useQuery(setupQuery).data?.password_min ?? PASSWORD_MIN
  const [current, setCurrent] = useState('')
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refused, setRefused] = useState<Refused | null>(null)

  async function submit() {
    setTried(true)
    if (current === '' || Object.keys(passwordProblems(chosen, min)).length > 0) return
    setBusy(true)
    setRefused(null)
    try {
      await changePassword({ current, new: chosen.password })
      setCurrent('')
      setChosen(NOTHING_CHOSEN)
      setTried(false)
      toast.ok('The password is changed', 'Every other session of yours has ended.')
      await queries.invalidateQueries({ queryKey: accountKey })
    } catch (error) {
      setRefused({ error, at: Date.now() })
    } finally {
      setBusy(false)
    }
  }

  const wrong = isApiError(refused?.error, 'wrong_credentials')
  const inField = isApiError(refused?.error) && refused.error.field('new') !== undefined
  return (
    <Section title="Password" data-testid="password">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <FieldStack>
          {refused !== null && !wrong && !inField && <Refusal {...refused} />}
          {/* For password managers: whose password this is. */}
          <input type="text" name="username" autoComplete="username" value={user} readOnly hidden />
          <PasswordField
            label="Current password"
            name="current-password"
            autoComplete="current-password"
            required
            value={current}
            onChange={setCurrent}
            error={
              wrong
                ? 'This is not your current password.'
                : tried && current === ''
                  ? 'Type the password you have now.'
                  : undefined
            }
          />
          <NewPassword
            label="New password"
            field="new"
            value={chosen}
            onChange={setChosen}
            min={min}
            tried={tried}
            refusal={refused?.error ?? null}
          />
          <p>Changing it ends every session of yours but this one.</p>
          <Actions>
            <Button type="submit" look="primary" busy={busy}>
              Change the password
            </Button>
          </Actions>
        </FieldStack>
      </form>
    </Section>
  )
}
