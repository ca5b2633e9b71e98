// Where files come back to: a directory of their own, a named one, where they were, or another host.

import { lazy, Suspense } from 'react'
import type { WholeHost } from '../../api/queries'
import { shownPath } from '../../model/rawPath'
import {
  type Abilities,
  baseOf,
  directoryProblem,
  policyBarrier,
  type To,
  type Wish,
} from '../../model/restore'
import { CheckField, FieldStack, Notice, RadioField, Section, Skeleton, TextField } from '../../ui'
import type { OtherHostProps } from './otherHost'

const OtherHost = lazy(() => import('./OtherHost'))

interface Props {
  host: WholeHost
  wish: Wish
  can: Abilities
  set: (change: Partial<Wish>) => void
  /** The host's name as it was typed. */
  typed: string
  onTyped: (typed: string) => void
  other: Pick<OtherHostProps, 'restore' | 'onTarget'>
}

export function TargetSection({ host, wish, can, set, typed, onTyped, other }: Props) {
  const { name } = host.row
  const { policy } = host.facts
  const base = baseOf(wish.picks)
  const below = policy.restore_below ?? []
  return (
    <Section title="Where to" data-testid="restore-target">
      <FieldStack>
        <RadioField<To>
          label="Target"
          value={wish.to}
          onChange={(to) => set({ to })}
          choices={[
            {
              value: 'fresh',
              label: 'A new directory',
              help: `$HOME/rm-restore/<job>/ on ${name}. Nothing that is there is touched, and it takes no key.`,
            },
            {
              value: 'directory',
              label: 'A directory that I name',
              help: `On ${name}. It must not exist yet, or be empty.`,
            },
            {
              value: 'in_place',
              label: 'Where the files were',
              help:
                policyBarrier('in_place', policy) ??
                `On ${name}, over what is there now. It takes an admin, and the host’s name typed.`,
              disabled: policyBarrier('in_place', policy) !== null,
            },
            {
              value: 'other',
              label: 'Another host',
              help: 'It borrows what opens this repository, for this one restore.',
            },
          ]}
        />
        {wish.to === 'directory' && (
          <>
            <TextField
              label="Directory"
              mono
              placeholder="/srv/back"
              value={wish.directory}
              onChange={(directory) => set({ directory })}
              help="Absolute, or beginning with ~/ or $HOME/, which the host expands."
              error={directoryProblem(wish.directory, policy) ?? undefined}
            />
            {base !== null && (
              <CheckField
                label={`Without ${shownPath(base)} above them`}
                help={
                  can.subfolder
                    ? 'What was ticked comes to lie in the directory itself.'
                    : 'This host’s restic cannot do that: a newer one can.'
                }
                disabled={!can.subfolder}
                checked={wish.strip && can.subfolder}
                onChange={(strip) => set({ strip })}
              />
            )}
          </>
        )}
        {wish.to === 'in_place' && (
          <>
            <Notice tone="warn" title={`Files on ${name} are written over`}>
              What was saved takes the place of what is there now. A dry run says first what would be.
            </Notice>
            <TextField label={`Type ${name} to go on`} mono value={typed} onChange={onTyped} />
          </>
        )}
        {wish.to === 'other' && (
          <Suspense fallback={<Skeleton rows={3} label="Loading the choice of hosts" />}>
            <OtherHost source={host} base={base} {...other} />
          </Suspense>
        )}
        {below.length > 0 && wish.to !== 'other' && (
          <Notice tone="idle" title="The host’s own policy">
            Restores go below {below.join(', ')} alone.
          </Notice>
        )}
      </FieldStack>
    </Section>
  )
}
