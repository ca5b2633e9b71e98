// Step two where a fleet is here already: the coordinator lost its people, the hosts and their admissions did not. Goes on
// with that fleet by this browser's key, or by the recovery kit that exists. No new kit is made.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CoordinatorView, MeView, SignedDocument } from '../../api/types.gen'
import { FingerprintView } from '../../parts/FingerprintView'
import { KitWords } from '../../parts/KitWords'
import { KitError } from '../../seal'
import { Actions, Button, ErrorState, FieldStack, Notice, Skeleton } from '../../ui'
import { goOn, goOnWithKit, lookAt, OtherKitError } from './founding'
import type { Person } from './PersonStep'

interface Props {
  person: Person
  statements: readonly SignedDocument[]
  coordinator: CoordinatorView
  busy: boolean
  /** What was said to the last attempt. */
  error: unknown
  onBack: () => void
  onDone: (act: () => Promise<MeView>) => void
}

export function FleetStep({ person, statements, coordinator, busy, error, onBack, onDone }: Props) {
  const user = person.user.trim()
  const [words, setWords] = useState('')
  const [missing, setMissing] = useState(false)
  const fleet = useQuery({
    queryKey: ['known-fleet', user, statements.at(-1)?.sig ?? ''],
    queryFn: () => lookAt(statements, user, coordinator),
    retry: false,
    gcTime: 0,
  })
  if (fleet.isError) {
    return (
      <FieldStack>
        <ErrorState error={fleet.error} title="This browser does not trust what the coordinator shows" />
        <Actions>
          <Button onClick={onBack}>Back</Button>
        </Actions>
      </FieldStack>
    )
  }
  if (fleet.data === undefined) return <Skeleton rows={4} label="Checking the fleet’s statements" />
  const known = fleet.data
  const inField = error instanceof KitError || error instanceof OtherKitError

  function submit() {
    if (known.stands) return onDone(() => goOn(person, known, statements))
    setMissing(words.trim() === '')
    if (words.trim() !== '') onDone(() => goOnWithKit(person, known, statements, coordinator, words))
  }

  return (
    <form
      noValidate
      data-testid="known-fleet"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <FieldStack>
        <p>
          This coordinator’s people were lost with its database, but not its fleet: its hosts still belong to
          it and come back by themselves. You become its first admin anew; no new recovery kit is made.
        </p>
        <FingerprintView hex={known.trust.fleet} what="fleet’s fingerprint" />
        {error !== null && !inField && <ErrorState error={error} title="The fleet was not taken up again" />}
        {known.stands ? (
          <Notice tone="ok" title="This browser’s key is an admin’s in this fleet">
            Nothing has to be signed: “{known.device?.name}” stands in the fleet’s statement{' '}
            {known.trust.statement.version}.
          </Notice>
        ) : (
          <KitWords
            rows={4}
            help="This browser’s key is not an admin’s in this fleet. The kit, written down when the fleet was founded, adds it. The words stay in this browser."
            value={words}
            onChange={setWords}
            problem={
              inField
                ? error.message
                : missing && words.trim() === ''
                  ? 'Type all 24 words, in their order.'
                  : undefined
            }
          />
        )}
        <Actions>
          <Button onClick={onBack} disabled={busy}>
            Back
          </Button>
          <Button type="submit" look="primary" busy={busy}>
            Go on with this fleet
          </Button>
        </Actions>
      </FieldStack>
    </form>
  )
}
