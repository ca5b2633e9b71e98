// Gives the host one credential. The value is sealed before it leaves this browser, and is never shown again.

import { useEffect, useId, useState } from 'react'
import { ENVIRONMENT, environmentProblems } from '../../model/environment'
import type { BackendKind } from '../../model/repository'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { generatePassword } from '../../seal'
import {
  Button,
  Dialog,
  describe,
  FieldStack,
  FormActions,
  Notice,
  PasswordField,
  TextField,
  toast,
} from '../../ui'
import { useHost } from './context'
import { type CredentialSlot, useGiveSecret } from './credentials'
import { usePlanEdit } from './planEdit'

interface Props {
  slot: CredentialSlot
  backend: BackendKind
  /** The repository has never been ready for this host: a new password may be made. */
  fresh: boolean
  /** The host holds one for this already. */
  held: boolean
  open: boolean
  onClose: () => void
}

export function CredentialDialog({ slot, backend, fresh, held, open, onClose }: Props) {
  const { host } = useHost()
  const { operator } = usePlanEdit()
  const give = useGiveSecret()
  const form = useId()
  const [fields, setFields] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => {
    if (!open) return
    setFields(slot.kind === 'login' ? { user: host.row.name } : {})
    setFailure(null)
  }, [open, slot.kind, host.row.name])
  const set = (name: string) => (value: string) => setFields((before) => ({ ...before, [name]: value }))
  const value = secretOf(slot, backend, fields)
  const allowed = mayAct(operator, 'admin')

  async function submit() {
    if (value === null || !allowed) return
    setBusy(true)
    setFailure(null)
    try {
      const { outcome } = await give(slot.slot, value)
      if (outcome?.outcome === 'refused') {
        setFailure(`The host refused it. ${outcome.message} ${outcome.hint}`)
        return
      }
      if (outcome === null)
        toast.ok(
          `${slot.label} sealed; it waits for the host`,
          'Under “Waiting for the host” it can be withdrawn.',
        )
      else toast.ok(`${slot.label} given`, 'The host tries it now; what it finds appears here.')
      onClose()
    } catch (error) {
      setFailure(describe(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={slot.label}
      busy={busy}
      actions={
        <FormActions
          form={form}
          onCancel={onClose}
          busy={busy}
          disabled={value === null || !allowed}
          icon="key"
        >
          Seal and give
        </FormActions>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <FieldStack>
          <OperatorNotice operator={operator} needed="admin" what="give credentials" />
          <p>
            {slot.help} It is sealed here to {host.row.name} alone: the coordinator cannot read it.{' '}
            {held
              ? 'The host tries it on the repository first, and goes on with the one it has until the new one works.'
              : 'The host looks at once whether it opens the repository.'}
          </p>
          <SlotFields slot={slot} backend={backend} fresh={fresh} fields={fields} set={set} />
          {failure !== null && (
            <Notice tone="bad" title="Not given; what you typed is still here" role="alert">
              {failure}
            </Notice>
          )}
        </FieldStack>
      </form>
    </Dialog>
  )
}

function SlotFields(
  props: Pick<Props, 'slot' | 'backend' | 'fresh'> & {
    fields: Record<string, string>
    set: (name: string) => (value: string) => void
  },
) {
  const { slot, backend, fresh, fields, set } = props
  return (
    <>
      {slot.kind === 'password' && (
        <>
          <PasswordField
            label="Password"
            name="repository-password"
            autoFocus
            value={fields.password ?? ''}
            onChange={set('password')}
            help={
              fresh
                ? 'A new repository gets this password; an existing one is opened by it.'
                : 'The one that opens the repository as it is. This does not change the repository’s own password.'
            }
          />
          {fresh && (
            <div>
              <Button icon="key" onClick={() => set('password')(generatePassword())}>
                Make one
              </Button>
            </div>
          )}
        </>
      )}
      {slot.kind === 'login' && (
        <>
          <TextField label="User" mono name="login-user" value={fields.user ?? ''} onChange={set('user')} />
          <PasswordField
            label="Login password"
            name="login-password"
            value={fields.password ?? ''}
            onChange={set('password')}
          />
        </>
      )}
      {slot.kind === 'environment' &&
        ENVIRONMENT[backend].map(({ name, label, required, secret }) => {
          const Input = secret ? PasswordField : TextField
          return (
            <Input
              key={name}
              label={label}
              mono
              name={name}
              required={required}
              value={fields[name] ?? ''}
              onChange={set(name)}
            />
          )
        })}
    </>
  )
}

/** The secret as its slot wants it; `null` while something is missing. */
function secretOf(slot: CredentialSlot, backend: BackendKind, fields: Record<string, string>): string | null {
  const { user = '', password = '' } = fields
  if (slot.kind === 'password') return password === '' ? null : password
  if (slot.kind === 'login')
    return user.trim() === '' || password === '' ? null : JSON.stringify({ user: user.trim(), password })
  const known = ENVIRONMENT[backend]
  if (Object.keys(environmentProblems(backend, fields)).length > 0) return null
  const given = known.flatMap(({ name }): [string, string][] => {
    const text = fields[name]?.trim() ?? ''
    return text === '' ? [] : [[name, text]]
  })
  return given.length === 0 ? null : JSON.stringify(Object.fromEntries(given))
}
