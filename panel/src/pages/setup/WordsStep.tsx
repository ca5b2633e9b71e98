// Step three: three of the words typed back, so that nobody goes on without having them.

import { useState } from 'react'
import { sameWord } from '../../model/kitText'
import { type Kit, placesToAsk } from '../../seal'
import { Actions, Button, ErrorState, FieldRow, FieldStack, TextField } from '../../ui'

interface Props {
  kit: Kit
  busy: boolean
  error: unknown
  onBack: () => void
  onDone: () => void
}

export function WordsStep({ kit, busy, error, onBack, onDone }: Props) {
  const [places] = useState(() => placesToAsk(3))
  const [typed, setTyped] = useState<readonly string[]>(['', '', ''])
  const [tried, setTried] = useState(false)
  const right = places.map((place, n) => sameWord(typed[n] ?? '', kit.words[place] ?? ''))

  function submit() {
    setTried(true)
    if (right.every(Boolean)) onDone()
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <FieldStack>
        <p>Read these three from where you stored the kit, not from memory.</p>
        {error !== null && <ErrorState error={error} title="The fleet was not founded" />}
        <FieldRow>
          {places.map((place, n) => (
            <TextField
              key={place}
              label={`Word ${place + 1}`}
              mono
              required
              autoFocus={n === 0}
              data-testid={`word-${place + 1}`}
              value={typed[n] ?? ''}
              onChange={(value) => setTyped(typed.map((old, at) => (at === n ? value : old)))}
              error={tried && !right[n] ? `That is not word ${place + 1} of the kit.` : undefined}
            />
          ))}
        </FieldRow>
        <Actions>
          <Button onClick={onBack} disabled={busy}>
            See the kit again
          </Button>
          <Button type="submit" look="primary" busy={busy}>
            Found the fleet
          </Button>
        </Actions>
      </FieldStack>
    </form>
  )
}
