// What only a person can resolve, and the step that leads out of it: confirming the plan of a host whose disk was set back,
// renaming one of two that are called the same. A copied identity is resolved at the copy.

import { useState } from 'react'
import { Link } from 'react-router'
import type { TroubleView } from '../../api/types.gen'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { paths } from '../../paths'
import { Button, ConfirmDialog, Notice, Stack, toast } from '../../ui'
import { useHost } from './context'
import { useGrave } from './grave'

export function Trouble({ trouble }: { trouble: TroubleView }) {
  const { agent } = useHost()
  switch (trouble.kind) {
    case 'namesake':
      return (
        <Notice
          tone="warn"
          title="Two hosts have the same name"
          role="status"
          action={<Link to={paths.hostSettings(agent)}>Rename…</Link>}
        >
          {trouble.message}
        </Notice>
      )
    case 'set_back':
      return (
        <Notice tone="bad" title="This host needs a person" role="alert" action={<ConfirmPlan />}>
          {trouble.message}
        </Notice>
      )
    case 'fork':
    case 'doubled':
      return (
        <Notice tone="bad" title="Two machines share this identity" role="alert">
          {trouble.message}
        </Notice>
      )
  }
}

/** The button, and the question behind it. Nothing for who may not give orders. */
export function ConfirmPlan() {
  const { host, mayOperate } = useHost()
  const { operator, busy, give } = useGrave()
  const [asking, setAsking] = useState(false)
  if (!mayOperate) return null

  async function confirm() {
    const action = { do: 'confirm_plan', revision: host.plan_revision } as const
    const given = await give('confirm the plan', action, () =>
      toast.ok('Confirmed', 'The host applies its retention again.'),
    )
    if (given) setAsking(false)
  }

  return (
    <>
      <Button small onClick={() => setAsking(true)} disabled={operator.state === 'loading'}>
        Confirm the plan…
      </Button>
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
            confirmed, the host removes snapshots by its retention again.
          </p>
        </Stack>
      </ConfirmDialog>
    </>
  )
}
