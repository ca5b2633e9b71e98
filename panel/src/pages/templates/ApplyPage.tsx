// Gives a template to hosts: choose them, see for each what would change, sign one order for each, see what became of it.

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useParams } from 'react-router'
import { templatesQuery } from '../../api/queries'
import type { TemplateView } from '../../api/types.gen'
import { LONGEST_NOTE } from '../../model/draft'
import { roleFor, slotWords } from '../../model/plan'
import { templateWords } from '../../model/template'
import { Allowed } from '../../parts/Allowed'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { type Operator, useOperator } from '../../parts/operator'
import { paths } from '../../paths'
import {
  Actions,
  Button,
  CheckField,
  EmptyState,
  ErrorState,
  FieldStack,
  LinkButton,
  Page,
  Section,
  Skeleton,
  Stack,
  TextAreaField,
  TextField,
} from '../../ui'
import { GivenHost } from './GivenHost'
import { type Given, lacking, type Prospect, prospect, type Terms, useGiving } from './giving'
import { type Chosen, HostPicker } from './HostPicker'

const TRAIL = [{ to: paths.templates, label: 'Templates' }]

export default function ApplyPage() {
  const { name = '' } = useParams()
  const templates = useQuery(templatesQuery)
  const template = templates.data?.find((one) => one.name === name)
  if (template !== undefined) {
    return (
      <Allowed needed="operator" what="change the plans of hosts">
        <Apply key={name} template={template} />
      </Allowed>
    )
  }
  return (
    <Page title={`Give ${name} to hosts`} trail={TRAIL}>
      {templates.isError ? (
        <ErrorState error={templates.error} retry={() => void templates.refetch()} />
      ) : templates.data === undefined ? (
        <Skeleton rows={6} label="Loading the template" />
      ) : (
        <EmptyState
          title={`There is no template ${name}`}
          action={<LinkButton to={paths.templates}>All templates</LinkButton>}
        >
          It may have been renamed or deleted.
        </EmptyState>
      )}
    </Page>
  )
}

function Apply({ template: { name, plan } }: { template: TemplateView }) {
  const operator = useOperator()
  const giving = useGiving()
  const { rows, busy } = giving
  const [chosen, setChosen] = useState<readonly Chosen[]>([])
  const [exact, setExact] = useState(false)
  const [scripts, setScripts] = useState<ReadonlyMap<string, string>>(new Map())
  const terms = useMemo<Terms>(() => ({ template: plan, exact, scripts }), [plan, exact, scripts])
  const prospects = useMemo(
    () => new Map(rows.map((row) => [row.agent, prospect(row, terms)])),
    [rows, terms],
  )
  return (
    <Page
      title={`Give ${name} to hosts`}
      trail={TRAIL}
      lead={`${templateWords(plan)}. Each host keeps its repositories, credentials, presence and pings.`}
    >
      <OperatorNotice operator={operator} needed="operator" what="change the plans of hosts" />
      <Section title="1. Which hosts">
        <FieldStack>
          <HostPicker chosen={chosen} onChange={setChosen} disabled={busy} />
          <CheckField
            label="Take out groups and schedules that the template does not have"
            help="Their snapshots stay, but nothing backs up those paths or forgets old snapshots any more."
            checked={exact}
            onChange={setExact}
            disabled={busy}
          />
          <Actions>
            <Button
              look={rows.length === 0 ? 'primary' : 'default'}
              disabled={chosen.length === 0 || busy}
              onClick={() => void giving.read(chosen)}
              data-testid="compare-hosts"
            >
              {rows.length === 0 ? 'Show what would change' : 'Compare again'}
            </Button>
          </Actions>
        </FieldStack>
      </Section>
      {rows.length > 0 && (
        <>
          <Prospects
            giving={giving}
            terms={terms}
            prospects={prospects}
            operator={operator}
            onScripts={setScripts}
          />
          <Signing name={name} giving={giving} terms={terms} prospects={prospects} operator={operator} />
        </>
      )}
    </Page>
  )
}

interface StepProps {
  giving: ReturnType<typeof useGiving>
  terms: Terms
  /** By agent; of what is read by now. */
  prospects: ReadonlyMap<string, Prospect | null>
  operator: Operator
}

