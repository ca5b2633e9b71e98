// Work that changes nothing, asked of the host to see what it finds: given as a routine order, or signed where it names paths
// that the plan does not; followed to the end of its job. What is asked for and how it is shown is the caller's.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { giveOrder } from '../../api/calls'
import { jobQuery } from '../../api/queries'
import type { Action, JobView } from '../../api/types.gen'
import { isOver } from '../../model/job'
import { isSigned } from '../../model/orders'
import { type Operator, useOperator } from '../../parts/operator'
import { signOrder } from '../../seal'
import { describe } from '../../ui'
import { useHost } from './context'
import { answerTo } from './orders'

const ASK_WHILE_RUNNING_MS = 1_000

export interface Trial {
  operator: Operator
  /** From the click until the host has answered, and while its job runs. */
  busy: boolean
  job: JobView | undefined
  /** Why there is no job: what happened, and what to do. */
  refused: string | null
  /** What was asked, as JSON: whether the answer is of what stands in the form now. */
  asked: string | null
  begin: (action: Action) => Promise<void>
  stop: () => Promise<void>
}

export function useTrial(): Trial {
  const { agent, present } = useHost()
  const queries = useQueryClient()
  const operator = useOperator()
  const [asking, setAsking] = useState(false)
  const [id, setId] = useState<string | null>(null)
  const [asked, setAsked] = useState<string | null>(null)
  const [refused, setRefused] = useState<string | null>(null)
  const { data: job } = useQuery({
    ...jobQuery(agent, id ?? ''),
    enabled: id !== null,
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isOver(data.state) ? false : ASK_WHILE_RUNNING_MS,
  })

  async function begin(action: Action) {
    const pen = operator.state === 'ready' ? operator.pen : null
    const signed = isSigned(action)
    if (signed && pen === null) return
    setAsking(true)
    setRefused(null)
    setId(null)
    setAsked(JSON.stringify(action))
    try {
      const wish =
        signed && pen !== null ? { grave: await signOrder(action, agent, pen) } : { routine: action }
      const { outcome, order } = await answerTo(queries, await giveOrder(agent, wish), present)
      if (outcome?.outcome === 'accepted') setId(outcome.jobs[0] ?? null)
      else if (outcome?.outcome === 'refused') setRefused(`${outcome.message} ${outcome.hint}`)
      else setRefused(`The host has not answered the order ${order}. See whether it is there, and try again.`)
    } catch (error) {
      setRefused(describe(error))
    } finally {
      setAsking(false)
    }
  }

  async function stop() {
    if (id === null) return
    try {
      await giveOrder(agent, { routine: { do: 'cancel', job: id } })
    } catch (error) {
      setRefused(describe(error))
    }
  }

  const shown = id === null ? undefined : job
  const running = id !== null && (shown === undefined || !isOver(shown.state))
  return { operator, busy: asking || running, job: shown, refused, asked, begin, stop }
}
