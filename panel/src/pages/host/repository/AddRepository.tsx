// One more repository for a host, such as the destination of copies: its name, then the same form as for the first.

import { useEffect, useId, useState } from 'react'
import { isName, NAME_RULE } from '../../../model/plan'
import { mayAct } from '../../../parts/OperatorNotice'
import { Dialog, FormActions, Stack, TextField } from '../../../ui'
import { usePlanEdit } from '../planEdit'
import { useBeside } from './beside'
import { SetupForm } from './RepositorySetup'

export function AddRepositoryDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { operator, draft, plan } = usePlanEdit()
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [round, setRound] = useState(0)
  const form = useId()
  // A fresh form each time it opens: no password lingers in a closed dialog.
  useEffect(() => {
    if (!open) return
    setName('')
    setRound((before) => before + 1)
  }, [open])
  const wanted = name.trim()
  const problem =
    wanted === ''
      ? null
      : !isName(wanted)
        ? `A name takes ${NAME_RULE}.`
        : wanted in plan.repositories
          ? 'That name is taken.'
          : null
  const ready = wanted !== '' && problem === null
  const { blocked } = useBeside(wanted)
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Add a repository"
      size="lg"
      busy={busy}
      actions={
        <FormActions
          form={form}
          onCancel={onClose}
          busy={busy}
          disabled={!ready || !mayAct(operator, 'admin') || draft?.sent != null || blocked}
          icon="key"
        >
          Seal, sign and save
        </FormActions>
      }
    >
      <Stack>
        <p>
          Groups choose where they go, and may have each new snapshot copied to a second repository, best in
          another place with another login.
        </p>
        <TextField
          label="Name"
          mono
          required
          autoFocus
          value={name}
          onChange={setName}
          error={problem}
          maxLength={64}
          placeholder="second"
          help="What groups and jobs call it; not part of the destination."
        />
        <SetupForm key={round} name={wanted} form={form} done={onClose} setBusy={setBusy} blocked={!ready} />
      </Stack>
    </Dialog>
  )
}
