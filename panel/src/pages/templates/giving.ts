// A template on its way to hosts: each is read, what would change is computed, and then each gets one signed order of its
// own, followed to the host's answer. A few at a time, so that a fleet is not asked at once.

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { giveOrder } from '../../api/calls'
import { hostQuery, key, planQuery, type WholeHost } from '../../api/queries'
import type { OrderView, Plan, PlanView } from '../../api/types.gen'
import { changes, type PlanChange } from '../../model/plan'
import { type Applied, applyTemplate, templateSecrets } from '../../model/template'
import type { Operator } from '../../parts/operator'
import { sealSecret, signOrder, trustMember } from '../../seal'
import { describe } from '../../ui'
import { aFewAtOnce, answerTo } from '../host/orders'

export interface Given {
  agent: string
  name: string
  state: 'reading' | 'read' | 'giving' | 'saved' | 'waiting' | 'refused' | 'failed'
  host?: WholeHost
  view?: PlanView
  /** What was refused or failed, and what to do. */
  said?: string
  /** The revision that the host made of it. */
  revision?: number
}

/** What giving it to one host would mean now, with the scripts that are typed. */
export interface Prospect extends Applied {
  changes: PlanChange[]
  /** Slots that the host lacks and that are typed: they go along. */
  along: string[]
}

export interface Terms {
  template: Plan
  exact: boolean
  /** Slot and script. */
  scripts: ReadonlyMap<string, string>
}

type Signer = Extract<Operator, { state: 'ready' }>

/** The slots that the template wants and the host has nothing in. */
export function lacking({ view, host }: Given, template: Plan): string[] {
  if (view === undefined || host?.facts.policy.refuse_hooks === true) return []
  const held = new Set(view.secrets.map(({ slot }) => slot))
  return templateSecrets(template).filter((slot) => !held.has(slot))
}

export function prospect(row: Given, { template, exact, scripts }: Terms): Prospect | null {
  const { view, host } = row
  if (view === undefined || host === undefined) return null
  const along = lacking(row, template).filter((slot) => scripts.has(slot))
  const held = new Set([...view.secrets.map(({ slot }) => slot), ...along])
  const { policy } = host.facts
  const to = { plan: view.plan, held, policy, readOnly: view.read_only }
  const applied = applyTemplate(to, template, { exact })
  return { ...applied, changes: changes(view.plan, applied.plan), along }
}

export function useGiving() {
  const queries = useQueryClient()
  const [rows, setRows] = useState<readonly Given[]>([])
  const [busy, setBusy] = useState(false)
  /** Only the newest reading counts. */
  const round = useRef(0)

  const update = (agent: string, change: Partial<Given>) =>
    setRows((before) => before.map((row) => (row.agent === agent ? { ...row, ...change } : row)))

  async function read(hosts: readonly { agent: string; name: string }[]) {
    round.current += 1
    const mine = round.current
    setRows(hosts.map(({ agent, name }) => ({ agent, name, state: 'reading' })))
    await aFewAtOnce(hosts, async ({ agent }) => {
      const change = await readHost(queries, agent)
      if (round.current === mine) update(agent, change)
    })
  }

  /** Reads one host again, after its plan moved on or it did not answer. */
  async function reread(agent: string) {
    update(agent, { state: 'reading', said: undefined })
    update(agent, await readHost(queries, agent))
  }

  async function give(chosen: readonly Given[], terms: Terms, note: string, operator: Signer) {
    setBusy(true)
    try {
      await aFewAtOnce(chosen, async (row) => {
        update(row.agent, { state: 'giving', said: undefined })
        update(row.agent, await giveTo(queries, row, { ...terms, note }, operator))
      })
    } finally {
      setBusy(false)
      void queries.invalidateQueries({ queryKey: key.hosts })
    }
  }

  return { rows, busy, read, reread, give }
}

async function readHost(queries: QueryClient, agent: string): Promise<Partial<Given>> {
  try {
    const [host, view] = await Promise.all([
      queries.fetchQuery({ ...hostQuery(agent), staleTime: 0 }),
      queries.fetchQuery({ ...planQuery(agent), staleTime: 0 }),
    ])
    return { state: 'read', host, view, name: host.row.name }
  } catch (error) {
    return { state: 'failed', said: describe(error) }
  }
}

async function giveTo(
  queries: QueryClient,
  row: Given,
  terms: Terms & { note: string },
  operator: Signer,
): Promise<Partial<Given>> {
  const { agent, host, view } = row
  const wanted = prospect(row, terms)
  if (host === undefined || view === undefined || wanted === null)
    return { state: 'failed', said: 'It was not read.' }
  try {
    const to = trustMember(operator.trust, agent, host.binding, host.credential)
    const secrets = await Promise.all(
      wanted.along.map((slot) => sealSecret(slot, 1, terms.scripts.get(slot) ?? '', to)),
    )
    const note = terms.note.trim()
    const action = {
      do: 'set_plan',
      base_revision: view.revision,
      plan: wanted.plan,
      secrets,
      ...(note !== '' && { note }),
    } as const
    const order = await giveOrder(agent, { grave: await signOrder(action, agent, operator.pen) })
    const answer = await answerTo(queries, order, host.row.presence === 'online')
    void queries.invalidateQueries({ queryKey: key.host(agent) })
    return outcomeOf(answer)
  } catch (error) {
    return { state: 'failed', said: describe(error) }
  }
}

function outcomeOf({ outcome, state }: OrderView): Partial<Given> {
  if (outcome?.outcome === 'accepted') return { state: 'saved', revision: outcome.revision ?? undefined }
  if (outcome?.outcome === 'refused') {
    const said =
      outcome.code === 'stale_revision'
        ? 'Somebody changed its plan meanwhile. Compare with the plan as it is now, and give it again.'
        : `${outcome.message} ${outcome.hint}`
    return { state: 'refused', said }
  }
  if (state === 'withdrawn' || state === 'expired')
    return { state: 'failed', said: `The order was ${state}.` }
  return { state: 'waiting' }
}