function Prospects(props: StepProps & { onScripts: (scripts: ReadonlyMap<string, string>) => void }) {
  const { giving, terms, prospects, operator, onScripts } = props
  const { rows, busy } = giving
  const wanted = [...new Set(rows.flatMap((row) => lacking(row, terms.template)))]
  return (
    <Section
      title="2. What would change"
      lead="Computed here from each host’s plan. Nothing is signed yet."
      data-testid="prospects"
    >
      <Stack>
        {wanted.length > 0 && (
          <Scripts
            slots={wanted}
            rows={rows}
            terms={terms}
            admin={mayAct(operator, 'admin')}
            disabled={busy}
            onChange={onScripts}
          />
        )}
        {rows.map((row) => (
          <GivenHost
            key={row.agent}
            row={row}
            prospect={prospects.get(row.agent) ?? null}
            operator={operator}
            again={() => void giving.reread(row.agent)}
          />
        ))}
      </Stack>
    </Section>
  )
}

function Signing({ name, giving, terms, prospects, operator }: StepProps & { name: string }) {
  const { rows, busy } = giving
  const [note, setNote] = useState(`template ${name}`)
  const ready = rows.filter((row) => isGivable(row, prospects.get(row.agent) ?? null, operator))
  return (
    <Section title="3. Sign and give">
      <FieldStack>
        <TextField
          label="Why (for the plans’ histories)"
          value={note}
          onChange={setNote}
          maxLength={LONGEST_NOTE}
          disabled={busy}
        />
        <p role="status">{progressWords(rows)}</p>
        <Actions>
          <Button
            look="primary"
            busy={busy}
            disabled={!mayAct(operator, 'operator') || ready.length === 0}
            onClick={() => {
              if (operator.state === 'ready') void giving.give(ready, terms, note, operator)
            }}
            data-testid="give-template"
          >
            Sign and give to {ready.length} {ready.length === 1 ? 'host' : 'hosts'}
          </Button>
        </Actions>
      </FieldStack>
    </Section>
  )
}

/** Read, something would change, nothing is in the way, and this browser's key may sign it. */
function isGivable(row: Given, would: Prospect | null, operator: Operator): boolean {
  if (row.state !== 'read' || would === null || would.problems.length > 0) return false
  const work = would.changes.length + would.along.length > 0
  return work && mayAct(operator, would.along.length > 0 ? 'admin' : roleFor(would.changes))
}

function progressWords(rows: readonly Given[]): string {
  const count = (state: Given['state']) => rows.filter((row) => row.state === state).length
  const parts: [number, string][] = [
    [count('reading'), 'being read'],
    [count('giving'), 'under way'],
    [count('saved'), 'saved'],
    [count('waiting'), 'waiting for the host'],
    [count('refused') + count('failed'), 'not done'],
  ]
  const said = parts.filter(([n]) => n > 0).map(([n, words]) => `${n} ${words}`)
  return said.length === 0 ? 'Nothing was given yet.' : `${said.join(', ')}.`
}

/** The scripts that some of the hosts lack: given to those alone. */
function Scripts(props: {
  slots: readonly string[]
  rows: readonly Given[]
  terms: Terms
  admin: boolean
  disabled: boolean
  onChange: (scripts: ReadonlyMap<string, string>) => void
}) {
  const { slots, rows, terms, admin, disabled, onChange } = props
  return (
    <FieldStack>
      {slots.map((slot) => {
        const names = rows
          .filter((row) => lacking(row, terms.template).includes(slot))
          .map(({ name }) => name)
        return (
          <TextAreaField
            key={slot}
            label={`Script: ${slotWords(slot)}`}
            help={
              admin
                ? `Missing on ${names.join(', ')}: sealed to each of them in this browser. Left empty, their own choice stays.`
                : `Missing on ${names.join(', ')}. Only an admin’s key can give it; without it their own choice stays.`
            }
            mono
            value={terms.scripts.get(slot) ?? ''}
            disabled={disabled || !admin}
            onChange={(value) => {
              const next = new Map(terms.scripts)
              if (value === '') next.delete(slot)
              else next.set(slot, value)
              onChange(next)
            }}
          />
        )
      })}
    </FieldStack>
  )
}
