// An old revision as a new edit: what it would change now, and then it is an unsaved edit like any other.

import { useQuery } from '@tanstack/react-query'
import { planRevisionQuery } from '../../api/queries'
import type { PlanRevisionView } from '../../api/types.gen'
import { changes } from '../../model/plan'
import { PlanDiff } from '../../parts/PlanDiff'
import { Button, Dialog, ErrorState, Notice, Skeleton, Stack } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'

const NONE = { revision: 0, place: '' }

export function RestoreDialog(props: {
  past: PlanRevisionView | null
  onClose: () => void
  restored: () => void
}) {
  const { past, onClose, restored } = props
  const { agent } = useHost()
  const { plan, draft, edit, setNote } = usePlanEdit()
  const old = useQuery({ ...planRevisionQuery(agent, past ?? NONE), enabled: past !== null })
  const wanted = past === null ? undefined : old.data?.plan
  const all = wanted === undefined ? [] : changes(plan, wanted)
  return (
    <Dialog
      open={past !== null}
      onClose={onClose}
      title={`Restore revision ${past?.revision ?? ''}`}
      size="lg"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={wanted === undefined || all.length === 0}
            onClick={() => {
              if (wanted === undefined || past === null) return
              edit(() => wanted)
              setNote(`restores revision ${past.revision}`)
              restored()
            }}
          >
            Make it my edit
          </Button>
        </>
      }
    >
      <Stack>
        <p>
          The plan becomes what it was then, as a new revision. Nothing is saved yet: look at it, and sign it.
          Scripts and credentials stay as they are now.
        </p>
        {draft !== null && (
          <Notice tone="warn" title="There is an unsaved edit">
            What is below is against that edit; restoring takes its place.
          </Notice>
        )}
        {old.isError ? (
          <ErrorState error={old.error} retry={() => void old.refetch()} />
        ) : wanted === undefined ? (
          <Skeleton rows={4} label="Loading the revision" />
        ) : (
          <PlanDiff changes={all} label="What restoring it changes" />
        )}
      </Stack>
    </Dialog>
  )
}
