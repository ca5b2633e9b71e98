// The form of an approval. What was typed stays until the host has its plan, whatever is refused on the way.

import { type ReactNode, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import type { PendingView } from '../../api/types.gen'
import { isName, NAME_RULE } from '../../model/plan'
import { secretsOf } from '../../model/repository'
import { isAboutWords } from '../../parts/KitWords'
import { Namesake } from '../../parts/Namesake'
import type { Operator } from '../../parts/operator'
import { paths } from '../../paths'
import { agentFingerprint, trustCompared, verifyBinding } from '../../seal'
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
import { newReplacing, Replacement, useReplaced, useTakeOver } from './Replacement'
import { type Inheritance, inherit, nextOf, replacesOf } from './replacing'

type Beginning = Pick<Inheritance, 'secrets'> & {
  plan: Inheritance['plan'] | null
  replaces: string | null
  /** Back up at once. */
  run: boolean
}

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
  const [replacing, setReplacing] = useState(newReplacing)
  const replaced = useReplaced(replacing)
  useTakeOver(replaced, (oldName, oldTags) => {
    setName(oldName)
    setTags(oldTags)
  })
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

  const next = nextOf(binding, name.trim(), seen.hostname)

  /** What it begins with, and from whom; nothing is sent yet but what has to be read. `null`: something is wrong. */
  async function begin(own: Record<string, string>): Promise<Beginning | null> {
    const told = (all: Record<string, string>) => {
      setProblems(all)
      focusFirstProblem(form.current)
      return null
    }
    if (replaced.chosen) {
      const { place } = replaced
      if (place === null) own.place = 'Wait until it is known, or choose another.'
      if (replacing.by === 'kit' && replacing.words.trim() === '') own.words = 'Type the words of the kit.'
      if (place?.of === 'bundle' && place.includes.length === 0) own.includes = 'Name at least one path.'
      if (place === null || Object.keys(own).length > 0) return told(own)
      setProblems({})
      const words = replacing.by === 'kit' ? replacing.words : null
      return { ...(await inherit(place, next, words, operator)), replaces: replacesOf(place), run: false }
    }
    const checked = withPlan ? await checkStart(start, name.trim()) : { plan: null }
    const all = 'problems' in checked ? { ...checked.problems, ...own } : own
    if ('problems' in checked || Object.keys(own).length > 0) return told(all)
    setProblems({})
    return {
      plan: checked.plan,
      secrets: secretsOf(start.repository, name.trim()),
      replaces: null,
      run: runNow,
    }
  }

  async function submit() {
    setError(null)
    setBusy(true)
    try {
      const own: Record<string, string> = {}
      if (!compared) own.compared = 'Compare first: this is what keeps strangers out.'
      if (!isName(name.trim())) own.name = `Use ${NAME_RULE}.`
      const beginning = await begin(own)
      if (beginning === null) return
      const { plan, secrets, replaces, run } = beginning
      if (!approved) {
        await admit(agent, { fingerprint, name: name.trim(), tags, replaces }, operator.pen)
        setApproved(true)
      }
      if (plan !== null) {
        if (!planSent.current) {
          const to = trustCompared(operator.trust, binding, fingerprint)
          await sendPlan({ to, plan, secrets }, operator.pen)
          planSent.current = true
        }
        if (run) await runFirst(agent, plan)
      }
      setReplacing(newReplacing)
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
        <Replacement
          pending={seen}
          replacing={replacing}
          onChange={setReplacing}
          replaced={replaced}
          next={next}
          error={error}
          problems={problems}
          disabled={busy || approved}
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
            {!replaced.chosen && <Namesake name={settled.trim()} agent={agent} />}
            <TagsField label="Tags" value={tags} onChange={setTags} disabled={approved} />
          </FieldStack>
        </Section>
        {!replaced.chosen && (
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
        )}
        {problems[''] !== undefined && (
          <ErrorState error={new Error(problems[''])} title="The plan is not valid" />
        )}
        {error !== null && !isAboutWords(error) && (
          <ErrorState
            error={error}
            title={approved ? `${name} is approved, but its plan was not sent` : `${name} was not approved`}
          />
        )}
        <Actions>
          <Button type="submit" look="primary" busy={busy} disabled={changed} data-testid="approve">
            {approved
              ? 'Send the plan again'
              : replaced.chosen
                ? `Approve, in the place of ${replaced.name ?? 'the other'}`
                : `Approve ${name}`}
          </Button>
        </Actions>
      </Stack>
    </form>
  )
}
