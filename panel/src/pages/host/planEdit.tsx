// The edit of one host's plan: one draft for all tabs, checked while one types, kept over tabs and reloads, signed by this
// browser's key when saved, followed until the host has answered. The rules are model/draft's.

import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { checkPlan, giveOrder, withdrawOrder } from '../../api/calls'
import { isApiError } from '../../api/error'
import { key, ordersQuery, planQuery } from '../../api/queries'
import type { HostView, Plan, PlanProblem, PlanView, PlanWarning } from '../../api/types.gen'
import { changesOf, type Draft, edited, isOvertaken, parseDraft, rebased, settled } from '../../model/draft'
import { hints, normalise, type PlanChange, roleFor, same } from '../../model/plan'
import { mayAct } from '../../parts/OperatorNotice'
import { type Operator, useOperator } from '../../parts/operator'
import { sealSecret, signOrder, trustMember } from '../../seal'
import { describe, ErrorState, Skeleton, toast } from '../../ui'
import { useHost } from './context'

/** After the last key, before the coordinator is asked. */
const CHECK_AFTER_MS = 350
const ASK_WHILE_SENT_MS = 1_000

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
  overtaken: boolean
  saving: boolean
  edit: (change: (plan: Plan) => Plan) => void
  /** Signs and posts the draft, with secrets and a last change in the same breath. Says whether it is on its way. */
  save: (with_?: { secrets?: readonly NewSecret[]; change?: (plan: Plan) => Plan }) => Promise<boolean>
  discard: () => void
  rebase: () => void
  withdraw: () => Promise<void>
}

export interface NewSecret {
  slot: string
  value: string
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

export function PlanEditProvider(props: { agent: string; host: HostView; children: ReactNode }) {
  const { agent, host, children } = props
  const plan = useQuery(planQuery(agent))
  if (plan.data === undefined) return children
  return (
    <Editing key={agent} agent={agent} host={host} view={plan.data}>
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
  agent,
  host,
  view,
  children,
}: {
  agent: string
  host: HostView
  view: PlanView
  children: ReactNode
}) {
  const queries = useQueryClient()
  const operator = useOperator()
  const { mayOperate } = useHost()
  const [draft, setDraft] = useKeptDraft(agent)
  const [saving, setSaving] = useState(false)
  useAnswer(agent, view, draft, setDraft)
  const changes = useMemo(() => changesOf(draft), [draft])
  const { problems, warnings } = useCheck(draft, view)

  const save: PlanEdit['save'] = async ({ secrets = [], change } = {}) => {
    const last = change === undefined ? draft : edited(draft, view, change)
    if (last === null || operator.state !== 'ready') return false
    setSaving(true)
    try {
      const to = trustMember(operator.trust, agent, host.binding, host.credential)
      const sealed = await Promise.all(
        secrets.map(({ slot, value }) => sealSecret(slot, nextRevision(view, slot), value, to)),
      )
      const plan = normalise(last.mine)
      const action = { do: 'set_plan', base_revision: last.revision, plan, secrets: sealed } as const
      const order = await giveOrder(agent, { grave: await signOrder(action, agent, operator.pen) })
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

  const value: PlanEdit = {
    view,
    plan: draft?.mine ?? view.plan,
    draft,
    changes,
    problems,
    warnings,
    operator,
    enabled:
      mayOperate && mayAct(operator, 'operator') && view.read_only === null && draft?.sent == null && !saving,
    overtaken: isOvertaken(draft, view),
    saving,
    edit: (change) => setDraft((before) => edited(before, view, change)),
    save,
    discard: () => setDraft(null),
    rebase: () => setDraft((before) => (before === null ? null : rebased(before, view))),
    withdraw,
  }
  return <Context.Provider value={value}>{children}</Context.Provider>
}

/** The revision that the host accepts next for a secret. */
export function nextRevision(view: PlanView, slot: string): number {
  return (view.secrets.find((secret) => secret.slot === slot)?.revision ?? 0) + 1
}

/** Whether the edit may be saved by this browser's key. */
export function maySave({ operator, changes }: PlanEdit): boolean {
  return mayAct(operator, roleFor(changes))
}

/** Plans hold no secrets, so the tab may keep them: a reload loses nothing. */
function useKeptDraft(agent: string) {
  const name = `rm-draft/${agent}`
  const [draft, setDraft] = useState<Draft | null>(() => parseDraft(sessionStorage.getItem(name)))
  useEffect(() => {
    try {
      if (draft === null) sessionStorage.removeItem(name)
      else sessionStorage.setItem(name, JSON.stringify(draft))
    } catch {
      // A full or forbidden store: the draft lives as long as the page.
    }
  }, [draft, name])
  return [draft, setDraft] as const
}

/** Follows the order that carries the draft to its answer. */
function useAnswer(
  agent: string,
  view: PlanView,
  draft: Draft | null,
  setDraft: (draft: Draft | null) => void,
) {
  const queries = useQueryClient()
  const sent = draft?.sent != null
  const { data: orders } = useQuery({
    ...ordersQuery(agent),
    refetchInterval: sent ? ASK_WHILE_SENT_MS : false,
  })
  useEffect(() => {
    if (draft === null || orders === undefined) return
    const answer = settled(draft, orders)
    if (answer.is === 'accepted') {
      if (answer.revision !== null && view.revision < answer.revision) {
        // Accepted there, but the copy here is older: the draft stays in sight until it has come.
        const timer = setInterval(
          () => void queries.invalidateQueries({ queryKey: planQuery(agent).queryKey }),
          500,
        )
        return () => clearInterval(timer)
      }
      setDraft(null)
      toast.ok(`Saved as revision ${view.revision}`, 'The host works by it from now on.')
      void queries.invalidateQueries({ queryKey: key.host(agent) })
    } else if (answer.is === 'refused') {
      setDraft(answer.draft)
      void queries.invalidateQueries({ queryKey: planQuery(agent).queryKey })
    } else if (answer.is === 'returned') {
      setDraft(answer.draft)
    }
    return undefined
  }, [agent, draft, orders, queries, setDraft, view.revision])
}

/** Quick hints at once, the coordinator's word a moment after the last key. */
function useCheck(draft: Draft | null, view: PlanView) {
  const meant = useMemo(() => (draft === null ? null : normalise(draft.mine)), [draft])
  const settledPlan = useDebounced(meant, CHECK_AFTER_MS)
  const check = useQuery({
    queryKey: ['plan-check', settledPlan],
    queryFn: settledPlan === null ? skipToken : () => checkPlan(settledPlan),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  })
  return useMemo(() => {
    if (meant === null) return { problems: [], warnings: view.warnings }
    const fresh = check.data !== undefined && same(meant, settledPlan)
    if (fresh) return { problems: check.data.problems, warnings: check.data.warnings }
    const failed = isApiError(check.error, 'unreachable')
      ? []
      : check.isError
        ? [{ field: '', message: describe(check.error) }]
        : []
    return { problems: [...hints(meant), ...failed], warnings: check.data?.warnings ?? view.warnings }
  }, [meant, settledPlan, check.data, check.error, check.isError, view.warnings])
}

function useDebounced<T>(value: T, ms: number): T {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return late
}
