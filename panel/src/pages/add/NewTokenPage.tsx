// A token: an admission given in advance. Its seed is drawn here, the secrets are sealed to it here, and only public halves
// go to the coordinator.

import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { makeToken, revokeToken } from '../../api/calls'
import { tokensQuery } from '../../api/queries'
import type { TokenView } from '../../api/types.gen'
import { isNamePattern, NAME_RULE } from '../../model/plan'
import { secretsOf } from '../../model/repository'
import { isWhole } from '../../model/whole'
import { Allowed } from '../../parts/Allowed'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { type Operator, useOperator } from '../../parts/operator'
import { tokenState } from '../../parts/tokenState'
import { paths } from '../../paths'
import { dropTokenSeed, keepTokenSeed, makeTokenSeed, signToken } from '../../seal'
import {
  Actions,
  Button,
  CheckField,
  ErrorState,
  FieldRow,
  FieldStack,
  NumberField,
  Section,
  SelectField,
  Skeleton,
  Stack,
  TagsField,
  TextField,
  toast,
} from '../../ui'
import { AddFrame } from './AddFrame'
import { type Start, StartFields } from './StartFields'
import { checkStart, focusFirstProblem, newStart } from './start'

const HOUR_MS = 3_600_000
const USES = { min: 1, max: 10_000 }
const LIFETIMES = [
  { value: '1', label: '1 hour' },
  { value: '8', label: '8 hours' },
  { value: '24', label: '1 day' },
  { value: '168', label: '7 days' },
] as const

export default function NewTokenPage() {
  const operator = useOperator()
  const [search] = useSearchParams()
  const from = search.get('from')
  const tokens = useQuery({ ...tokensQuery, enabled: from !== null })
  const old = tokens.data?.find((token) => token.token === from)
  return (
    <AddFrame>
      <Allowed needed="operator" what="make a token">
        <OperatorNotice operator={operator} needed="operator" what="make a token" />
        {!mayAct(operator, 'operator') ? null : from !== null && tokens.isPending ? (
          <Skeleton rows={5} label="Loading the old token" />
        ) : (
          <TokenForm key={old?.token} operator={operator} old={old} />
        )}
      </Allowed>
    </AddFrame>
  )
}

interface FormProps {
  operator: Extract<Operator, { state: 'ready' }>
  /** The token that this one takes the place of. Its plan and secrets are nowhere but in its own document. */
  old: TokenView | undefined
}

function TokenForm({ operator, old }: FormProps) {
  const navigate = useNavigate()
  const form = useRef<HTMLFormElement>(null)
  const [pattern, setPattern] = useState(old?.name_pattern ?? '*')
  const [tags, setTags] = useState<string[]>(old?.tags ?? [])
  const [uses, setUses] = useState<number | null>(
    old === undefined ? 1 : Math.max(1, old.uses - old.used_by.length),
  )
  const [hours, setHours] = useState<(typeof LIFETIMES)[number]['value']>('1')
  const [withPlan, setWithPlan] = useState(old?.with_plan ?? true)
  const replaceable = old !== undefined && tokenState(old, Date.now()) === 'open'
  const [revokeOld, setRevokeOld] = useState(true)
  const [start, setStart] = useState<Start>(newStart)
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)

  function ownProblems(): Record<string, string> {
    const found: Record<string, string> = {}
    if (pattern.trim() === '') found.pattern = 'Use * for any name.'
    else if (!isNamePattern(pattern.trim())) found.pattern = `Use ${NAME_RULE}; and * for anything.`
    if (uses === null || !isWhole(uses, USES)) found.uses = 'Between 1 and 10000 hosts.'
    if (
      withPlan &&
      start.repository.kind === 'rest' &&
      start.repository.loginPassword !== '' &&
      start.repository.loginUser.trim() === ''
    ) {
      found.loginUser = 'The hosts’ names are not known yet: name the user.'
    }
    if (
      withPlan &&
      start.repository.kind === 'rest' &&
      start.repository.path.trim() === '' &&
      start.repository.loginUser.trim() === ''
    ) {
      found.path = 'The hosts’ names are not known yet: name the path.'
    }
    return found
  }

  async function submit() {
    setBusy(true)
    setError(null)
    try {
      const own = ownProblems()
      const checked = withPlan ? await checkStart(start, '') : { plan: null }
      const all = 'problems' in checked ? { ...checked.problems, ...own } : own
      setProblems(all)
      if ('problems' in checked || Object.keys(own).length > 0) {
        focusFirstProblem(form.current)
        return
      }
      const seed = makeTokenSeed()
      const expiresAt = Date.now() + Number(hours) * HOUR_MS
      const secrets = withPlan ? secretsOf(start.repository, '') : []
      const terms = {
        namePattern: pattern.trim(),
        tags,
        uses: uses ?? 1,
        expiresAt,
        plan: checked.plan,
        secrets,
      }
      const signed = await signToken(seed, terms, operator.pen)
      // Kept before the coordinator knows the token, so that a lost tab never leaves a token without its seed.
      await keepTokenSeed({ token: seed.token, text: seed.text, expiresAt })
      await makeToken(signed)
      if (old !== undefined && replaceable && revokeOld) await revoke(old)
      navigate(paths.token(seed.token))
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
        <Section
          title="The token"
          lead="Whoever runs the command with this token becomes a member without further questions, once per use."
        >
          <FieldStack>
            <FieldRow>
              <TextField
                label="Host names it admits"
                mono
                required
                help="* stands for anything: web-* admits web-7."
                value={pattern}
                onChange={setPattern}
                error={problems.pattern}
              />
              <NumberField
                label="How many hosts"
                {...USES}
                value={uses}
                onChange={setUses}
                error={problems.uses}
              />
              <SelectField label="Valid for" choices={LIFETIMES} value={hours} onChange={setHours} />
            </FieldRow>
            {replaceable && (
              <CheckField
                label="Revoke the old token"
                help="This one takes its place. Its secrets were sealed to the old one, so they are asked for again."
                checked={revokeOld}
                onChange={setRevokeOld}
              />
            )}
            <TagsField label="Tags" help="The hosts get them on arrival." value={tags} onChange={setTags} />
          </FieldStack>
        </Section>
        <Section title="What its hosts begin with">
          <FieldStack>
            <CheckField
              label="Give them a repository and start paths"
              help="Otherwise they become members with an empty plan, and you set each up on its own page."
              checked={withPlan}
              onChange={setWithPlan}
            />
            {withPlan && (
              <StartFields start={start} onChange={setStart} problems={problems} hostname={null} />
            )}
            {withPlan && uses !== null && uses > 1 && isWhole(uses, USES) && (
              <p>
                All {uses} hosts will share this repository and its password. Each sees only its own snapshots
                here, but any of them can read the others’ data.
              </p>
            )}
          </FieldStack>
        </Section>
        {problems[''] !== undefined && (
          <ErrorState error={new Error(problems[''])} title="The plan is not valid" />
        )}
        {error !== null && <ErrorState error={error} title="No token was made" />}
        <Actions>
          <Button type="submit" look="primary" busy={busy}>
            Make the token
          </Button>
        </Actions>
      </Stack>
    </form>
  )
}

/** The new token stands by now: a failure here is told, and does not undo it. */
async function revoke(old: TokenView) {
  try {
    await revokeToken(old.token)
    await dropTokenSeed(old.token)
  } catch (error) {
    toast.failed('The old token is still open', error)
  }
}
