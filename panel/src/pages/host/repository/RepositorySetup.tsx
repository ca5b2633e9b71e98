// A repository for a host that has none, or the destination of one changed: form, check, and one signed order that carries
// the plan and the sealed credentials. What the host has already stays unless it is replaced.

import { useEffect, useId, useState } from 'react'
import { checkPlan } from '../../../api/calls'
import type { Plan, PlanProblem } from '../../../api/types.gen'
import { credentialKinds, credentialSlot } from '../../../model/credentials'
import { existingRepository, lostFields, type Standing } from '../../../model/destination'
import { normalise, same } from '../../../model/plan'
import {
  backendOf,
  draftProblems,
  fromPlanProblems,
  locationOf,
  type RepositoryDraft,
  secretsOf,
} from '../../../model/repository'
import { newRepository } from '../../../parts/newRepository'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { RepositoryFields } from '../../../parts/RepositoryFields'
import { Actions, Button, Dialog, FormActions, Notice, Stack, toast } from '../../../ui'
import { useHost } from '../context'
import { type PlanEdit, type TypedValue, usePlanEdit } from '../planEdit'
import { BesideNotice } from './BesideNotice'
import { useBeside } from './beside'

interface FormProps {
  name: string
  form: string
  /** Called when the order is on its way. */
  done: () => void
  setBusy: (busy: boolean) => void
  /** Something beside the form is missing still. */
  blocked?: boolean
  /** The repository is to begin anew: with a password of its own. */
  anew?: boolean
}

export function SetupForm({ name, form, done, setBusy, blocked = false, anew = false }: FormProps) {
  const { host } = useHost()
  const edit = usePlanEdit()
  const { plan, view, save, operator } = edit
  const beside = useBeside(name)
  const [draft, setDraft] = useState<RepositoryDraft>(() => begun(name, edit, anew))
  const [problems, setProblems] = useState<Record<string, string>>(() => lost(name, edit))
  const [others, setOthers] = useState<readonly PlanProblem[]>([])
  const backend = backendOf(draft, host.row.name)
  const before = view.plan.repositories[name]?.backend
  const moves = before !== undefined && locationOf(before) !== locationOf(backend)

  async function submit() {
    const missing = draftProblems(draft)
    setProblems(missing)
    setOthers([])
    if (blocked || beside.blocked || Object.keys(missing).length > 0 || !mayAct(operator, 'admin')) return
    const secrets = valuesOf(draft, host.row.name, name)
    const change = (whole: Plan): Plan => ({
      ...whole,
      repositories: { ...whole.repositories, [name]: { ...whole.repositories[name], backend } },
    })
    if (same(change(plan), plan) && same(before, backend) && secrets.every(({ value }) => value === null)) {
      setProblems({ '': 'Nothing of it is changed yet.' })
      return
    }
    setBusy(true)
    try {
      const answer = await checkPlan(normalise(change(plan)))
      const found = fromPlanProblems(answer.problems, name)
      setProblems(found)
      setOthers(answer.problems.filter(({ field }) => !field.startsWith(`repositories.${name}.backend.`)))
      if (answer.problems.length === 0 && (await save({ secrets, change }))) done()
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
        <BesideNotice beside={beside} others={others} />
        {moves && (
          <Notice tone="warn" title="Snapshots stay where they are">
            From then on the host backs up to the new place. What is in the old repository is neither moved
            nor deleted, and no longer looked after.
          </Notice>
        )}
        <RepositoryFields draft={draft} onChange={setDraft} problems={problems} hostname={host.row.name} />
        {problems[''] !== undefined && (
          <Notice tone="warn" role="alert">
            {problems['']}
          </Notice>
        )}
      </Stack>
    </form>
  )
}

/** As the plan has it, with what was typed for it; a repository that it does not name yet begins empty, with a password. */
function begun(name: string, edit: PlanEdit, anew: boolean): RepositoryDraft {
  const planned = edit.plan.repositories[name]
  if (planned === undefined) return newRepository()
  const heldFor = edit.view.plan.repositories[name]?.backend.kind ?? null
  const draft = existingRepository(name, planned.backend, heldFor, standingIn(edit))
  if (!anew) return draft
  return { ...draft, password: newRepository().password, held: { ...draft.held, password: 'replaced' } }
}

function lost(name: string, edit: PlanEdit): Record<string, string> {
  const planned = edit.plan.repositories[name]
  return planned === undefined ? {} : lostFields(name, planned.backend.kind, standingIn(edit))
}

function standingIn({ secret }: PlanEdit): (slot: string) => Standing {
  return (slot) => {
    const { held, typed, lost } = secret(slot)
    return { held: held !== undefined, typed, lost }
  }
}

/** Every credential of the destination: what is typed, or that what the host has stays. */
function valuesOf(draft: RepositoryDraft, hostname: string, name: string): TypedValue[] {
  const typed = new Map(secretsOf(draft, hostname, name).map(({ slot, value }) => [slot, value]))
  return credentialKinds(draft.kind).map((kind) => {
    const slot = credentialSlot(name, kind)
    return { slot, value: typed.get(slot) ?? null }
  })
}

export function RepositorySetup({ name }: { name: string }) {
  const { operator, draft, saving } = usePlanEdit()
  const { blocked } = useBeside(name)
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
          disabled={!mayAct(operator, 'admin') || draft?.sent != null || blocked}
        >
          Seal, sign and save
        </Button>
      </Actions>
    </Stack>
  )
}

export function DestinationDialog({
  name,
  open,
  anew,
  onClose,
}: {
  name: string
  open: boolean
  /** At another place, with a password of its own. */
  anew: boolean
  onClose: () => void
}) {
  const { operator, draft } = usePlanEdit()
  const { blocked } = useBeside(name)
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
      title={anew ? `Another destination for ${name}` : `Destination of ${name}`}
      size="lg"
      busy={busy}
      actions={
        <FormActions
          form={form}
          onCancel={onClose}
          busy={busy}
          disabled={!mayAct(operator, 'admin') || draft?.sent != null || blocked}
          icon="key"
        >
          Seal, sign and save
        </FormActions>
      }
    >
      <SetupForm key={round} name={name} form={form} done={onClose} setBusy={setBusy} anew={anew} />
    </Dialog>
  )
}
