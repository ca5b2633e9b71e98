// Taking back an order that the host has not taken yet.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { withdrawOrder } from '../../api/calls'
import { key } from '../../api/queries'
import type { OrderView } from '../../api/types.gen'
import { toast } from '../../ui'

/** `busy` is the order that is being withdrawn. Failures are told. */
export function useWithdraw(agent: string) {
  const queries = useQueryClient()
  const [busy, setBusy] = useState<string | null>(null)
  async function withdraw(order: OrderView) {
    setBusy(order.order)
    try {
      await withdrawOrder(agent, order.order)
    } catch (error) {
      toast.failed('The order was not withdrawn', error)
    } finally {
      setBusy(null)
      void queries.invalidateQueries({ queryKey: key.orders(agent) })
    }
  }
  return { busy, withdraw }
}
