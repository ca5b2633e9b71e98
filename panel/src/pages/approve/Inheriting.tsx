// What a host gets of the one whose place it takes: who opens the old secrets, and one statement of what will happen.

import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { ordersQuery, type WholeHost } from '../../api/queries'
import { aboutWords } from '../../model/orderAbout'
import { actionWords } from '../../model/orders'
import { reachWarning } from '../../model/otherHost'
import { missingFor, type Next, planWords, secretsFor } from '../../model/replacement'
import { locationOf } from '../../model/repository'
import { KitWords } from '../../parts/KitWords'
import { paths } from '../../paths'
import { Notice, RadioField } from '../../ui'
import styles from './Replacement.module.css'
import { agentOf, type Place, planOf, snapshotName } from './replacing'

export type By = 'kit' | 'later'

interface Props {
  place: Place
  next: Next
  by: By
  words: string
  onChange: (change: { by?: By; words: string }) => void
  /** Of the words, or of what they open. */
  error: unknown
  problem: string | undefined
  disabled: boolean
  /** It was let in already, in that place. */
  member?: boolean
}

export function Inheriting({
  place,
  next,
  by,
  words,
  onChange,
  error,
  problem,
  disabled,
  member = false,
}: Props) {
  return (
    <>
      <RadioField
        label="What opens its repositories"
        value={by}
        onChange={(by) => onChange({ by, words: '' })}
        disabled={disabled}
        choices={[
          {
            value: 'kit',
            label: 'From the escrow, with the recovery kit',
            help: 'Opened in this browser, and sealed to this host.',
          },
          {
            value: 'later',
            label: 'Later: the kit is not at hand',
            help: 'The host gets the plan, and waits for its credentials.',
          },
        ]}
      />
      {by === 'kit' && (
        <KitWords
          value={words}
          onChange={(words) => onChange({ words })}
          error={error}
          problem={problem}
          disabled={disabled}
        />
      )}
      <WhatHappens place={place} next={next} by={by} member={member} />
    </>
  )
}

/** One statement of everything that the button does. */
function WhatHappens({ place, next, by, member }: Pick<Props, 'place' | 'next' | 'by' | 'member'>) {
  const plan = planOfShown(place, next)
  if (plan === null) return null
  const snapshots = snapshotName(place)
  const held = place.of === 'bundle' ? place.host.boxes.map(({ slot }) => slot) : null
  const missing =
    by === 'later'
      ? missingFor(plan, [])
      : held === null
        ? []
        : missingFor(plan, secretsFor(plan, Object.fromEntries(held.map((slot) => [slot, '']))))
  const reach = Object.values(plan.repositories).flatMap(
    ({ backend }) => reachWarning(backend, 'the old machine', 'This one') ?? [],
  )
  return (
    <Notice tone="idle" title="What will happen" role="status">
      <ul className={styles.list} data-testid="what-happens">
        {member ? <Follows place={place} next={next} /> : <Joins place={place} next={next} />}
        {!member && place.of === 'host' && <Withdrawn of={place.old} />}
        <li>
          It gets {place.of === 'host' ? 'the old plan' : 'a plan with the old repositories'}:{' '}
          {planWords(plan)};{' '}
          {Object.values(plan.repositories)
            .map(({ backend }) => locationOf(backend))
            .join(', ')}
          .
        </li>
        <li>
          {by === 'kit'
            ? 'What the old host used is opened here, and sealed to this one alone.'
            : 'It waits for its credentials: give them on its Repository page, or open them with the kit under Settings, Recovery.'}
        </li>
        {snapshots !== next.hostname && (
          <li>
            Its snapshots go on under the name {snapshots}, though the machine is called {next.hostname}.
          </li>
        )}
        <li>
          No file comes back by this: restore what you want from its snapshots afterwards. Its schedules begin
          at once.
        </li>
        {missing.length > 0 && <li>Still to be given by hand: {missing.join(', ')}.</li>}
        {reach.map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </Notice>
  )
}

function planOfShown(place: Place, next: Next) {
  try {
    return planOf(place, next)
  } catch {
    // Told when it is tried.
    return null
  }
}

function Joins({ place, next }: Pick<Props, 'place' | 'next'>) {
  const name = place.of === 'host' ? place.old.row.name : place.host.name
  return (
    <li>
      This host becomes a member as {next.name}
      {place.of === 'host' || place.known ? (
        <>
          , in the place of <Link to={paths.host(agentOf(place))}>{name}</Link>: that one is let in no more,
          should it ever come back, and its jobs and snapshots stay readable.
        </>
      ) : (
        `. This coordinator does not know ${name}: there is no history that could lead on.`
      )}
    </li>
  )
}

/** What people wanted of the old host ends with it. */
function Withdrawn({ of: { row } }: { of: WholeHost }) {
  const orders = useQuery(ordersQuery(row.agent)).data ?? []
  const waiting = orders.filter(({ state }) => state === 'waiting')
  if (waiting.length === 0) return null
  const asked = waiting.map((order) => [actionWords(order.action), aboutWords(order)].join(' ').trim())
  return (
    <li>
      What still waits for {row.name} is withdrawn: {asked.join('; ')}. Ask for it again here, where it is
      still wanted.
    </li>
  )
}

function Follows({ place, next }: Pick<Props, 'place' | 'next'>) {
  const old = agentOf(place)
  const name = place.of === 'host' ? place.old.row.name : place.host.name
  return (
    <li>
      {next.name} takes the place of <Link to={paths.host(old)}>{name}</Link>, <code>{old.slice(0, 8)}</code>,
      as its admission says.
    </li>
  )
}
