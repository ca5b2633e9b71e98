// A host's repositories: whether each can be used and why not, credentials, numbers and how they grew; when old snapshots
// are forgotten, and how fast the host may be.

import { useState } from 'react'
import { useSearchParams } from 'react-router'
import type { RepositoryView } from '../../api/types.gen'
import { explain } from '../../model/job'
import { KINDS, locationOf } from '../../model/repository'
import { ReadinessDot } from '../../parts/presence'
import {
  Button,
  CopyText,
  EmptyState,
  Facts,
  Menu,
  Notice,
  RelativeTime,
  Section,
  Stack,
  toast,
} from '../../ui'
import { CredentialDialog } from './CredentialDialog'
import { useHost } from './context'
import { type CredentialSlot, slotsOf } from './credentials'
import { EditNotice } from './EditNotice'
import { Numbers } from './Numbers'
import { usePlanEdit } from './planEdit'
import { MoveRepositoryDialog, RepositorySetup } from './RepositorySetup'
import styles from './Tabs.module.css'
import { LimitsSection, MaintenanceSection } from './Upkeep'

export default function RepositoryTab() {
  const { host } = useHost()
  const { view, plan } = usePlanEdit()
  const names = [
    ...new Set([...Object.keys(view.plan.repositories), ...host.repositories.map(({ name }) => name)]),
  ]
  if (names.length === 0) {
    return (
      <Section title="Where the backups go" lead={`${host.row.name} has no repository yet.`}>
        {view.read_only === null ? (
          <RepositorySetup name="main" />
        ) : (
          <EmptyState title="No repository in the host’s plan.toml">
            Add one there; it appears here.
          </EmptyState>
        )}
      </Section>
    )
  }
  return (
    <Stack>
      {names.map((name) => (
        <Repository key={name} name={name} />
      ))}
      <EditNotice />
      {Object.keys(plan.groups).length > 0 && <MaintenanceSection />}
      <LimitsSection />
    </Stack>
  )
}

function Repository({ name }: { name: string }) {
  const { host, mayOperate, routine } = useHost()
  const { view, enabled } = usePlanEdit()
  const [moving, setMoving] = useState(false)
  const [search] = useSearchParams()
  const backend = view.plan.repositories[name]?.backend
  const state = host.repositories.find((one) => one.name === name)
  const location = state?.location ?? (backend === undefined ? '' : locationOf(backend))
  const refresh = () =>
    void routine.give(`read ${name} again`, { do: 'refresh', repository: name }, () =>
      toast.ok('The host reads the repository again', 'Snapshots and numbers appear here when it is done.'),
    )
  return (
    <Section
      title={name}
      data-testid={`repository-${name}`}
      actions={
        <>
          {mayOperate && state?.readiness === 'ready' && (
            <Button small icon="refresh" busy={routine.busy !== null} onClick={refresh}>
              Read again
            </Button>
          )}
          <Menu
            label={`More for ${name}`}
            items={[
              {
                label: 'Another destination…',
                icon: 'edit',
                disabled: !enabled,
                onClick: () => setMoving(true),
              },
            ]}
          />
        </>
      }
    >
      <Stack>
        <Readiness name={name} state={state} />
        <Facts
          items={[
            {
              name: 'Destination',
              value: location === '' ? '–' : <CopyText text={location} what="the destination" />,
            },
            { name: 'Kind', value: KINDS.find(({ value }) => value === backend?.kind)?.label ?? '–' },
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
          ]}
        />
        {backend !== undefined && (
          <Credentials repository={name} state={state} slots={slotsOf(name, backend.kind)} />
        )}
        {state !== undefined && <Numbers state={state} days={search.get('days')} />}
      </Stack>
      <MoveRepositoryDialog name={name} open={moving} onClose={() => setMoving(false)} />
    </Section>
  )
}

/** Can it be used, why not, what to do, and a way to try again. */
function Readiness({ name, state }: { name: string; state: RepositoryView | undefined }) {
  const { mayOperate, routine } = useHost()
  const readiness = state?.readiness ?? 'unknown'
  const why = state?.reason == null ? null : explain(state.reason)
  const probe = () =>
    void routine.give(`look at ${name}`, { do: 'probe', repository: name }, () =>
      toast.ok('The host looks at the repository', 'What it finds appears here.'),
    )
  const retry = mayOperate && (
    <Button small icon="refresh" busy={routine.busy !== null} onClick={probe} data-testid="probe">
      {readiness === 'ready' ? 'Look again' : 'Try again'}
    </Button>
  )
  if (readiness === 'ready' && why === null) {
    return (
      <div className={styles.state}>
        <ReadinessDot readiness={readiness} />
        {retry}
      </div>
    )
  }
  return (
    <Notice
      tone={readiness === 'unusable' ? 'bad' : readiness === 'needs_secret' ? 'warn' : 'idle'}
      title={<ReadinessDot readiness={readiness} />}
      action={retry}
      role="status"
    >
      {why === null ? 'The host has not looked at it yet.' : `${why.message} ${why.hint}`}
    </Notice>
  )
}

function Credentials(props: {
  repository: string
  state: RepositoryView | undefined
  slots: readonly CredentialSlot[]
}) {
  const { repository, state, slots } = props
  const { view } = usePlanEdit()
  const { mayOperate } = useHost()
  const [giving, setGiving] = useState<CredentialSlot | null>(null)
  const [last, setLast] = useState<CredentialSlot | undefined>(slots[0])
  const backend = view.plan.repositories[repository]?.backend
  const shown = giving ?? last
  return (
    <div className={styles.part}>
      <h3>Credentials</h3>
      <ul className={styles.slots}>
        {slots.map((slot) => {
          const held = view.secrets.find((secret) => secret.slot === slot.slot)
          return (
            <li key={slot.slot}>
              <div>
                <strong>{slot.label}</strong>
                <p>
                  {held === undefined ? (
                    'not given'
                  ) : (
                    <>
                      held by the host, revision {held.revision}, given <RelativeTime at={held.at} />
                    </>
                  )}
                </p>
              </div>
              {mayOperate && (
                <Button
                  small
                  icon="key"
                  aria-label={`${held === undefined ? 'Give' : 'Replace'} the ${slot.label.toLowerCase()} of ${repository}`}
                  onClick={() => {
                    setGiving(slot)
                    setLast(slot)
                  }}
                >
                  {held === undefined ? 'Give…' : 'Replace…'}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      {shown !== undefined && backend !== undefined && (
        <CredentialDialog
          slot={shown}
          backend={backend.kind}
          fresh={state?.restic_id == null}
          open={giving !== null}
          onClose={() => setGiving(null)}
        />
      )}
    </div>
  )
}
