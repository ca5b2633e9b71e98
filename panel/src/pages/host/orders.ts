// Orders from this page: given, then followed until the host has answered or is known to be absent. Knows the API; what
// is asked for is the caller's.

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { giveOrder } from '../../api/calls'
import { key, ordersQuery } from '../../api/queries'
import type { Action, OrderView } from '../../api/types.gen'
import { YEAR_MS } from '../../model/orders'
import { formatDuration } from '../../model/time'
import { paths } from '../../paths'
import { toast } from '../../ui'

/** A host that is there answers within a second; a slow one is given this long before the page stops waiting. */
const PATIENCE_MS = 20_000
const ASK_EVERY_MS = 300
/** Hosts that are given something at the same time: a fleet is not asked at once. */
const AT_ONCE = 6

const isOpen = (order: OrderView) => order.state === 'waiting' || order.state === 'sent'

/** Whether the host is there to answer; asked again at each turn where it may become known, or change, meanwhile. */
export type Present = boolean | (() => boolean)

const isThere = (present: Present) => (typeof present === 'function' ? present() : present)

/** What is known at the moment that it is asked for, not at that of the click. */
export function usePresent(present: boolean): () => boolean {
  const known = useRef(present)
  useEffect(() => {
    known.current = present
  }, [present])
  return () => known.current
}

/** The order once it is answered; as it is when the host is absent or takes too long. */
export async function answerTo(queries: QueryClient, order: OrderView, present: Present): Promise<OrderView> {
  void queries.invalidateQueries({ queryKey: key.orders(order.agent) })
  const until = performance.now() + PATIENCE_MS
  let current = order
  // One that was sent has reached somebody: a connection that breaks just then does not end the wait.
  const mayCome = () => current.state === 'sent' || isThere(present)
  while (isOpen(current) && mayCome() && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
    // The order is given: a reading that fails – the coordinator restarts – says nothing of what became of it.
    const all = await queries.fetchQuery({ ...ordersQuery(order.agent), staleTime: 0 }).catch(() => [])
    current = all.find((one) => one.order === order.order) ?? current
  }
  return current
}

/**
 * Tells a person what became of an order that is not simply accepted; returns the jobs of one that is. `present`: the host is
 * there to answer.
 */
export function tellAnswer(order: OrderView, what: string, present: Present): readonly string[] | null {
  const { outcome, state } = order
  if (outcome?.outcome === 'accepted') return outcome.jobs
  if (outcome?.outcome === 'refused') {
    toast.bad(`The host refused: ${what}`, `${outcome.message} ${outcome.hint}`)
  } else if (state === 'expired' || state === 'withdrawn') {
    toast.bad(`The order was ${state}: ${what}`, 'Nothing was done. Give it again if it is still wanted.')
  } else if (state === 'sent' || isThere(present)) {
    toast.ok(
      `Given, but not answered yet: ${what}`,
      'Do not give it again: what became of it stands on the host’s page, among its orders or jobs.',
    )
  } else {
    const life = order.expires_at - order.issued_at
    const until = life > YEAR_MS ? '' : ` It expires after ${formatDuration(life)}.`
    toast.ok(
      `Waits for the host: ${what}`,
      `It is sent as soon as the host is back. Until then it can be withdrawn.${until}`,
    )
  }
  return null
}

/** `work` for every item, at most {@link AT_ONCE} at a time. It must not throw. */
export async function aFewAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

export interface Routine {
  /** What is under way just now, by the name it was given. */
  busy: string | null
  /**
   * Gives a routine order; `done` gets the jobs that it started. Says whether it is on its way or done. Never throws: failures
   * are told.
   */
  give: (what: string, action: Action, done?: (jobs: readonly string[]) => void) => Promise<boolean>
}

export function useRoutine(agent: string, present: boolean): Routine {
  const queries = useQueryClient()
  const [busy, setBusy] = useState<string | null>(null)
  const there = usePresent(present)
  return {
    busy,
    give: async (what, action, done) => {
      setBusy(what)
      try {
        const order = await giveOrder(agent, { routine: action })
        const answer = await answerTo(queries, order, there)
        const jobs = tellAnswer(answer, what, there)
        if (jobs !== null) done?.(jobs)
        return jobs !== null || isOpen(answer)
      } catch (error) {
        toast.failed(`Not done: ${what}`, error)
        return false
      } finally {
        setBusy(null)
      }
    },
  }
}

/** KiB/s for one run alone; absent or `null`: as the plan says. */
export interface RunLimits {
  upload_kib_s?: number | null
  download_kib_s?: number | null
}

/** Backs groups up now. One job: its page opens. Several: `started` gets them. */
export function useRunNow(agent: string, routine: Routine, started: (jobs: readonly string[]) => void) {
  const navigate = useNavigate()
  return async (groups: readonly string[], { upload_kib_s, download_kib_s }: RunLimits = {}) => {
    await routine.give(
      `back up ${groups.join(', ')}`,
      {
        do: 'run',
        groups: [...groups],
        upload_kib_s: upload_kib_s ?? null,
        ...(download_kib_s != null && { download_kib_s }),
      },
      (jobs) => {
        const [only] = jobs
        if (jobs.length === 1 && only !== undefined) void navigate(paths.job(agent, only))
        else started(jobs)
      },
    )
  }
}
