// Approving a key: its fingerprint compared with the browser that has it, then the next fleet statement names it.

import { useEffect, useState } from 'react'
import type { DeviceKeyView } from '../../api/types.gen'
import { keyName, signingRoles } from '../../model/people'
import { CompareFingerprint } from '../../parts/CompareFingerprint'
import { deviceFingerprint, withOperator } from '../../seal'
import { Button, Dialog, ErrorState, Facts, RelativeTime, Stack, toast } from '../../ui'
import { RoleField } from './RoleField'
import { useSigning } from './statement'

export function ApproveKeyDialog({ of, onClose }: { of: DeviceKeyView | null; onClose: () => void }) {
  // The key of what is asked: another one begins anew, compared with nothing yet.
  return of === null ? null : <Approval key={of.key} of={of} onClose={onClose} />
}

function Approval({ of, onClose }: { of: DeviceKeyView; onClose: () => void }) {
  const roles = signingRoles(of.person_role)
  const signing = useSigning('approve a key')
  const [compared, setCompared] = useState(false)
  const [tried, setTried] = useState(false)
  const [role, setRole] = useState(roles.at(-1) ?? 'operator')
  const who = of.person ?? 'its owner'
  useEffect(() => {
    if (compared) setTried(false)
  }, [compared])

  async function approve() {
    setTried(true)
    if (!compared) return
    // Hosts and colleagues read who it is; which of their browsers, the announcement knows.
    const name = of.person ?? of.name
    const done = await signing.publish((trust) => withOperator(trust, { key: of.key, name, role }))
    if (!done) return
    toast.ok(`${who}’s key is approved`, `It may sign as ${role}. Hosts that are connected know it by now.`)
    onClose()
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={`Approve the key “${keyName(of)}”?`}
      size="lg"
      busy={signing.busy}
      actions={
        <>
          <Button onClick={onClose} disabled={signing.busy}>
            Not now
          </Button>
          <Button
            look="primary"
            icon="key"
            busy={signing.busy}
            disabled={!signing.ready}
            onClick={() => void approve()}
            data-testid="approve-key"
          >
            Sign and approve
          </Button>
        </>
      }
    >
      <Stack>
        <p>
          Ask {who} for the words under “This browser’s key”, side by side or by telephone, not by a mail that
          anybody could have written.
        </p>
        <CompareFingerprint
          fingerprint={deviceFingerprint(of.key)}
          what="fingerprint of the key"
          other="the other browser"
          tick={`I compared them with ${who}: they are the same`}
          otherwise="Do not approve this key."
          compared={compared}
          onCompared={setCompared}
          problem={
            tried && !compared ? 'Compare first: an approved key is believed by every host.' : undefined
          }
          data-testid="key-fingerprint"
        />
        <Facts
          items={[
            { name: 'Whose', value: who },
            { name: 'Role of the person', value: of.person_role ?? 'unknown' },
            { name: 'Announced', value: <RelativeTime at={of.announced_at} /> },
          ]}
        />
        {roles.length > 1 && (
          <RoleField
            label="It may sign as"
            roles={roles}
            value={role}
            onChange={(next) => next !== 'viewer' && setRole(next)}
          />
        )}
        {signing.notice}
        {signing.error !== null && <ErrorState error={signing.error} title="The key is not approved" />}
      </Stack>
    </Dialog>
  )
}
