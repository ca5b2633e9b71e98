// Revoking an API token, after a question: what uses it stops at once.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { revokeApiToken } from '../../api/calls'
import { key } from '../../api/queries'
import type { ApiTokenView } from '../../api/types.gen'
import { ConfirmDialog, RelativeTime, toast } from '../../ui'

export function RevokeApiTokenDialog(props: { token: ApiTokenView | null; onClose: () => void }) {
  const { token, onClose } = props
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  async function revoke(id: number) {
    setBusy(true)
    try {
      await revokeApiToken(id)
      toast.ok('The token is revoked')
      onClose()
    } catch (error) {
      toast.failed('The token was not revoked', error)
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: key.apiTokens })
    }
  }
  return (
    <ConfirmDialog
      open={token !== null}
      onClose={onClose}
      title={`Revoke the token ${token?.name ?? ''}?`}
      verb="Revoke"
      danger
      busy={busy}
      onConfirm={() => token !== null && void revoke(token.id)}
    >
      <p>
        Whatever uses it is refused from its next request on. Last used:{' '}
        <RelativeTime at={token?.used_at ?? null} />.
      </p>
    </ConfirmDialog>
  )
}
