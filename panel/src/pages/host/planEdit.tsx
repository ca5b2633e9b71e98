// The edit of one host's plan: one draft for all tabs, checked while one types, kept over tabs and reloads, signed by this
// browser's key when saved, followed until the host has answered. Secrets that are typed for it are sealed with it. The
// rules are model/draft's.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { giveOrder, withdrawOrder } from '../../api/calls'
import { isApiError } from '../../api/error'
import { key, planQuery, type WholeHost } from '../../api/queries'
import type { Plan, PlanProblem, PlanView, PlanWarning, SecretView } from '../../api/types.gen'
import {
  changesOf,
  type Draft,
  edited,
  isOvertaken,
  rebased,
  secretsToSend,
  withNote,
  withTyped,
} from '../../model/draft'
import { normalise, type PlanChange, roleFor } from '../../model/plan'
import { numberProblems } from '../../model/whole'
import { usePerson } from '../../parts/kept'
import { mayAct } from '../../parts/OperatorNotice'
import { type Operator, useOperator } from '../../parts/operator'
import { sealSecret, signOrder, trustMember } from '../../seal'
import { ErrorState, Skeleton, toast } from '../../ui'
import { useHost } from './context'
import { useAnswer, useCheck, useKeptDraft, useTypedSecrets } from './editing'

export interface PlanEdit {
  /** The plan as the host has it. */
  view: PlanView
  /** The plan as the person wants it: the draft, or the host's. */
  plan: Plan
  draft: Draft | null
  changes: readonly PlanChange[]
  problems: readonly PlanProblem[]
  warnings: readonly PlanWarning[]
  operator: Operator
  /** Whether fields may be changed now. */
  enabled: boolean
  /** No edit reaches the host any more: its own file governs, it left, or another took its place. */
  closed: boolean
  overtaken: boolean
  saving: boolean
  edit: (change: (plan: Plan) => Plan) => void
  /**
   * Signs and posts the draft, with a last change and its secrets in the same breath. Once it is on its way they are part of
   * the draft: when it comes back, nothing that was typed is missing. Says whether it is.
   */
  save: (with_?: { secrets?: readonly TypedValue[]; change?: (plan: Plan) => Plan }) => Promise<boolean>
  /** Why, in the person's words; saved with the revision. */
  setNote: (note: string) => void
  /** What is known of a secret: that the host holds one, and what was typed here for it. */
  secret: (slot: string) => TypedSecret
  /** A secret that goes along with the edit; `null`: what the host has stays. */
  typeSecret: (slot: string, value: string | null) => void
  discard: () => void
  rebase: () => void
  withdraw: () => Promise<void>
}

export interface TypedValue {
  slot: string
  /** `null`: what the host has stays. */
  value: string | null
}

export interface TypedSecret {
  held: SecretView | undefined
  typed: string | undefined
  /** It was typed, and a reload took it. */
  lost: boolean
}

const Context = createContext<PlanEdit | null>(null)

export function usePlanEdit(): PlanEdit {
  const edit = useContext(Context)
  if (edit === null) throw new Error('usePlanEdit is for what stands inside PlanGate')
  return edit
}

/** For what can do without the plan while it loads, or when it does not come. */
export function useMaybePlanEdit(): PlanEdit | null {
  return useContext(Context)
}

export function PlanEditProvider(props: { agent: string; host: WholeHost; children: ReactNode }) {
  const { agent, host, children } = props
  const plan = useQuery(planQuery(agent))
  const person = usePerson()
  if (plan.data === undefined || person === null) return children
  return (
    <Editing key={`${agent}/${person}`} person={person} agent={agent} host={host} view={plan.data}>
      {children}
    </Editing>
  )
}

/** Around what needs the plan: until it is here, says so. */
export function PlanGate({ agent, children }: { agent: string; children: ReactNode }) {
  const plan = useQuery(planQuery(agent))
  const edit = useContext(Context)
  if (edit !== null) return children
  return plan.isError ? (
    <ErrorState error={plan.error} title="The plan is not here" retry={() => void plan.refetch()} />
  ) : (
    <Skeleton rows={6} label="Loading the plan" />
  )
}

