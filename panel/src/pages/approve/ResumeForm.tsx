// A host that was let in in the place of another, and never got the plan: what is left of its approval, once the page where it began
// is closed. Its keys were compared when it was let in; here the admission is checked that says so.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { hostQuery, planQuery, type WholeHost } from '../../api/queries'
import { isAboutWords } from '../../parts/KitWords'
import type { Operator } from '../../parts/operator'
import { paths } from '../../paths'
import { trustMember } from '../../seal'
import { Actions, Button, ErrorState, FieldStack, Section, Skeleton, Stack } from '../../ui'
import { sendPlan } from './approval'
import { type By, Inheriting } from './Inheriting'
import { inherit, nextOf, type Place } from './replacing'

interface Props {
  host: WholeHost
  /** Whose place it took. */
  replaces: string
  operator: Extract<Operator, { state: 'ready' }>
}

export function ResumeForm({ host, replaces, operator }: Props) {
  const old = useQuery({ ...hostQuery(replaces), retry: false })
  const plan = useQuery({ ...planQuery(replaces), retry: false })
  const error = old.error ?? plan.error
  if (error !== null) return <ErrorState error={error} title="The old host’s plan is not here" />
  if (old.data === undefined || plan.data === undefined)
    return <Skeleton rows={5} label="Loading the old plan" />
  return <Form host={host} operator={operator} place={{ of: 'host', old: old.data, plan: plan.data.plan }} />
}

function Form({ host, operator, place }: Omit<Props, 'replaces'> & { place: Place }) {
  const navigate = useNavigate()
  const [typed, setTyped] = useState<{ by: By; words: string }>({ by: 'kit', words: '' })
  const [problem, setProblem] = useState<string>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const { agent, name } = host.row
  const next = nextOf(host.binding, name, host.facts.hostname)

  async function submit() {
    const missing = typed.by === 'kit' && typed.words.trim() === ''
    setProblem(missing ? 'Type the words of the kit.' : undefined)
    setError(null)
    if (missing) return
    setBusy(true)
    try {
      const to = trustMember(operator.trust, agent, host.binding, host.credential)
      const { plan, secrets } = await inherit(place, next, typed.by === 'kit' ? typed.words : null, operator)
      await sendPlan({ to, plan, secrets }, operator.pen)
      navigate(paths.arrival(agent))
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <Stack>
        <Section title="What is left" lead="It is a member already, and has no plan yet.">
          <FieldStack>
            <Inheriting
              place={place}
              next={next}
              by={typed.by}
              words={typed.words}
              onChange={(change) => setTyped({ ...typed, ...change })}
              error={error}
              problem={problem}
              disabled={busy}
              member
            />
          </FieldStack>
        </Section>
        {error !== null && !isAboutWords(error) && (
          <ErrorState error={error} title={`${name} was not sent its plan`} />
        )}
        <Actions>
          <Button type="submit" look="primary" busy={busy} data-testid="resume">
            Send the plan
          </Button>
        </Actions>
      </Stack>
    </form>
  )
}
