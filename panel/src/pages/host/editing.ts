// What keeps an open edit of a plan alive: over tabs and reloads, until the host has answered; and what is wrong with it
// while one types. The rules are model/draft's; planEdit.tsx hands it out.

import { skipToken, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { checkPlan } from '../../api/calls'
import { isApiError } from '../../api/error'
import { key, ordersQuery, planQuery } from '../../api/queries'
import type { PlanProblem, PlanView, PolicyFacts } from '../../api/types.gen'
import { type Draft, parseDraft, secretProblems, settled } from '../../model/draft'
import { hints, normalise, same } from '../../model/plan'
import { policyProblems } from '../../model/policy'
import { numberProblems } from '../../model/whole'
import { keptName, useKept } from '../../parts/kept'
import { describe, toast } from '../../ui'

/** After the last key, before the coordinator is asked. */
const CHECK_AFTER_MS = 350
const ASK_WHILE_SENT_MS = 1_000

/** Plans hold no secrets, so the tab may keep them: a reload loses nothing. */
export function useKeptDraft(person: string, agent: string) {
  return useKept(keptName(person, `draft/${agent}`), parseDraft, (draft) => draft === null)
}

/** What was typed into fields of secrets, by person, agent and slot: in this tab's memory alone, and gone with a reload. */
const typedSecrets = new Map<string, ReadonlyMap<string, string>>()
const NONE: ReadonlyMap<string, string> = new Map()

export function useTypedSecrets(person: string, agent: string) {
  const of = `${agent}/${person}`
  const [typed, setTyped] = useState(() => typedSecrets.get(of) ?? NONE)
  const put = (next: ReadonlyMap<string, string>) => {
    if (next.size === 0) typedSecrets.delete(of)
    else typedSecrets.set(of, next)
    setTyped(next)
  }
  return {
    typed,
    type: (slot: string, value: string | null) => {
      const next = new Map(typedSecrets.get(of))
      if (value === null) next.delete(slot)
      else next.set(slot, value)
      put(next)
    },
    forget: () => put(NONE),
  }
}

/** Follows the order that carries the draft to its answer. `saved` is called once the host has it. */
export function useAnswer(
  agent: string,
  view: PlanView,
  draft: Draft | null,
  setDraft: (draft: Draft | null) => void,
  saved: () => void,
) {
  const queries = useQueryClient()
  const sent = draft?.sent != null
  const { data: orders } = useQuery({
    ...ordersQuery(agent),
    refetchInterval: sent ? ASK_WHILE_SENT_MS : false,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: `saved` is made anew with each drawing, and means the same.
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
      saved()
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
export function useCheck(
  draft: Draft | null,
  view: PlanView,
  typed: ReadonlyMap<string, string>,
  policy: PolicyFacts,
) {
  const meant = useMemo(() => (draft === null ? null : normalise(draft.mine)), [draft])
  const numbers = useMemo(() => (meant === null ? [] : numberProblems(meant)), [meant])
  const settledPlan = useDebounced(meant, CHECK_AFTER_MS)
  // A number that does not fit cannot even be asked about.
  const askable = settledPlan !== null && numberProblems(settledPlan).length === 0
  const check = useQuery({
    queryKey: ['plan-check', settledPlan],
    queryFn: askable ? () => checkPlan(settledPlan) : skipToken,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  })
  return useMemo(() => {
    if (draft === null || meant === null) return { problems: [], warnings: view.warnings }
    const held = new Set(view.secrets.map(({ slot }) => slot))
    const here = [...numbers, ...secretProblems(draft, held, typed), ...policyProblems(meant, policy)]
    const fresh = check.data !== undefined && same(meant, settledPlan)
    if (fresh) return { problems: [...check.data.problems, ...here], warnings: check.data.warnings }
    const failed: PlanProblem[] =
      check.isError && !isApiError(check.error, 'unreachable')
        ? [{ field: '', message: describe(check.error) }]
        : []
    return {
      problems: [...hints(meant), ...here, ...failed],
      warnings: check.data?.warnings ?? view.warnings,
    }
  }, [draft, meant, numbers, settledPlan, typed, policy, check.data, check.error, check.isError, view])
}

function useDebounced<T>(value: T, ms: number): T {
  const [late, setLate] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return late
}
