// The host's way out of the fleet. Signed by an admin's key, after its name was typed.

import { useState } from 'react'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { Button, ConfirmDialog, Notice, Section, Stack, toast } from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'
import { RemoveHost } from '../Retired'

export function RetireSection() {
  const { agent, host, mayOperate, present } = useHost()
  const { operator, busy, give } = useGrave()
  const [asking, setAsking] = useState(false)
  if (!mayOperate || host.retired_at !== null) return null

  async function retire() {
    const given = await give('retire the host', { do: 'retire', agent }, () =>
      toast.ok(`${host.row.name} is retired`, 'It takes no more orders. Its data stays.'),
    )
    if (given) setAsking(false)
  }

  return (
    <Section
      title="Retire"
      lead="The host leaves the fleet. Its snapshots, its repository and what it knows stay where they are."
      actions={
        <>
          {!present && <RemoveHost />}
          <Button
            small
            look="danger"
            onClick={() => setAsking(true)}
            disabled={operator.state === 'loading'}
            data-testid="retire"
          >
            Retire…
          </Button>
        </>
      }
    >
      <p>
        {present
          ? 'From then on it takes no order from here. It goes on backing up by its last plan until its agent is stopped or uninstalled.'
          : 'It is absent: it goes on backing up, and hears of this when it connects again. Until then the order can be withdrawn. A machine that will never come back can be removed at once.'}
      </p>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Retire ${host.row.name}?`}
        verb="Sign and retire"
        danger
        typeName={host.row.name}
        busy={busy}
        disabled={!mayAct(operator, 'admin')}
        onConfirm={() => void retire()}
      >
        <Stack>
          <OperatorNotice operator={operator} needed="admin" what="retire a host" />
          <p>
            To come back it is enrolled and approved anew. Where it owns a shared repository or is its keeper,
            name another one first: nobody would prune any more.
          </p>
          {!present && (
            <Notice tone="idle">
              An absent host keeps backing up until it hears of it, then takes no more orders and keeps its
              data.
            </Notice>
          )}
        </Stack>
      </ConfirmDialog>
    </Section>
  )
}
