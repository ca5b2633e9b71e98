// A setup link for somebody who has not come yet, or who lost their password: made anew, shown this once.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { makeSetupLink } from '../../api/calls'
import { key } from '../../api/queries'
import type { PersonView, SetupLinkView } from '../../api/types.gen'
import { Button, ErrorState, Section, Stack } from '../../ui'
import { SetupLink } from './SetupLink'

export function SetupLinkSection({ person }: { person: PersonView }) {
  const queries = useQueryClient()
  const [made, setMade] = useState<SetupLinkView | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  async function make() {
    setBusy(true)
    setError(null)
    try {
      setMade(await makeSetupLink(person.id))
      await queries.invalidateQueries({ queryKey: key.people })
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }
  const pending = person.state === 'setup_pending'
  return (
    <Section
      title={pending ? 'Setup link' : 'Lost password'}
      lead={`By ${pending ? 'it' : 'a setup link'} the person chooses a password and signs in. It is good for an hour and for one use.`}
      actions={
        <Button
          small
          icon="refresh"
          busy={busy}
          blocked={linkReason(person)}
          onClick={() => void make()}
          data-testid="new-setup-link"
        >
          {pending ? 'Make another link' : 'Make a setup link'}
        </Button>
      }
      data-testid="setup-link-section"
    >
      {error !== null ? (
        <ErrorState error={error} title="No link was made" />
      ) : made === null ? (
        <p>
          {pending
            ? 'The link was shown when it was made. Another one takes its place: the old one then opens nothing.'
            : 'Be sure that it is they who ask. Until they choose another one, the password of before still counts.'}
        </p>
      ) : (
        <Stack>
          <SetupLink key={made.link} made={made} />
        </Stack>
      )}
    </Section>
  )
}

/** A link alone must not open what a second factor guards. */
function linkReason({ name, factors }: PersonView): string | null {
  if (factors.length === 0) return null
  return `${name} has a second factor, and would not be asked for it: reset their second factors first.`
}
