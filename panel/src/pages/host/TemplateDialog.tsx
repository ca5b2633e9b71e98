// Saves the plan, as the host has it, as a template for other hosts.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import { putTemplate } from '../../api/calls'
import { key, templatesQuery } from '../../api/queries'
import {
  TEMPLATE_NAME_MOST,
  templateNamed,
  templateNameProblem,
  templateOf,
  templateWords,
} from '../../model/template'
import { paths } from '../../paths'
import { Button, Dialog, ErrorState, FieldStack, LinkButton, Notice, TextField, toast } from '../../ui'
import { usePlanEdit } from './planEdit'

export function TemplateDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { view, draft } = usePlanEdit()
  const queries = useQueryClient()
  const templates = useQuery({ ...templatesQuery, enabled: open })
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const form = useId()
  useEffect(() => {
    if (open) setFailure(null)
  }, [open])
  const trimmed = name.trim()
  const there = templateNamed(templates.data ?? [], trimmed)
  const problem = trimmed === '' ? undefined : (templateNameProblem(trimmed) ?? undefined)
  const template = templateOf(view.plan)

  async function save() {
    setBusy(true)
    setFailure(null)
    try {
      await putTemplate(there?.name ?? trimmed, { plan: template }, there)
      await queries.invalidateQueries({ queryKey: key.templates })
      toast.ok(`Saved as the template ${there?.name ?? trimmed}`, 'It can be given to other hosts now.')
      onClose()
    } catch (error) {
      setFailure(error)
      // A colleague may have changed it: the next attempt is based on what is there then.
      void queries.invalidateQueries({ queryKey: key.templates })
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Save the plan as a template"
      busy={busy}
      actions={
        <>
          <LinkButton to={paths.templates} look="quiet">
            All templates
          </LinkButton>
          <Button onClick={onClose} disabled={busy}>
            Cancel
          </Button>
          <Button
            look="primary"
            type="submit"
            form={form}
            busy={busy}
            disabled={trimmed === '' || problem !== undefined}
          >
            {there === undefined ? 'Save' : `Replace ${there.name}`}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault()
          if (trimmed !== '' && problem === undefined) void save()
        }}
      >
        <FieldStack>
          <p>
            It keeps {templateWords(template)}, the maintenance and the limits, and which hooks run.
            Destinations, credentials, scripts and pings stay with this host.
          </p>
          {draft !== null && (
            <Notice tone="idle">
              Your unsaved edit is not in it: a template is of the plan that the host has.
            </Notice>
          )}
          <TextField
            label="Name of the template"
            mono
            autoFocus
            value={name}
            onChange={setName}
            error={problem}
            help={
              there === undefined
                ? 'Such as webservers.'
                : `There is one already, saved by ${there.made_by}: it would be replaced. Hosts that were given it keep what they have.`
            }
            maxLength={TEMPLATE_NAME_MOST}
          />
          {failure !== null && <ErrorState error={failure} title="The template was not saved" />}
        </FieldStack>
      </form>
    </Dialog>
  )
}
