// One owner for a shared repository: shows for each host what changes, then signs and gives one plan edit to each, and tells
// what every one of them answered.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { giveOrder } from '../../../api/calls'
import { key } from '../../../api/queries'
import type { OrderView, Owner, PlanView, RepositoryView } from '../../../api/types.gen'
import { type OwnerStep, ownerStep, withOwner } from '../../../model/owner'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { useOperator } from '../../../parts/operator'
import { type Pen, signOrder } from '../../../seal'
import {
  Button,
  type Column,
  DataTable,
  Dialog,
  describe,
  Notice,
  Stack,
  StatusDot,
  type Tone,
} from '../../../ui'
import { useHost } from '../context'
import { aFewAtOnce, answerTo } from '../orders'
import { usePlanEdit } from '../planEdit'
import { type Sharer, useSharers } from './charges'

interface Target {
  agent: string
  name: string
  repository: string
  view: PlanView | undefined
  step: OwnerStep
  /** Its plan is not here yet, and nothing says that it will not come. */
  reading: boolean
  present: boolean
}

interface Told {
  tone: Tone
  words: string
  settled: boolean
}

const READING: Told = { tone: 'idle', words: 'its plan is read…', settled: true }

const STEPS: Readonly<Record<OwnerStep, Told>> = {
  change: { tone: 'run', words: 'will change', settled: false },
  already: { tone: 'ok', words: 'comes to it already', settled: true },
  governed: { tone: 'warn', words: 'its own plan.toml governs: edit the file there', settled: true },
  missing: { tone: 'warn', words: 'its plan is not here: try again', settled: true },
}

interface Props {
  name: string
  state: RepositoryView
  open: boolean
  onClose: () => void
}

export function OwnerDialog({ name, state, open, onClose }: Props) {
  const { agent, host } = useHost()
  const { view, draft, operator } = usePlanEdit()
  const owner: Owner = { agent, name: host.row.name }
  const targets = useTargets(name, useSharers(state, open), owner)
  const { asked, told, busy, propose } = useProposal(targets, owner, open)
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={`Make ${host.row.name} the owner of ${name}`}
      size="lg"
      busy={busy}
      data-testid="owner-dialog"
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            {asked === 0 ? 'Close' : 'Cancel'}
          </Button>
          {asked > 0 && (
            <Button
              look="primary"
              icon="key"
              busy={busy}
              disabled={!mayAct(operator, 'admin') || draft !== null}
              onClick={() => void propose()}
            >
              {asked === 1 ? 'Sign and give to 1 host' : `Sign and give to ${asked} hosts`}
            </Button>
          )}
        </>
      }
    >
      <Stack>
        <OperatorNotice operator={operator} needed="admin" what="name the owner of a repository" />
        <p>
          {host.row.name} alone prunes and checks it from then on, by its own cadences. Every other host goes
          on adding, and forgetting its own snapshots. An absent host takes the change when it is back; until
          all agree, nobody prunes.
        </p>
        {view.plan.repositories[name]?.append_only === true && (
          <Notice tone="warn" title={`${host.row.name} may only add to it`}>
            It checks then, but cannot prune. Where a keeper looks after the repository, name the keeper, on
            its own page.
          </Notice>
        )}
        {draft !== null && (
          <Notice tone="warn" title="This host’s plan has unsaved changes">
            Save or discard them first: they stay as they are.
          </Notice>
        )}
        <DataTable
          label="What changes at each host"
          rows={targets}
          columns={columns(owner, told)}
          rowKey={(target) => target.agent}
          rowTestId={(target) => `owner-of-${target.name}`}
        />
      </Stack>
    </Dialog>
  )
}

