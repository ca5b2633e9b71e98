// A repository for a host that has none, or another destination for one: form, check, and one signed order that carries
// the plan and the sealed credentials.

import { useEffect, useId, useState } from 'react'
import { checkPlan } from '../../api/calls'
import type { Plan } from '../../api/types.gen'
import { normalise } from '../../model/plan'
import {
  backendOf,
  draftProblems,
  fromPlanProblems,
  type RepositoryDraft,
  secretsOf,
} from '../../model/repository'
import { newRepository } from '../../parts/newRepository'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { RepositoryFields } from '../../parts/RepositoryFields'
import { Actions, Button, Dialog, Notice, Stack, toast } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'

/** `done` is called when the order is on its way. */
function SetupForm({
  name,
  form,
  done,
  setBusy,
}: {
  name: string
  form: string
  done: () => void
  setBusy: (busy: boolean) => void
}) {
  const { host } = useHost()
  const { plan, save, operator } = usePlanEdit()
  const [draft, setDraft] = useState<RepositoryDraft>(newRepository)
  const [problems, setProblems] = useState<Record<string, string>>({})

  async function submit() {
    const missing = draftProblems(draft)
    setProblems(missing)
    if (Object.keys(missing).length > 0 || !mayAct(operator, 'admin')) return
    setBusy(true)
    try {
      const backend = backendOf(draft, host.row.name)
      const change = (before: Plan): Plan => ({
        ...before,
        repositories: { ...before.repositories, [name]: { backend } },
      })
      const answer = await checkPlan(normalise(change(plan)))
      const found = fromPlanProblems(answer.problems, name)
      setProblems(found)
      if (Object.keys(found).length > 0) return
      if (await save({ secrets: secretsOf(draft, host.row.name, name), change })) done()
    } catch (error) {
      toast.failed('The repository was not saved', error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form
      id={form}
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <Stack>
        <OperatorNotice operator={operator} needed="admin" what="decide where backups go" />
        <RepositoryFields draft={draft} onChange={setDraft} problems={problems} hostname={host.row.name} />
      </Stack>
    </form>
  )
}

export function RepositorySetup({ name }: { name: string }) {
  const { operator, draft, saving } = usePlanEdit()
  const [busy, setBusy] = useState(false)
  const form = useId()
  return (
    <Stack>
      <SetupForm name={name} form={form} done={() => {}} setBusy={setBusy} />
      <Actions>
        <Button
          look="primary"
          icon="key"
          type="submit"
          form={form}
          busy={busy || saving}
          disabled={!mayAct(operator, 'admin') || draft?.sent != null}
        >
          Seal, sign and save
        </Button>
      </Actions>
    </Stack>
  )
}

export function MoveRepositoryDialog({
  name,
  open,
  onClose,
}: {
  name: string
  open: boolean
  onClose: () => void
}) {
  const { operator, draft } = usePlanEdit()
  const [busy, setBusy] = useState(false)
  const [round, setRound] = useState(0)
  const form = useId()
  // A fresh form each time it opens: no password lingers in a closed dialog.
  useEffect(() => {
    if (open) setRound((before) => before + 1)
  }, [open])
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Another destination for ${name}`}
      size="lg"
      busy={busy}
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button
            look="primary"
            icon="key"
            type="submit"
            form={form}
            busy={busy}
            disabled={!mayAct(operator, 'admin') || draft?.sent != null}
          >
            Seal, sign and save
          </Button>
        </>
      }
    >
      <Stack>
        <Notice tone="warn" title="Snapshots stay where they are">
          From then on the host backs up to the new place. What is in the old repository is neither moved nor
          deleted, and no longer looked after.
        </Notice>
        <SetupForm key={round} name={name} form={form} done={onClose} setBusy={setBusy} />
      </Stack>
    </Dialog>
  )
}
