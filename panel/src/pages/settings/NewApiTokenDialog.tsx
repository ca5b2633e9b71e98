// A new API token: what it is for, what it may, how long; then the secret, this once.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import { makeApiToken } from '../../api/calls'
import { isApiError } from '../../api/error'
import { fleetQuery, key } from '../../api/queries'
import type { ApiTokenMade, MeView, Role } from '../../api/types.gen'
import { curlExample, daysOf, LIFETIMES, type Lifetime } from '../../model/apiTokens'
import { rolesUpTo } from '../../model/roles'
import {
  Button,
  CopyText,
  Dialog,
  ErrorState,
  FieldStack,
  FormActions,
  Notice,
  SelectField,
  Stack,
  TextField,
} from '../../ui'
import { RoleField } from './RoleField'

interface Props {
  me: MeView
  open: boolean
  onClose: () => void
}

export function NewApiTokenDialog(props: Props) {
  const { open, onClose } = props
  const [made, setMade] = useState<ApiTokenMade | null>(null)
  useEffect(() => {
    if (!open) setMade(null)
  }, [open])
  if (made === null) return <Form {...props} onMade={setMade} />
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`The token ${made.token.name}`}
      size="lg"
      actions={
        <Button look="primary" onClick={onClose}>
          I have stored it
        </Button>
      }
    >
      <Made made={made} />
    </Dialog>
  )
}

function Made({ made }: { made: ApiTokenMade }) {
  const fleet = useQuery(fleetQuery)
  const url = fleet.data?.coordinator.public_url || location.origin
  return (
    <Stack>
      <Notice tone="warn" title="It is shown only now">
        Whoever has it may do what {made.token.role}s may, in your name. Store it where its program alone can
        read it.
      </Notice>
      <CopyText block text={made.secret} what="the token" data-testid="api-token-secret" />
      <p>For example, without showing it to everybody who lists this machine’s processes:</p>
      <CopyText block text={curlExample(url, made.secret)} what="the example" />
    </Stack>
  )
}

function Form({ me, open, onClose, onMade }: Props & { onMade: (made: ApiTokenMade) => void }) {
  const queries = useQueryClient()
  const form = useId()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [lifetime, setLifetime] = useState<Lifetime>('90')
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => {
    if (!open) return
    setName('')
    setRole('viewer')
    setLifetime('90')
    setTried(false)
    setError(null)
  }, [open])
  const field = (what: string) => (isApiError(error) ? error.field(what) : undefined)

  async function submit() {
    setTried(true)
    if (name.trim() === '') return
    setBusy(true)
    setError(null)
    try {
      onMade(await makeApiToken({ name: name.trim(), role, ...daysOf(lifetime) }))
      await queries.invalidateQueries({ queryKey: key.apiTokens })
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="A new API token"
      busy={busy}
      actions={
        <FormActions form={form} onCancel={onClose} busy={busy}>
          Make the token
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
            help="The program that uses it, so that you know what stops when you revoke it."
            required
            autoFocus
            value={name}
            onChange={setName}
            error={tried && name.trim() === '' ? 'Say what it is for.' : field('name')}
          />
          <RoleField
            label="It may do what this role may"
            roles={rolesUpTo(me.role)}
            value={role}
            onChange={setRole}
            error={field('role')}
          />
          <SelectField
            label="Expires after"
            choices={LIFETIMES}
            value={lifetime}
            onChange={setLifetime}
            error={field('days')}
            help={
              lifetime === 'never'
                ? 'Somebody has to remember it: until it is revoked, whoever finds it gets in.'
                : undefined
            }
          />
          {error !== null && !(isApiError(error) && error.fields.length > 0) && (
            <ErrorState error={error} title="No token was made" />
          )}
        </FieldStack>
      </form>
    </Dialog>
  )
}
