// Says why this browser cannot sign, in place of a form that would fail. Nothing when it can.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Role } from '../api/types.gen'
import { paths } from '../paths'
import { forgetFleet, TrustError } from '../seal'
import { Button, ConfirmDialog, ErrorState, LinkButton, Notice, Skeleton, Stack } from '../ui'
import { covers, type Operator } from './operator'

interface Props {
  operator: Operator
  /** The least role of the key that the page needs. */
  needed: Role
  /** What would be done here: "approve a host". */
  what: string
}

/** Whether this browser may do what needs `role`. */
export function mayAct(operator: Operator, needed: Role): operator is Extract<Operator, { state: 'ready' }> {
  return operator.state === 'ready' && covers(operator.role, needed)
}

export function OperatorNotice({ operator, needed, what }: Props) {
  if (operator.state === 'ready' && covers(operator.role, needed)) return null
  if (operator.state === 'loading') return <Skeleton rows={2} label="Looking for this browser’s key" />
  if (operator.state === 'distrust') return <Distrust error={operator.error} />
  if (operator.state === 'unable') {
    return (
      <Notice
        tone="warn"
        title={operator.title}
        role="alert"
        action={
          operator.keyless && (
            <LinkButton small to={paths.operatorKeys}>
              This browser’s key…
            </LinkButton>
          )
        }
      >
        {operator.reason}
      </Notice>
    )
  }
  return (
    <Notice tone="warn" title={`It takes the key of an ${needed} to ${what}`} role="alert">
      This browser’s key “{operator.deviceName}” is that of an {operator.role}. Ask an admin to do it.
    </Notice>
  )
}

/** The fleet's statements do not hold. Where the coordinator was set up anew on purpose, a person may say so. */
export function Distrust({ error }: { error: unknown }) {
  const [asking, setAsking] = useState(false)
  const queries = useQueryClient()
  async function forget() {
    await forgetFleet()
    setAsking(false)
    await queries.invalidateQueries()
  }
  return (
    <Stack>
      <ErrorState error={error} title="This browser does not trust what the coordinator shows" />
      {error instanceof TrustError && error.code === 'other_fleet' && (
        <div>
          <Button look="danger" onClick={() => setAsking(true)}>
            Forget the old fleet…
          </Button>
          <ConfirmDialog
            open={asking}
            onClose={() => setAsking(false)}
            title="Forget the fleet that was here before?"
            verb="Forget it"
            danger
            typeName="forget"
            onConfirm={() => void forget()}
          >
            <p>
              Only when you know that this coordinator was set up anew. From then on this browser believes the
              fleet that it shows now.
            </p>
          </ConfirmDialog>
        </div>
      )}
    </Stack>
  )
}
