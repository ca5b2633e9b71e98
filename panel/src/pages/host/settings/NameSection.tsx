// What the host is called in the fleet, and its tags. No part of the plan: an order of its own, that waits for an absent host.

import { useQuery } from '@tanstack/react-query'
import { ordersQuery } from '../../../api/queries'
import { aboutWords } from '../../../model/orderAbout'
import { mayWithdraw } from '../../../model/orders'
import { isName, NAME_RULE } from '../../../model/plan'
import { keptName, useKept, usePerson } from '../../../parts/kept'
import { Namesake } from '../../../parts/Namesake'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { Actions, Button, Facts, FieldStack, Notice, Section, TagsField, TextField, toast } from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'
import { useDebouncedText } from '../typing'
import { useWithdraw } from '../withdraw'

const LONGEST_TAG = 100
const MOST_TAGS = 50

export function NameSection() {
  const { agent, host, mayOperate, present } = useHost()
  const { row } = host
  const { operator, busy, give } = useGrave()
  const [typed, setTyped] = useTyped(agent)
  const name = typed.name ?? row.name
  const settled = useDebouncedText(name)
  const tags = typed.tags ?? row.tags
  const changed = name.trim() !== row.name || tags.join('\n') !== row.tags.join('\n')
  const wrong =
    name.trim() === ''
      ? 'A host has a name.'
      : // A name from before the rule stays as long as it is left alone.
        name.trim() !== row.name && !isName(name.trim())
        ? `Use ${NAME_RULE}.`
        : null
  const wrongTags =
    tags.length > MOST_TAGS
      ? `${MOST_TAGS} tags at most.`
      : tags.some((tag) => [...tag].length > LONGEST_TAG)
        ? `A tag has ${LONGEST_TAG} characters at most.`
        : null
  const waiting = useQuery(ordersQuery(agent)).data?.find(
    ({ action, state }) => action === 'rename' && state === 'waiting',
  )
  const asked = waiting === undefined ? null : aboutWords(waiting)
  const { busy: withdrawing, withdraw } = useWithdraw(agent)
  const ready =
    waiting === undefined && changed && wrong === null && wrongTags === null && mayAct(operator, 'operator')

  async function submit() {
    if (!ready) return
    const action = { do: 'rename', name: name.trim(), tags: [...tags] } as const
    const given = await give('rename the host', { ...action, tags: [...tags] }, () =>
      toast.ok('Renamed', 'The host signed its new name into its journal.'),
    )
    if (given) setTyped({})
  }

  if (!mayOperate) {
    return (
      <Section title="Name and tags">
        <Facts
          items={[
            { name: 'Name', value: row.name },
            { name: 'Tags', value: row.tags.join(', ') || 'none' },
          ]}
        />
      </Section>
    )
  }
  return (
    <Section title="Name and tags" data-testid="name-section">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <FieldStack>
          <OperatorNotice operator={operator} needed="operator" what="rename a host" />
          {waiting !== undefined && (
            <Notice
              tone="idle"
              title={`What ${waiting.person} wants here waits for the host`}
              role="status"
              action={
                mayWithdraw(waiting) && (
                  <Button small onClick={() => void withdraw(waiting)} busy={withdrawing === waiting.order}>
                    Withdraw
                  </Button>
                )
              }
            >
              {asked !== null && `It is to be known ${asked}. `}Each order gives name and tags as a whole, so
              a second one would undo the first. Withdraw it, or wait until the host has taken it.
            </Notice>
          )}
          <TextField
            label="Name"
            mono
            value={name}
            onChange={(value) => setTyped((before) => ({ ...before, name: value }))}
            error={wrong}
            help={`In the fleet. Its host name stays ${host.facts.hostname}, and so do the names in its snapshots.`}
          />
          {name.trim() !== row.name && <Namesake name={settled.trim()} agent={agent} />}
          <TagsField
            label="Tags"
            value={tags}
            onChange={(value) => setTyped((before) => ({ ...before, tags: value }))}
            error={wrongTags}
            help="To find and filter hosts by; a tag of a host is no tag of its snapshots."
          />
          <Actions>
            {changed && (
              <Button onClick={() => setTyped({})} disabled={busy}>
                Discard
              </Button>
            )}
            <Button look="primary" type="submit" busy={busy} disabled={!ready} data-testid="rename">
              {present ? 'Sign and rename' : 'Sign; it waits for the host'}
            </Button>
          </Actions>
        </FieldStack>
      </form>
    </Section>
  )
}

/** Absent: as it is. What is typed stays over tabs and reloads, whatever comes from the host meanwhile. */
interface Typed {
  name?: string
  tags?: readonly string[]
}

function useTyped(agent: string) {
  const person = usePerson() ?? ''
  const nothing = ({ name, tags }: Typed) => name === undefined && tags === undefined
  return useKept<Typed>(keptName(person, `name/${agent}`), parsed, nothing)
}

/** What a tab kept; anything else is nothing. */
function parsed(text: string | null): Typed {
  if (text === null) return {}
  try {
    const { name, tags } = JSON.parse(text) as { name?: unknown; tags?: unknown }
    return {
      ...(typeof name === 'string' && { name }),
      ...(Array.isArray(tags) && { tags: tags.filter((tag) => typeof tag === 'string') }),
    }
  } catch {
    return {}
  }
}
