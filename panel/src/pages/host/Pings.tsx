// Pings: addresses that the host itself calls when a backup begins, succeeds or fails. The plan has their names; the
// addresses are secrets, sealed to the host.

import { useState } from 'react'
import { emptyPing, pingSlot, pingWords, problemsAt, without } from '../../model/plan'
import { PingForm } from '../../parts/PingForm'
import { Button, ConfirmDialog, EmptyState, Section, Stack } from '../../ui'
import { NameDialog } from './NameDialog'
import { usePlanEdit } from './planEdit'
import styles from './Tabs.module.css'

export function Pings() {
  const { plan, edit, enabled } = usePlanEdit()
  const [adding, setAdding] = useState(false)
  const [open, setOpen] = useState<string | null>(null)
  const [removing, setRemoving] = useState<string | null>(null)
  const names = Object.keys(plan.pings ?? {})
  return (
    <Section
      title="Pings"
      lead="The host calls these addresses itself, whether this coordinator is there or not: for healthchecks and the like."
      data-testid="pings"
      actions={
        <Button small icon="add" onClick={() => setAdding(true)} disabled={!enabled}>
          Add a ping
        </Button>
      }
    >
      {names.length === 0 && (
        <EmptyState title="Nobody is called">
          A service that expects a call notices also when the whole host is gone.
        </EmptyState>
      )}
      <ul className={styles.slots}>
        {names.map((name) => (
          <PingItem
            key={name}
            name={name}
            open={open === name}
            setOpen={(on) => setOpen(on ? name : null)}
            remove={() => setRemoving(name)}
          />
        ))}
      </ul>
      <NameDialog
        open={adding}
        onClose={() => setAdding(false)}
        title="Add a ping"
        verb="Add"
        taken={names}
        help="Such as healthchecks."
        onName={(name) => {
          edit((before) => ({ ...before, pings: { ...before.pings, [name]: emptyPing() } }))
          setAdding(false)
          setOpen(name)
        }}
      />
      <ConfirmDialog
        open={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove the ping ${removing ?? ''}?`}
        verb="Remove"
        danger
        onConfirm={() => {
          if (removing !== null) {
            edit((before) => ({ ...before, pings: without(before.pings ?? {}, removing) }))
          }
          setRemoving(null)
        }}
      >
        <p>
          Nobody is called there any more once you save. The service may then say that the host is late: tell
          it first.
        </p>
      </ConfirmDialog>
    </Section>
  )
}

function PingItem(props: {
  name: string
  open: boolean
  setOpen: (open: boolean) => void
  remove: () => void
}) {
  const { name, open, setOpen, remove } = props
  const { plan, edit, enabled, problems, secret, typeSecret } = usePlanEdit()
  const ping = plan.pings?.[name]
  if (ping === undefined) return null
  const state = secret(pingSlot(name))
  const wrong = problemsAt(problems, `pings.${name}`, true).length > 0
  const called = pingWords(ping)
  return (
    <li data-testid={`ping-${name}`}>
      <div>
        <strong>{name}</strong>
        <p>
          {called.length === 0 ? 'never called' : `called on ${called.join(', ')}`} ·{' '}
          {ping.groups.length === 0 ? 'all groups' : ping.groups.join(', ')}
          {wrong && ' · needs mending'}
        </p>
      </div>
      <div className={styles.state}>
        <Button
          small
          icon={open ? 'up' : 'edit'}
          aria-expanded={open}
          aria-label={`${open ? 'Close' : enabled ? 'Edit' : 'Details of'} the ping ${name}`}
          onClick={() => setOpen(!open)}
        >
          {open ? 'Close' : enabled ? 'Edit' : 'Details'}
        </Button>
        <Button
          small
          icon="trash"
          disabled={!enabled}
          onClick={remove}
          aria-label={`Remove the ping ${name}…`}
        >
          Remove…
        </Button>
      </div>
      {open && (
        <div className={styles.wide}>
          <Stack>
            <PingForm
              name={name}
              ping={ping}
              groups={Object.keys(plan.groups)}
              problems={problems}
              address={state}
              disabled={!enabled}
              onAddress={(value) => typeSecret(pingSlot(name), value)}
              onChange={(changed) =>
                edit((before) => ({ ...before, pings: { ...before.pings, [name]: changed } }))
              }
            />
          </Stack>
        </div>
      )}
    </li>
  )
}