/** This host first, then those that share it. */
function useTargets(name: string, sharers: readonly Sharer[], owner: Owner): Target[] {
  const { agent, host, present } = useHost()
  const { view } = usePlanEdit()
  const step = ownerStep(agent, view, name, owner)
  return [
    { agent, name: host.row.name, repository: name, view, step, reading: false, present },
    ...sharers.map(({ sharing, view: theirs, present: there, error }) => ({
      agent: sharing.agent,
      name: sharing.name,
      repository: sharing.repository,
      view: theirs,
      step: ownerStep(sharing.agent, theirs, sharing.repository, owner),
      reading: theirs === undefined && error === null,
      present: there,
    })),
  ]
}

/**
 * Each host gets its order whether or not another one answers; an absent one's waits. Once all are given there is nothing to
 * wait for here: the answers come to stand beside their hosts.
 */
function useProposal(targets: readonly Target[], owner: Owner, open: boolean) {
  const operator = useOperator()
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [told, setTold] = useState<Readonly<Record<string, Told>>>({})
  useEffect(() => {
    if (open) setTold({})
  }, [open])
  const asked = targets.filter(({ step, agent }) => step === 'change' && !told[agent]?.settled)

  async function propose() {
    if (operator.state !== 'ready') return
    setBusy(true)
    await aFewAtOnce(asked, async (target) => {
      const tell = (what: Told) => setTold((before) => ({ ...before, [target.agent]: what }))
      const again = () => {
        void queries.invalidateQueries({ queryKey: key.host(target.agent) })
        void queries.invalidateQueries({ queryKey: key.sharer(target.agent) })
      }
      tell({ tone: 'run', words: 'on its way…', settled: true })
      try {
        const order = await giveOwner(target, owner, operator.pen)
        void answerTo(queries, order, target.present).then((answer) => {
          tell(answerWords(answer))
          again()
        })
      } catch (error) {
        tell({ tone: 'bad', words: describe(error), settled: false })
        again()
      }
    })
    setBusy(false)
  }

  return { asked: asked.length, told, busy, propose }
}

async function giveOwner({ agent, repository, view }: Target, owner: Owner, pen: Pen): Promise<OrderView> {
  if (view === undefined) throw new Error('Its plan is not here. Close this and try again.')
  const plan = withOwner(view.plan, repository, owner)
  const action = { do: 'set_plan', base_revision: view.revision, plan, secrets: [] } as const
  return giveOrder(agent, { grave: await signOrder({ ...action, secrets: [] }, agent, pen) })
}

function answerWords({ outcome, state }: OrderView): Told {
  if (outcome?.outcome === 'accepted')
    return { tone: 'ok', words: `done, revision ${outcome.revision ?? '–'}`, settled: true }
  if (outcome?.outcome === 'refused')
    return { tone: 'bad', words: `refused: ${outcome.message} ${outcome.hint}`, settled: false }
  if (state === 'expired' || state === 'withdrawn')
    return { tone: 'bad', words: `the order was ${state}`, settled: false }
  return { tone: 'idle', words: 'waits for the host', settled: true }
}

function columns(owner: Owner, told: Readonly<Record<string, Told>>): Column<Target>[] {
  return [
    { id: 'host', header: 'Host', width: '10rem', cell: ({ name }) => name },
    {
      id: 'repository',
      header: 'Calls it',
      width: '8rem',
      hideBelow: 'md',
      cell: ({ repository }) => repository,
    },
    {
      id: 'change',
      header: 'Owner in its plan',
      cell: ({ view, repository, step }) => {
        const before = view?.plan.repositories[repository]?.owner?.name ?? 'nobody, so itself'
        return step === 'change' ? (
          <>
            <del>{before}</del> → <ins>{owner.name}</ins>
          </>
        ) : (
          before
        )
      },
    },
    {
      id: 'told',
      header: 'Outcome',
      cell: ({ agent, step, reading }) => {
        const { tone, words } = told[agent] ?? (reading ? READING : STEPS[step])
        return (
          <StatusDot tone={tone} hollow={tone === 'idle'} wrap>
            {words}
          </StatusDot>
        )
      },
    },
  ]
}
