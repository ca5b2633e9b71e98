// One repository of a host, from its state to its numbers.

import { useState } from 'react'
import { useNavigate } from 'react-router'
import type { RepositoryView } from '../../../api/types.gen'
import { same, without } from '../../../model/plan'
import { KINDS, locationOf } from '../../../model/repository'
import { StatusTitle } from '../../../parts/StatusTitle'
import { paths } from '../../../paths'
import {
  Badge,
  Button,
  ConfirmDialog,
  CopyText,
  Facts,
  Menu,
  RelativeTime,
  Section,
  Stack,
  toast,
} from '../../../ui'
import { useHost } from '../context'
import { usePlanEdit } from '../planEdit'
import { AnewDialog } from './AnewDialog'
import { AppendOnly } from './AppendOnly'
import { Copies } from './Copies'
import { Credentials } from './Credentials'
import { useSharers } from './charges'
import { Doubtful } from './Doubtful'
import { Keeper } from './Keeper'
import { Locks } from './Locks'
import { Numbers } from './Numbers'
import { Readiness } from './Readiness'
import { DestinationDialog } from './RepositorySetup'
import { Sharing } from './Sharing'

type Asking = 'move' | 'anew' | 'elsewhere' | 'remove' | null

export function Repository({ name }: { name: string }) {
  const { host } = useHost()
  const { view, plan } = usePlanEdit()
  const [asking, setAsking] = useState<Asking>(null)
  const state = host.repositories.find((one) => one.name === name)
  const saved = view.plan.repositories[name]
  // Whom a keeper looks after, and who looks after a host that may only add: both stand in the plans of others.
  const keeps = Object.keys(plan.groups).length === 0 || (plan.repositories[name]?.wards ?? []).length > 0
  const sharers = useSharers(state, keeps || saved?.append_only === true)
  const planned = saved ?? plan.repositories[name]
  const unsaved = saved === undefined && state === undefined
  const location = state?.location ?? (planned === undefined ? '' : locationOf(planned.backend))
  const next = plan.repositories[name]
  const wanted =
    saved === undefined || next === undefined || same(saved.backend, next.backend)
      ? null
      : locationOf(next.backend)
  return (
    <Section
      title={
        unsaved ? (
          <StatusTitle title={name}>
            <Badge tone="run">not saved yet</Badge>
          </StatusTitle>
        ) : (
          name
        )
      }
      data-testid={`repository-${name}`}
      actions={<Verbs name={name} unsaved={unsaved} ready={state?.readiness === 'ready'} ask={setAsking} />}
    >
      <Stack>
        {!unsaved && <Readiness name={name} state={state} />}
        <Facts
          items={[
            {
              name: 'Destination',
              value: location === '' ? '–' : <CopyText text={location} what="the destination" />,
            },
            ...(wanted === null ? [] : [{ name: 'Once it is saved', value: <code>{wanted}</code> }]),
            {
              name: 'Kind',
              value: KINDS.find(({ value }) => value === planned?.backend.kind)?.label ?? '–',
            },
            ...(unsaved ? [] : identity(state)),
          ]}
        />
        <Credentials name={name} state={state} />
        <Copies name={name} />
        {state !== undefined && state.doubtful > 0 && <Doubtful name={name} count={state.doubtful} />}
        {state !== undefined && <Sharing name={name} state={state} />}
        {!unsaved && <AppendOnly name={name} sharers={sharers} />}
        {!unsaved && <Keeper name={name} sharers={sharers} />}
        {state !== undefined && <Locks name={name} state={state} />}
        {state !== undefined && <Numbers state={state} />}
      </Stack>
      <DestinationDialog
        name={name}
        open={asking === 'move' || asking === 'elsewhere'}
        anew={asking === 'elsewhere'}
        onClose={() => setAsking(null)}
      />
      <AnewDialog
        name={name}
        open={asking === 'anew'}
        onClose={() => setAsking(null)}
        move={() => setAsking('elsewhere')}
      />
      <RemoveDialog name={name} open={asking === 'remove'} onClose={() => setAsking(null)} />
    </Section>
  )
}

/** What the host found at the destination. */
function identity(state: RepositoryView | undefined) {
  return [
    {
      name: 'restic’s id',
      value:
        state?.restic_id == null ? (
          'not known yet'
        ) : (
          <code title={state.restic_id}>{state.restic_id.slice(0, 16)}…</code>
        ),
    },
    { name: 'Looked at', value: <RelativeTime at={state?.checked_at} /> },
  ]
}

interface VerbsProps {
  name: string
  unsaved: boolean
  ready: boolean
  ask: (what: Asking) => void
}

function Verbs({ name, unsaved, ready, ask }: VerbsProps) {
  const { agent, mayOperate, routine } = useHost()
  const { plan, enabled } = usePlanEdit()
  const navigate = useNavigate()
  const used = Object.entries(plan.groups).flatMap(([group, { repository, copy_to }]) =>
    repository === name || copy_to === name ? [group] : [],
  )
  const refresh = () =>
    void routine.give(`read ${name} again`, { do: 'refresh', repository: name }, () =>
      toast.ok('The host reads the repository again', 'Snapshots and numbers appear here when it is done.'),
    )
  function remove() {
    if (used.length === 0) ask('remove')
    else {
      toast.bad(`${name} stays in the plan`, `These groups go there: ${used.join(', ')}. Change them first.`)
      void navigate(paths.groups(agent))
    }
  }
  return (
    <>
      {mayOperate && ready && (
        <Button small icon="refresh" busy={routine.busy !== null} onClick={refresh}>
          Read snapshots and sizes again
        </Button>
      )}
      <Menu
        label={`More for ${name}`}
        items={[
          { label: 'Change the destination…', icon: 'edit', disabled: !enabled, onClick: () => ask('move') },
          {
            label: 'Begin anew…',
            icon: 'refresh',
            disabled: !mayOperate || unsaved,
            onClick: () => ask('anew'),
          },
          {
            label: 'Take out of the plan…',
            icon: 'trash',
            danger: true,
            disabled: !enabled || !(name in plan.repositories),
            onClick: remove,
          },
        ]}
      />
    </>
  )
}

function RemoveDialog({ name, open, onClose }: { name: string; open: boolean; onClose: () => void }) {
  const { edit } = usePlanEdit()
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={`Take ${name} out of the plan?`}
      verb="Take it out"
      danger
      onConfirm={() => {
        edit((before) => ({ ...before, repositories: without(before.repositories, name) }))
        onClose()
      }}
    >
      <p>
        Once the plan is saved the host neither uses nor looks after it any more. What is stored there stays;
        remove it at the storage itself.
      </p>
    </ConfirmDialog>
  )
}
