// The form of an approval. What was typed stays until the host has its plan, whatever is refused on the way.

import { type ReactNode, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import type { PendingView } from '../../api/types.gen'
import { isName, NAME_RULE } from '../../model/plan'
import { Namesake } from '../../parts/Namesake'
import type { Operator } from '../../parts/operator'
import { paths } from '../../paths'
import { agentFingerprint, verifyBinding } from '../../seal'
import {
  Actions,
  Button,
  CheckField,
  ErrorState,
  FieldStack,
  Notice,
  Section,
  Stack,
  TagsField,
  TextField,
} from '../../ui'
import { type Start, StartFields } from '../add/StartFields'
import { checkStart, focusFirstProblem, newStart } from '../add/start'
import { useDebouncedText } from '../host/typing'
import { admit, runFirst, sendPlan } from './approval'
import { Compare } from './Compare'

interface Props {
  agent: string
  host: PendingView | undefined
  operator: Extract<Operator, { state: 'ready' }>
  /** Shown when the host is not at the door, and was not approved here. */
  gone: ReactNode
}

export function ApproveForm({ agent, host, operator, gone }: Props) {
  const navigate = useNavigate()
  const form = useRef<HTMLFormElement>(null)
  // What the person sees and compares is frozen: a host that shows other keys later is another one.
  const [seen] = useState(host)
  const [compared, setCompared] = useState(false)
  const [name, setName] = useState(host?.hostname ?? '')
  const settled = useDebouncedText(name)
  const [tags, setTags] = useState<string[]>([])
  const [withPlan, setWithPlan] = useState(true)
  const [runNow, setRunNow] = useState(true)
  const [start, setStart] = useState<Start>(newStart)
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [approved, setApproved] = useState(false)
  // Each act counts once, however often the next one has to be tried again.
  const planSent = useRef(false)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  if (seen === undefined) return gone
  if (host === undefined && !approved && !busy) return gone
  const binding = seen.binding
  if (binding.id !== agent || !verifyBinding(binding)) {
    return (
      <Notice tone="bad" title="This host’s keys are not its own" role="alert">
        They are not signed by the host: somebody exchanged them on the way. Send it away and look at the
        network.
      </Notice>
    )
  }
  const fingerprint = agentFingerprint(binding)
  const changed = host !== undefined && agentFingerprint(host.binding) !== fingerprint

  async function submit() {
    setError(null)
    setBusy(true)
    try {
      const own: Record<string, string> = {}
      if (!compared) own.compared = 'Compare first: this is what keeps strangers out.'
      if (!isName(name.trim())) own.name = `Use ${NAME_RULE}.`
      const checked = withPlan ? await checkStart(start, name.trim()) : { plan: null }
      const all = 'problems' in checked ? { ...checked.problems, ...own } : own
      setProblems(all)
      if ('problems' in checked || Object.keys(own).length > 0) {
        focusFirstProblem(form.current)
        return
      }
      if (!approved) {
        await admit(agent, { fingerprint, name: name.trim(), tags }, operator.pen)
        setApproved(true)
      }
      if (checked.plan !== null) {
        if (!planSent.current) {
          const first = {
            binding,
            fingerprint,
            plan: checked.plan,
            draft: start.repository,
            name: name.trim(),
          }
          await sendPlan(first, operator)
          planSent.current = true
        }
        if (runNow) await runFirst(agent, checked.plan)
      }
      navigate(paths.arrival(agent))
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <Stack>
        {changed && (
          <Notice tone="bad" title="The host shows other keys now" role="alert">
            It was restarted with new keys, or another machine took its place. Reload this page and compare
            again.
          </Notice>
        )}
        <Compare
          host={seen}
          fingerprint={fingerprint}
          compared={compared}
          onCompared={setCompared}
          problem={problems.compared}
        />
        <Section title="Name and tags">
          <FieldStack>
            <TextField
              label="Name"
              mono
              required
              name="host-name"
              value={name}
              onChange={setName}
              error={problems.name}
              disabled={approved}
            />
            <Namesake name={settled.trim()} agent={agent} />
            <TagsField label="Tags" value={tags} onChange={setTags} disabled={approved} />
          </FieldStack>
        </Section>
        <Section title="What it begins with">
          <FieldStack>
            <CheckField
              label="Give it a repository and start paths now"
              help="Otherwise it becomes a member with an empty plan, and you set it up on its own page."
              checked={withPlan}
              onChange={setWithPlan}
            />
            {withPlan && (
              <StartFields start={start} onChange={setStart} problems={problems} hostname={name.trim()} />
            )}
            {withPlan && (
              <CheckField
                label="Back up at once, as soon as the repository is ready"
                checked={runNow}
                onChange={setRunNow}
              />
            )}
          </FieldStack>
        </Section>
        {problems[''] !== undefined && (
          <ErrorState error={new Error(problems[''])} title="The plan is not valid" />
        )}
        {error !== null && (
          <ErrorState
            error={error}
            title={approved ? `${name} is approved, but its plan was not sent` : `${name} was not approved`}
          />
        )}
        <Actions>
          <Button type="submit" look="primary" busy={busy} disabled={changed} data-testid="approve">
            {approved ? 'Send the plan again' : `Approve ${name}`}
          </Button>
        </Actions>
      </Stack>
    </form>
  )
}
