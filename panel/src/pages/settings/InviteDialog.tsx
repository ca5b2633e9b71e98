// Inviting somebody: name, e-mail, role; then the setup link, this once. A name that a disabled person has offers to enable
// them again.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import { useNavigate } from 'react-router'
import { enablePerson, invite } from '../../api/calls'
import { isApiError } from '../../api/error'
import { key } from '../../api/queries'
import type { Role, SetupLinkView } from '../../api/types.gen'
import { paths } from '../../paths'
import { Button, Dialog, ErrorState, FieldStack, FormActions, Notice, TextField, toast } from '../../ui'
import { RoleField } from './RoleField'
import { SetupLink } from './SetupLink'

interface Props {
  open: boolean
  onClose: () => void
}

export function InviteDialog({ open, onClose }: Props) {
  const [made, setMade] = useState<SetupLinkView | null>(null)
  useEffect(() => {
    if (open) setMade(null)
  }, [open])
  if (made !== null) {
    return (
      <Dialog
        open={open}
        onClose={onClose}
        title={`${made.person.name} is invited`}
        actions={
          <Button look="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <SetupLink made={made} />
      </Dialog>
    )
  }
  return <InviteForm open={open} onClose={onClose} onMade={setMade} />
}

function InviteForm({ open, onClose, onMade }: Props & { onMade: (made: SetupLinkView) => void }) {
  const queries = useQueryClient()
  const form = useId()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [busy, setBusy] = useState(false)
  const [tried, setTried] = useState(false)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    if (!open) return
    setName('')
    setEmail('')
    setRole('viewer')
    setTried(false)
    setError(null)
  }, [open])
  const field = (what: string) => (isApiError(error) ? error.field(what) : undefined)
  const nameTaken = isApiError(error, 'name_taken', 'name_of_disabled') ? error.message : undefined

  async function submit() {
    setTried(true)
    if (name.trim() === '') return
    setBusy(true)
    setError(null)
    try {
      const mail = email.trim()
      onMade(await invite({ name: name.trim(), ...(mail !== '' && { email: mail }), role }))
      await queries.invalidateQueries({ queryKey: key.people })
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  const inField = nameTaken !== undefined || (isApiError(error) && error.fields.length > 0)
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Invite somebody"
      busy={busy}
      actions={
        <FormActions form={form} onCancel={onClose} busy={busy}>
          Make the setup link
        </FormActions>
      }
    >
      <form
        id={form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <FieldStack>
          <TextField
            label="Name"
            help="What they sign in with, whatever the case. It stays theirs for good."
            required
            autoFocus
            value={name}
            onChange={setName}
            error={
              tried && name.trim() === '' ? 'Somebody needs a name to sign in.' : (nameTaken ?? field('name'))
            }
          />
          {isApiError(error, 'name_of_disabled') && (
            <EnableAgain subject={error.subject} hint={error.hint} onDone={onClose} />
          )}
          <TextField label="E-mail" value={email} onChange={setEmail} error={field('email')} />
          <RoleField value={role} onChange={setRole} error={field('role')} />
          {error !== null && !inField && <ErrorState error={error} title="Nobody was invited" />}
        </FieldStack>
      </form>
    </Dialog>
  )
}

/** The name is a disabled person's: they come back as who they were, rather than somebody new under their name. */
function EnableAgain(props: { subject: string | null; hint: string; onDone: () => void }) {
  const { subject, hint, onDone } = props
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  async function enable(id: number) {
    setBusy(true)
    try {
      const person = await enablePerson(id)
      await queries.invalidateQueries({ queryKey: key.people })
      toast.ok(`${person.name} is enabled again`, 'With the role and the password of before.')
      onDone()
      navigate(paths.person(id))
    } catch (error) {
      toast.failed('Nobody was enabled', error)
    } finally {
      setBusy(false)
    }
  }
  const id = Number(subject)
  const known = subject !== null && Number.isSafeInteger(id)
  return (
    <Notice
      tone="warn"
      title="Is it the same person?"
      action={
        known && (
          <Button small busy={busy} onClick={() => void enable(id)}>
            Enable again
          </Button>
        )
      }
    >
      {hint}
    </Notice>
  )
}
