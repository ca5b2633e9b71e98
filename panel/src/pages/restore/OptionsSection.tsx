// How files come back: what is written over, whose they are, whether it is proved, and what waits for whom.

import type { Meanwhile, Overwrite, Ownership } from '../../api/types.gen'
import type { Abilities, Wish } from '../../model/restore'
import { CheckField, FieldStack, RadioField, Section, SelectField } from '../../ui'

interface Props {
  wish: Wish
  can: Abilities
  set: (change: Partial<Wish>) => void
}

const CANNOT = ' (this host’s restic cannot)'

export function OptionsSection({ wish, can, set }: Props) {
  // Another host's restic may do what this one's cannot: that host says so itself.
  const able = (one: boolean) => one || wish.to === 'other'
  const option = <V extends string>(value: V, label: string, may = true) => ({
    value,
    label: may ? label : label + CANNOT,
    disabled: !may,
  })
  return (
    <Section title="How" data-testid="restore-options">
      <FieldStack>
        {wish.to === 'in_place' && (
          <SelectField<Overwrite>
            label="Files that are there already"
            value={wish.overwrite}
            onChange={(overwrite) => set({ overwrite })}
            choices={[
              option('always', 'Write over'),
              option('if_changed', 'Write over where they differ', can.overwrite),
              option('if_newer', 'Write over where the saved ones are newer', can.overwrite),
              option('never', 'Leave as they are', can.overwrite),
            ]}
          />
        )}
        <SelectField<Ownership>
          label="Owners"
          value={wish.ownership}
          onChange={(ownership) => set({ ownership })}
          choices={[
            option('keep', 'Keep, by their numbers'),
            option('by_name', 'Keep, by their names', able(can.byName)),
            option('drop', 'The agent’s own account', able(can.drop)),
          ]}
        />
        <CheckField
          label="Verify"
          help={
            wish.dryRun
              ? 'A dry run writes nothing that could be read again.'
              : 'Every file is read again and compared.'
          }
          disabled={wish.dryRun}
          checked={wish.verify && !wish.dryRun}
          onChange={(verify) => set({ verify })}
        />
        <CheckField
          label="Dry run"
          help={
            able(can.dryRun)
              ? 'Says what would be written, and writes nothing.'
              : 'This host’s restic cannot: a newer one can.'
          }
          disabled={!able(can.dryRun)}
          checked={wish.dryRun && able(can.dryRun)}
          onChange={(dryRun) => set({ dryRun })}
        />
        <RadioField<Meanwhile>
          label="A job that runs on the repository"
          value={wish.meanwhile}
          onChange={(meanwhile) => set({ meanwhile })}
          choices={[
            { value: 'wait', label: 'Is waited for' },
            { value: 'cancel', label: 'Is cancelled', help: 'The restore begins within seconds.' },
          ]}
        />
      </FieldStack>
    </Section>
  )
}
