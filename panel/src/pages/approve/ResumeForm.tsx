// A host that was let in in the place of another, and never got the plan: what is left of its approval, once the page where it began
// is closed. Its keys were compared when it was let in. Here its signed admission is checked, that it is of these keys and names the
// very host whose secrets are opened: what the coordinator says of replacements is not signed, and counts for nothing.

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import { isApiError } from '../../api/error'
import { hostQuery, planQuery, type WholeHost } from '../../api/queries'
import { FingerprintView } from '../../parts/FingerprintView'
import { isAboutWords } from '../../parts/KitWords'
import type { Operator } from '../../parts/operator'
import { paths } from '../../paths'
import { type TrustedAgent, trustSuccessor } from '../../seal'
import {
  Actions,
  Button,
  EmptyState,
  ErrorState,
  FieldStack,
  LinkButton,
  Section,
  Skeleton,
  Stack,
} from '../../ui'
import { sendPlan } from './approval'
import { type By, Inheriting } from './Inheriting'
import { agentOf, hasPlan, inherit, nextOf, type Place } from './replacing'

interface Props {
  agent: string
  host: WholeHost
  /** Whose place it took, as the coordinator says. */
  replaces: string
  operator: Extract<Operator, { state: 'ready' }>
}

export function ResumeForm({ agent, host, replaces, operator }: Props) {
  const old = useQuery({ ...hostQuery(replaces), retry: false })
  const plan = useQuery({ ...planQuery(replaces), retry: false })
  const error = old.error ?? plan.error
  if (isApiError(error, 'not_found')) {
    return (
      <EmptyState title="The old host is not here any more" action={<ByHand agent={agent} />}>
        It was removed, and its plan with it. Give {host.row.name} a repository by hand. What the old host
        left in escrow opens under Settings, Recovery, out of a bundle from before.
      </EmptyState>
    )
  }
  if (error !== null) {
    return (
      <Stack>
        <ErrorState
          error={error}
          title="The old host’s plan is not here"
          retry={() => void Promise.all([old.refetch(), plan.refetch()])}
        />
        <Actions>
          <ByHand agent={agent} />
        </Actions>
      </Stack>
    )
  }
  if (old.data === undefined || plan.data === undefined)
    return <Skeleton rows={5} label="Loading the old plan" />
  if (old.data.row.agent !== replaces) {
    const swapped = new Error(
      'The coordinator shows another host in the place of the old one. Nothing was sealed.',
    )
    return <ErrorState error={swapped} title={`${host.row.name} gets nothing`} />
  }
  if (!hasPlan(plan.data)) {
    return (
      <EmptyState title="The old host’s plan is not here" action={<ByHand agent={agent} />}>
        This coordinator never saw a plan of {old.data.row.name}, so there is none to hand on. Give{' '}
        {host.row.name} a repository by hand: what {old.data.row.name} left in escrow opens under Settings,
        Recovery.
      </EmptyState>
    )
  }
  const place: Place = { of: 'host', old: old.data, plan: plan.data.plan }
  return <Checked agent={agent} host={host} operator={operator} place={place} />
}

type Sound = Omit<Props, 'replaces'> & { place: Place }

/** The form for whom the admission puts in that place, and the reason for everybody else. */
function Checked(props: Sound) {
  const { agent, host, operator, place } = props
  const { binding, credential } = host
  const old = agentOf(place)
  const successor = useMemo(
    () => successorOf(() => trustSuccessor(operator.trust, agent, binding, credential, old)),
    [operator.trust, agent, binding, credential, old],
  )
  if ('to' in successor) return <Form {...props} to={successor.to} />
  return (
    <Stack>
      <ErrorState error={successor.error} title={`${host.row.name} gets nothing of ${nameOf(place)}`} />
      <Actions>
        <ByHand agent={agent} />
      </Actions>
    </Stack>
  )
}

function successorOf(check: () => TrustedAgent): { to: TrustedAgent } | { error: Error } {
  try {
    return { to: check() }
  } catch (error) {
    if (error instanceof Error) return { error }
    throw error
  }
}

function Form({ agent, host, operator, place, to }: Sound & { to: TrustedAgent }) {
  const navigate = useNavigate()
  const [typed, setTyped] = useState<{ by: By; words: string }>({ by: 'kit', words: '' })
  const [problem, setProblem] = useState<string>()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const { name } = host.row
  const next = nextOf(host.binding, name, host.facts.hostname)

  async function submit() {
    const missing = typed.by === 'kit' && typed.words.trim() === ''
    setProblem(missing ? 'Type the words of the kit.' : undefined)
    setError(null)
    if (missing) return
    setBusy(true)
    try {
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
        <Section
          title={`${name} takes the place of ${nameOf(place)}`}
          lead="It is a member already, and has no plan yet. What it gets is sealed to the keys under this fingerprint, which its terminal shows, too."
        >
          <FieldStack>
            <FingerprintView hex={to.fingerprint} what="host’s fingerprint" data-testid="host-fingerprint" />
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
          <ByHand agent={agent} />
          <Button type="submit" look="primary" busy={busy} data-testid="resume">
            Send the plan
          </Button>
        </Actions>
      </Stack>
    </form>
  )
}

/** What is always left to do, also for a host whose old plan or secrets nobody has. */
function ByHand({ agent }: { agent: string }) {
  return <LinkButton to={paths.repository(agent)}>Give it a repository by hand</LinkButton>
}

function nameOf(place: Place): string {
  return place.of === 'host' ? place.old.row.name : place.host.name
}
