// A host that left the fleet: what that means, and the removal of what is still here of it.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { removeHost } from '../../api/calls'
import { key, sessionQuery } from '../../api/queries'
import { covers } from '../../model/roles'
import { paths } from '../../paths'
import { Button, ConfirmDialog, Notice, RelativeTime, toast } from '../../ui'
import { useHost } from './context'

export function Retired() {
  const { host } = useHost()
  if (host.retired_at === null) return null
  return (
    <Notice
      tone="idle"
      title={
        <>
          Retired <RelativeTime at={host.retired_at} />
        </>
      }
      role="status"
      action={<RemoveHost />}
    >
      It takes no more orders from this fleet. By itself it goes on backing up by its last plan, and keeps
      everything it has; to end that, stop or uninstall its agent. What you see is what it said until then.
    </Notice>
  )
}

/** Takes the host off the fleet page. For admins, and only once it is retired or away. */
export function RemoveHost() {
  const { agent, host } = useHost()
  const session = useQuery(sessionQuery)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  if (!covers(session.data?.role, 'admin')) return null

  async function remove() {
    setBusy(true)
    try {
      await removeHost(agent)
      toast.ok(`${host.row.name} was removed`, 'Its repository and its agent are as they were.')
      void navigate(paths.fleet)
      queries.removeQueries({ queryKey: key.host(agent) })
      void queries.invalidateQueries({ queryKey: key.hosts })
      void queries.invalidateQueries({ queryKey: key.tiles })
    } catch (error) {
      toast.failed(`${host.row.name} was not removed`, error)
      setBusy(false)
    }
  }

  return (
    <>
      <Button small icon="trash" onClick={() => setAsking(true)} data-testid="remove-host">
        Remove…
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={`Remove ${host.row.name}?`}
        verb="Remove it"
        danger
        typeName={host.row.name}
        busy={busy}
        onConfirm={() => void remove()}
      >
        <p>
          Its page, its jobs and logs, and the copy of its journal leave this coordinator for good. Snapshots,
          repository and agent are not touched.
          {host.retired_at === null &&
            ' It was never retired: if it still lives it comes back by itself, with all of its journal.'}
        </p>
      </ConfirmDialog>
    </>
  )
}
