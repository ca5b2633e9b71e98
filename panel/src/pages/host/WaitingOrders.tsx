// Orders that the host has not taken yet: visible, and withdrawable until it is back.

import { useQuery } from '@tanstack/react-query'
import { ordersQuery } from '../../api/queries'
import type { OrderView } from '../../api/types.gen'
import { aboutWords } from '../../model/orderAbout'
import { actionWords, mayWithdraw, YEAR_MS } from '../../model/orders'
import { Button, type Column, DataTable, ExactTime, RelativeTime, Section, StatusDot } from '../../ui'
import styles from './Tabs.module.css'
import { useWithdraw } from './withdraw'

export function WaitingOrders({ agent, mayOperate }: { agent: string; mayOperate: boolean }) {
  const orders = useQuery(ordersQuery(agent))
  const { busy, withdraw } = useWithdraw(agent)
  const waiting = (orders.data ?? []).filter((order) => order.state === 'waiting')
  if (waiting.length === 0) return null

  const columns: Column<OrderView>[] = [
    { id: 'action', header: 'Order', cell: (order) => <Asked order={order} /> },
    { id: 'person', header: 'By', cell: (order) => order.person },
    { id: 'issued', header: 'Given', cell: (order) => <RelativeTime at={order.issued_at} /> },
    {
      id: 'expires',
      header: 'Expires',
      hideBelow: 'md',
      cell: (order) =>
        order.expires_at - order.issued_at > YEAR_MS ? 'never' : <ExactTime at={order.expires_at} />,
    },
    {
      id: 'withdraw',
      header: 'Withdraw',
      headerHidden: true,
      align: 'end',
      cell: (order) =>
        mayOperate &&
        mayWithdraw(order) && (
          <Button
            small
            onClick={() => void withdraw(order)}
            busy={busy === order.order}
            aria-label={`Withdraw: ${actionWords(order.action)}`}
          >
            Withdraw
          </Button>
        ),
    },
  ]
  return (
    <Section
      title={
        <StatusDot tone="idle" hollow>
          Waiting for the host
        </StatusDot>
      }
      lead="Sent as soon as it is back. What is withdrawn never reaches it."
      flush
      data-testid="waiting-orders"
    >
      <DataTable
        label="Orders that wait for the host"
        rows={waiting}
        columns={columns}
        rowKey={(order) => order.order}
      />
    </Section>
  )
}

function Asked({ order }: { order: OrderView }) {
  const about = aboutWords(order)
  return (
    <>
      {actionWords(order.action)}
      {about !== null && (
        <div className={styles.about}>
          <bdi>{about}</bdi>
        </div>
      )}
    </>
  )
}