function Editing({
  person,
  agent,
  host,
  view,
  children,
}: {
  person: string
  agent: string
  host: WholeHost
  view: PlanView
  children: ReactNode
}) {
  const queries = useQueryClient()
  const operator = useOperator()
  const { mayOperate } = useHost()
  const [draft, setDraft] = useKeptDraft(person, agent)
  const [saving, setSaving] = useState(false)
  const { typed, type, forget } = useTypedSecrets(person, agent)
  useAnswer(agent, view, draft, setDraft, forget)
  const changes = useMemo(() => changesOf(draft), [draft])
  const { problems, warnings } = useCheck(draft, view, typed, host.facts.policy)

  const save: PlanEdit['save'] = async ({ secrets = [], change } = {}) => {
    const last = secrets.reduce(
      (before, { slot, value }) => withTyped(before, view, slot, value !== null),
      change === undefined ? draft : edited(draft, view, change),
    )
    if (last === null || operator.state !== 'ready') return false
    // Some forms save the whole edit from elsewhere than the bar that names its problems.
    const [number] = numberProblems(last.mine)
    if (number !== undefined) {
      toast.bad('The plan was not saved; your changes are still here', `${number.field} ${number.message}.`)
      return false
    }
    setSaving(true)
    try {
      const to = trustMember(operator.trust, agent, host.binding, host.credential)
      const values = new Map<string, string | null>(typed)
      for (const { slot, value } of secrets) values.set(slot, value)
      const sealed = await Promise.all(
        secretsToSend(last).flatMap((slot) => {
          const value = values.get(slot) ?? null
          return value === null ? [] : [sealSecret(slot, nextRevision(view, slot), value, to)]
        }),
      )
      const plan = normalise(last.mine)
      const note = last.note.trim()
      const action = {
        do: 'set_plan',
        base_revision: last.revision,
        plan,
        secrets: sealed,
        ...(note !== '' && { note }),
      } as const
      const order = await giveOrder(agent, { grave: await signOrder(action, agent, operator.pen) })
      for (const { slot, value } of secrets) type(slot, value)
      setDraft({ ...last, sent: { order: order.order, at: order.issued_at }, refusal: null })
      void queries.invalidateQueries({ queryKey: key.orders(agent) })
      return true
    } catch (error) {
      toast.failed('The plan was not saved; your changes are still here', error)
      return false
    } finally {
      setSaving(false)
    }
  }

  async function withdraw() {
    if (draft?.sent == null) return
    try {
      await withdrawOrder(agent, draft.sent.order)
      setDraft({ ...draft, sent: null })
    } catch (error) {
      // The host was quicker, or the order is gone: the list of orders says which.
      if (isApiError(error, 'not_found')) setDraft({ ...draft, sent: null })
      else toast.failed('The order was not withdrawn', error)
    }
    void queries.invalidateQueries({ queryKey: key.orders(agent) })
  }

  const closed = view.read_only !== null || host.retired_at !== null || host.replaced_by !== null
  const isOpen = !closed || draft?.sent != null
  const value: PlanEdit = {
    view,
    // What cannot be saved must not be taken for what the host does.
    plan: (isOpen ? draft?.mine : undefined) ?? view.plan,
    draft,
    changes,
    problems,
    warnings,
    operator,
    enabled:
      mayOperate && mayAct(operator, 'operator') && view.read_only === null && draft?.sent == null && !saving,
    closed,
    overtaken: isOvertaken(draft, view),
    saving,
    edit: (change) => setDraft((before) => edited(before, view, change)),
    save,
    setNote: (note) => setDraft((before) => (before === null ? null : withNote(before, note))),
    secret: (slot) => ({
      held: view.secrets.find((secret) => secret.slot === slot),
      typed: typed.get(slot),
      lost: draft?.sent === null && draft.typed.includes(slot) && !typed.has(slot),
    }),
    typeSecret: (slot, value) => {
      type(slot, value)
      setDraft((before) => withTyped(before, view, slot, value !== null))
    },
    discard: () => {
      forget()
      setDraft(null)
    },
    rebase: () => setDraft((before) => (before === null ? null : rebased(before, view))),
    withdraw,
  }
  return <Context.Provider value={value}>{children}</Context.Provider>
}

/** The revision that the host accepts next for a secret. */
export function nextRevision(view: PlanView, slot: string): number {
  return (view.secrets.find((secret) => secret.slot === slot)?.newest ?? 0) + 1
}

/** Whether the edit may be saved by this browser's key. */
export function maySave({ operator, changes }: PlanEdit): boolean {
  return mayAct(operator, roleFor(changes))
}
