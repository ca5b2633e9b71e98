// What else is done to a key: forgotten while it waits, revoked, or let sign less.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { forgetKey } from '../../api/calls'
import { key } from '../../api/queries'
import type { DeviceKeyView } from '../../api/types.gen'
import { keyName } from '../../model/people'
import { withOperator, withoutOperator } from '../../seal'
import { ConfirmDialog, ErrorState, Facts, Stack, toast } from '../../ui'
import { KeyWords } from './KeyWords'
import { useSigning } from './statement'

interface Props {
  of: DeviceKeyView | null
  onClose: () => void
}

function Fingerprint({ of }: { of: DeviceKeyView }) {
  return <Facts items={[{ name: 'Fingerprint', value: <KeyWords of={of} /> }]} />
}

/** An announcement that is not approved: the browser can announce its key again. */
export function ForgetKeyDialog({ of, onClose }: Props) {
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  async function forget(id: string) {
    setBusy(true)
    try {
      await forgetKey(id)
      toast.ok('The announcement is forgotten')
      onClose()
    } catch (error) {
      toast.failed('The announcement is still here', error)
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: key.keys })
    }
  }
  return (
    <ConfirmDialog
      open={of !== null}
      onClose={onClose}
      title={`Forget the key “${of === null ? '' : keyName(of)}”?`}
      verb="Forget"
      danger
      busy={busy}
      onConfirm={() => of !== null && void forget(of.key)}
    >
      {of !== null && (
        <Stack>
          <Fingerprint of={of} />
          <p>
            It signs nothing now, and will not. If nobody you know announced it, somebody has{' '}
            {of.person ?? 'a person'}’s password: change that as well.
          </p>
        </Stack>
      )}
    </ConfirmDialog>
  )
}

export function RevokeKeyDialog(props: Props) {
  return props.of === null ? null : <Revocation {...props} of={props.of} />
}

function Revocation({ of, onClose }: Props & { of: DeviceKeyView }) {
  const queries = useQueryClient()
  const signing = useSigning('revoke a key')
  async function revoke() {
    if (!(await signing.publish((trust) => withoutOperator(trust, of.key)))) return
    // Or it would wait for approval again.
    if (of.announced_at !== null) {
      await forgetKey(of.key).catch((error) => toast.failed('The key is revoked, and still listed', error))
      await queries.invalidateQueries({ queryKey: key.keys })
    }
    toast.ok('The key is revoked', 'Hosts that are away hear of it when they connect again.')
    onClose()
  }
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Revoke the key “${keyName(of)}”?`}
      verb="Sign and revoke"
      danger
      // The whole name has a dot that no keyboard has; the words above tell keys of one person apart.
      typeName={of.person ?? of.name}
      busy={signing.busy}
      disabled={!signing.ready}
      onConfirm={() => void revoke()}
    >
      <Stack>
        <Fingerprint of={of} />
        <p>
          Hosts believe nothing that it signs from now on. What it signed before stands: hosts that it
          admitted stay members, plans stay as they are.
        </p>
        {signing.notice}
        {signing.error !== null && <ErrorState error={signing.error} title="The key is not revoked" />}
      </Stack>
    </ConfirmDialog>
  )
}

export function LowerKeyDialog(props: Props) {
  return props.of === null ? null : <Lowering {...props} of={props.of} />
}

function Lowering({ of, onClose }: Props & { of: DeviceKeyView }) {
  const signing = useSigning('change a key')
  async function lower() {
    const next = { key: of.key, name: of.person ?? of.name, role: 'operator' } as const
    const done = await signing.publish((trust) => withOperator(trust, next))
    if (!done) return
    toast.ok('The key may sign as operator')
    onClose()
  }
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Let the key “${keyName(of)}” sign as operator only?`}
      verb="Sign and lower"
      keep="Leave it"
      busy={signing.busy}
      disabled={!signing.ready}
      onConfirm={() => void lower()}
    >
      <Stack>
        <Fingerprint of={of} />
        <p>
          It is what {of.person ?? 'its owner'} is now. Hooks, approvals and retiring take an admin’s key.
        </p>
        {signing.notice}
        {signing.error !== null && <ErrorState error={signing.error} title="The key is as it was" />}
      </Stack>
    </ConfirmDialog>
  )
}
