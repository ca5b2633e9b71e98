// Grave orders from this page: signed by this browser's key over their exact bytes, given, and followed to the host's
// answer. What is asked for is the caller's.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { giveOrder } from '../../api/calls'
import { key } from '../../api/queries'
import type { Action } from '../../api/types.gen'
import { type Operator, useOperator } from '../../parts/operator'
import { signOrder } from '../../seal'
import { toast } from '../../ui'
import { useHost } from './context'
import { answerTo, tellAnswer, usePresent } from './orders'

export interface Grave {
  operator: Operator
  busy: boolean
  /**
   * Signs and gives the order. `done` gets the jobs that it started. Says whether it is on its way or done: `false` leaves
   * what was typed where it is. Never throws: failures are told.
   */
  give: (what: string, action: Action, done?: (jobs: readonly string[]) => void) => Promise<boolean>
}

export function useGrave(): Grave {
  const { agent, present } = useHost()
  return useSigned(agent, present)
}

/** The same for a page that is of no host. */
export function useSigned(agent: string, present: boolean): Grave {
  const operator = useOperator()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const there = usePresent(present)
  return {
    operator,
    busy,
    give: async (what, action, done) => {
      if (operator.state !== 'ready') return false
      setBusy(true)
      try {
        const order = await giveOrder(agent, { grave: await signOrder(action, agent, operator.pen) })
        const answer = await answerTo(queries, order, there)
        const jobs = tellAnswer(answer, what, there)
        if (jobs !== null) done?.(jobs)
        void queries.invalidateQueries({ queryKey: key.host(agent) })
        return answer.outcome?.outcome !== 'refused'
      } catch (error) {
        toast.failed(`Not done: ${what}`, error)
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}
