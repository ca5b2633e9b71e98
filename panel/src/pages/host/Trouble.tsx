// What only a person can resolve, and the signed word that it was looked at: until then the host removes no snapshots.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { giveOrder } from '../../api/calls'
import { key } from '../../api/queries'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { useOperator } from '../../parts/operator'
import { signOrder } from '../../seal'
import { Button, ConfirmDialog, Notice, Stack, toast } from '../../ui'
import { useHost } from './context'
import { answerTo, tellAnswer } from './orders'

export function Trouble({ text }: { text: string }) {
  const { agent, host, present, mayOperate } = useHost()
  const operator = useOperator()
  const queries = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)

  async function confirm() {
    if (operator.state !== 'ready') return
    setBusy(true)
    try {
      const action = { do: 'confirm_plan', revision: host.plan_revision } as const
      const order = await giveOrder(agent, { grave: await signOrder(action, agent, operator.pen) })
      const done = tellAnswer(await answerTo(queries, order, present), 'confirm the plan')
      if (done !== null) toast.ok('Confirmed', 'The host applies its retention again.')
      void queries.invalidateQueries({ queryKey: key.host(agent) })
      setAsking(false)
    } catch (error) {
      toast.failed('The plan was not confirmed', error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Notice
      tone="bad"
      title="This host needs a person"
      role="alert"
      action={
        mayOperate && (
          <Button small onClick={() => setAsking(true)} disabled={operator.state === 'loading'}>
            Confirm the plan…
          </Button>
        )
      }
    >
      {text}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Confirm revision ${host.plan_revision} of the plan?`}
        verb="Sign and confirm"
        keep="Not yet"
        busy={busy}
        disabled={!mayAct(operator, 'admin')}
        onConfirm={() => void confirm()}
      >
        <Stack>
          <OperatorNotice operator={operator} needed="admin" what="confirm a plan" />
          <p>
            Look first whether the plan is the one that should hold, and whether snapshots are missing. Once
            confirmed, the host removes snapshots by its retention again. Where two machines share one
            identity this resolves nothing: enrol the copy anew.
          </p>
        </Stack>
      </ConfirmDialog>
    </Notice>
  )
}
