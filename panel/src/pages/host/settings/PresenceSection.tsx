// Whether the host is always on or comes and goes: part of the plan, and what it changes.

import type { Presence } from '../../../api/types.gen'
import { RadioField, Section } from '../../../ui'
import { usePlanEdit } from '../planEdit'

const PRESENCES: readonly { value: Presence; label: string; help: string }[] = [
  {
    value: 'always_on',
    label: 'Always on',
    help: 'A server: when it is away, or a due backup does not begin, that is worth telling somebody soon.',
  },
  {
    value: 'intermittent',
    label: 'Comes and goes',
    help: 'A laptop: being away is nothing special and is shown as asleep. Once it is back it settles for a minute, its repository must answer, and each overdue schedule runs once.',
  },
]

export function PresenceSection() {
  const { plan, edit, enabled } = usePlanEdit()
  return (
    <Section title="Presence">
      <RadioField<Presence>
        label="This host"
        value={plan.presence}
        disabled={!enabled}
        choices={PRESENCES.map((choice) => ({ ...choice, disabled: !enabled }))}
        onChange={(presence) => edit((before) => ({ ...before, presence }))}
      />
    </Section>
  )
}
