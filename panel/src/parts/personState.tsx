// Where a person stands, and who vouches for them.

import type { PersonState, PersonView } from '../api/types.gen'
import { STATE_WORDS } from '../model/people'
import { Badge, StatusDot, type Tone } from '../ui'

const TONES: Readonly<Record<PersonState, Tone>> = { active: 'ok', setup_pending: 'run', disabled: 'idle' }

export function PersonDot({ state }: { state: PersonState }) {
  return (
    <StatusDot tone={TONES[state]} hollow={state === 'disabled'}>
      {STATE_WORDS[state]}
    </StatusDot>
  )
}

/** Only for people whom a provider vouches for. */
export function ProviderBadge({ person }: { person: PersonView }) {
  if (person.provider === null) return null
  return <Badge title={`Signs in through ${person.provider}`}>SSO</Badge>
}
