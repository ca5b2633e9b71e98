// A person's e-mail and role. Takes effect on their next request.

import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { changePerson } from '../../api/calls'
import { isApiError } from '../../api/error'
import { key } from '../../api/queries'
import type { PersonEdit, PersonView, Role } from '../../api/types.gen'
import { providerReason } from '../../model/people'
import { covers, ROLES } from '../../model/roles'
import { keptName, useKept, usePerson } from '../../parts/kept'
import { Actions, Button, ErrorState, FieldStack, Notice, Section, TextField, toast } from '../../ui'
import { RoleField } from './RoleField'

interface Props {
  person: PersonView
  /** Why the role cannot be taken. */
  lastAdmin: string | null
}

export function PersonForm({ person, lastAdmin }: Props) {
  const queries = useQueryClient()
  const [typed, setTyped] = useTyped(person.id)
  const { email = person.email ?? '', role = person.role } = typed
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const managed = providerReason(person)
  const edit: PersonEdit = {
    ...(email.trim() !== (person.email ?? '') && { email: email.trim() }),
    ...(role !== person.role && { role }),
  }
  const changed = Object.keys(edit).length > 0
  const field = (what: string) => (isApiError(error) ? error.field(what) : undefined)

  async function save() {
    setBusy(true)
    setError(null)
    try {
      await changePerson(person.id, edit)
      setTyped({})
      toast.ok(`${person.name} is changed`)
    } catch (problem) {
      setError(problem)
    } finally {
      setBusy(false)
      await queries.invalidateQueries({ queryKey: key.people })
    }
  }

  return (
    <Section title="Role and e-mail" data-testid="person-form">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (changed) void save()
        }}
      >
        <FieldStack>
          {managed !== null && (
            <Notice tone="idle" title="Read-only here">
              {managed}
            </Notice>
          )}
          <TextField
            label="E-mail"
            value={email}
            onChange={(value) => setTyped((before) => ({ ...before, email: value }))}
            disabled={managed !== null}
            error={field('email')}
          />
          <RoleField
            value={role}
            onChange={(value) => setTyped((before) => ({ ...before, role: value }))}
            disabled={managed !== null || lastAdmin !== null}
            error={field('role')}
          />
          {lastAdmin !== null && managed === null && <p>{lastAdmin}</p>}
          {!covers(role, person.role) && (
            <Notice tone="warn" title="It counts at once, here">
              Hosts go by operator keys: what the person’s keys may sign is changed under Operator keys.
            </Notice>
          )}
          {error !== null && !(isApiError(error) && error.fields.length > 0) && (
            <ErrorState error={error} title="Nothing was changed" />
          )}
          {managed === null && (
            <Actions>
              {changed && (
                <Button onClick={() => setTyped({})} disabled={busy}>
                  Discard
                </Button>
              )}
              <Button type="submit" look="primary" busy={busy} disabled={!changed} data-testid="save-person">
                Save
              </Button>
            </Actions>
          )}
        </FieldStack>
      </form>
    </Section>
  )
}

/** Absent: as it is. What is typed and not saved stays over pages and reloads. */
interface Typed {
  email?: string
  role?: Role
}

function useTyped(id: number) {
  const me = usePerson() ?? ''
  const nothing = ({ email, role }: Typed) => email === undefined && role === undefined
  return useKept<Typed>(keptName(me, `person/${id}`), parsed, nothing)
}

/** What a tab kept; anything else is nothing. */
function parsed(text: string | null): Typed {
  if (text === null) return {}
  try {
    const kept = JSON.parse(text) as { email?: unknown; role?: unknown }
    const role = ROLES.find((one) => one === kept.role)
    return {
      ...(typeof kept.email === 'string' && { email: kept.email }),
      ...(role !== undefined && { role }),
    }
  } catch {
    return {}
  }
}
