// Which credentials a host holds for a repository – never what they are –, which an unsaved edit brings along, and the way
// to give another.

import { useState } from 'react'
import type { RepositoryView } from '../../../api/types.gen'
import { credentialKinds } from '../../../model/credentials'
import { Button, RelativeTime, StatusDot } from '../../../ui'
import { CredentialDialog } from '../CredentialDialog'
import { useHost } from '../context'
import { type CredentialSlot, slotsOf } from '../credentials'
import { usePlanEdit } from '../planEdit'
import styles from '../Tabs.module.css'

export function Credentials({ name, state }: { name: string; state: RepositoryView | undefined }) {
  const { view, plan } = usePlanEdit()
  const saved = view.plan.repositories[name]?.backend
  const backend = plan.repositories[name]?.backend ?? saved
  const slots = backend === undefined ? [] : slotsOf(name, backend.kind)
  // What only the unsaved destination asks for goes along with the edit.
  const known = saved === undefined ? [] : credentialKinds(saved.kind)
  const [giving, setGiving] = useState<CredentialSlot | null>(null)
  const [last, setLast] = useState<CredentialSlot | undefined>(slots[0])
  const shown = giving ?? last
  if (backend === undefined) return null
  const give = (slot: CredentialSlot) => {
    setGiving(slot)
    setLast(slot)
  }
  return (
    <div className={styles.part}>
      <h3>Credentials</h3>
      <ul className={styles.slots}>
        {slots.map((slot) => (
          <Slot
            key={slot.slot}
            name={name}
            slot={slot}
            refused={state?.reason?.code === 'credential_refused' && state.reason.slots.includes(slot.slot)}
            give={known.includes(slot.kind) ? () => give(slot) : null}
          />
        ))}
      </ul>
      {shown !== undefined && (
        <CredentialDialog
          slot={shown}
          backend={(saved ?? backend).kind}
          fresh={state?.restic_id == null}
          held={view.secrets.some((secret) => secret.slot === shown.slot)}
          open={giving !== null}
          onClose={() => setGiving(null)}
        />
      )}
    </div>
  )
}

interface SlotProps {
  name: string
  slot: CredentialSlot
  /** The newest does not open the repository. */
  refused: boolean
  give: (() => void) | null
}

function Slot({ name, slot, refused, give }: SlotProps) {
  const { secret, typeSecret, enabled } = usePlanEdit()
  const { mayOperate } = useHost()
  const { held, typed, lost } = secret(slot.slot)
  return (
    <li>
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
        {held !== undefined && refused && (
          <p>
            <StatusDot tone="warn" wrap>
              does not open the repository: the one before is still in use
            </StatusDot>
          </p>
        )}
        {typed !== undefined && <p>Another is typed, and goes along with your unsaved changes.</p>}
        {lost && <p>Another was typed before the page was loaded anew, and is kept nowhere.</p>}
      </div>
      {typed !== undefined || lost ? (
        (held !== undefined || slot.kind === 'login') && (
          <Button
            small
            disabled={!enabled}
            onClick={() => typeSecret(slot.slot, null)}
            aria-label={`${held === undefined ? 'Go without' : 'Keep'} the ${slot.label.toLowerCase()} of ${name}`}
          >
            {held === undefined ? 'Go without' : 'Keep what the host has'}
          </Button>
        )
      ) : mayOperate && give !== null ? (
        <Button
          small
          icon="key"
          aria-label={`${held === undefined ? 'Give' : 'Replace'} the ${slot.label.toLowerCase()} of ${name}`}
          onClick={give}
        >
          {held === undefined ? 'Give…' : 'Replace…'}
        </Button>
      ) : null}
    </li>
  )
}
