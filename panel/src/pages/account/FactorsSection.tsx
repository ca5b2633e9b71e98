// What is asked besides the password: a code generator, passkeys, and the recovery codes for when those are lost.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { accountKey, makeRecoveryCodes, removePasskey, removeTotp } from '../../api/account'
import { sessionQuery } from '../../api/queries'
import { waysQuery } from '../../api/signIn'
import type { AccountView, ConfirmRequest, PasskeyView } from '../../api/types.gen'
import { passkeysHere } from '../../seal/passkey'
import { Badge, Button, Dialog, RelativeTime, Section, StatusDot, toast } from '../../ui'
import styles from './Account.module.css'
import { AddPasskey } from './AddPasskey'
import { AddTotp } from './AddTotp'
import { ProveDialog } from './Prove'
import { RecoveryCodes } from './RecoveryCodes'

type Open =
  | { what: 'add-totp' | 'remove-totp' | 'add-passkey' | 'codes' }
  | { what: 'remove-passkey'; passkey: PasskeyView }
  /** They were just made. */
  | { what: 'show'; codes: readonly string[] }

const FEW_CODES = 3

export function FactorsSection({ account }: { account: AccountView }) {
  const { has_totp, passkeys, factor_required } = account
  const queries = useQueryClient()
  const [open, setOpen] = useState<Open | null>(null)
  const count = (has_totp ? 1 : 0) + passkeys.length
  const kept =
    factor_required && count === 1
      ? 'It is your only second factor, and your role takes one. Add another first.'
      : null

  async function changed() {
    await queries.invalidateQueries({ queryKey: accountKey })
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
  }
  function made(codes: readonly string[], words: string) {
    toast.ok(words)
    setOpen(codes.length > 0 ? { what: 'show', codes } : null)
    void changed()
  }

  return (
    <Section title="Second factors" lead={leadOf(account)} flush data-testid="factors">
      <ul className={styles.factors}>
        <li>
          <div className={styles.factor}>
            <h3>
              Code generator
              <StatusDot tone={has_totp ? 'ok' : 'idle'} hollow={!has_totp}>
                {has_totp ? 'added' : 'none'}
              </StatusDot>
            </h3>
            <p className={styles.small}>Six digits of an app on your phone or of a password manager.</p>
          </div>
          {has_totp ? (
            <Button blocked={kept} onClick={() => setOpen({ what: 'remove-totp' })}>
              Remove the code generator
            </Button>
          ) : (
            <Button icon="add" onClick={() => setOpen({ what: 'add-totp' })}>
              Add a code generator
            </Button>
          )}
        </li>
        <Passkeys passkeys={passkeys} kept={kept} onOpen={setOpen} />
        {count > 0 && <Codes left={account.recovery_codes} onMake={() => setOpen({ what: 'codes' })} />}
      </ul>
      {open !== null && (
        <Opened
          open={open}
          account={account}
          last={count === 1}
          onMade={made}
          onChanged={changed}
          onClose={() => setOpen(null)}
        />
      )}
    </Section>
  )
}

function leadOf({ factor_required, provider }: AccountView): string {
  if (factor_required) return 'Your role takes one. With two of them, losing one is no trouble.'
  return provider === null
    ? 'What is asked besides the password, so that the password alone lets nobody in.'
    : `${provider} asks for what it wants by itself. What you add here is asked where your role takes it.`
}

interface PasskeysProps {
  passkeys: readonly PasskeyView[]
  /** Why none can be removed; `null`: it can. */
  kept: string | null
  onOpen: (open: Open) => void
}

function Passkeys({ passkeys, kept, onOpen }: PasskeysProps) {
  const allowed = useQuery(waysQuery).data?.passkeys ?? false
  const possible = allowed && passkeysHere()
  return (
    <li>
      <div className={styles.factor}>
        <h3>
          Passkeys
          <StatusDot tone={passkeys.length > 0 ? 'ok' : 'idle'} hollow={passkeys.length === 0}>
            {passkeys.length === 0 ? 'none' : passkeys.length === 1 ? '1 added' : `${passkeys.length} added`}
          </StatusDot>
        </h3>
        <p className={styles.small} id="passkeys-help">
          {possible
            ? 'A fingerprint, a face or a PIN at your own device, in place of the password too.'
            : 'Browsers take passkeys only at the panel’s own name over https, or at localhost: open it there to add one.'}
        </p>
        {passkeys.length > 0 && (
          <ul className={styles.passkeys} aria-label="Your passkeys">
            {passkeys.map((passkey) => (
              <li key={passkey.id}>
                <span>
                  <strong>{passkey.name}</strong>
                  <br />
                  <span className={styles.small}>
                    made <RelativeTime at={passkey.created_at} />, last used{' '}
                    <RelativeTime at={passkey.used_at} />
                  </span>
                </span>
                <Button
                  small
                  blocked={kept}
                  onClick={() => onOpen({ what: 'remove-passkey', passkey })}
                  aria-label={`Remove the passkey ${passkey.name}`}
                >
                  Remove
                </Button>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Button
        icon="add"
        disabled={!possible}
        aria-describedby="passkeys-help"
        onClick={() => onOpen({ what: 'add-passkey' })}
      >
        Add a passkey
      </Button>
    </li>
  )
}

function Codes({ left, onMake }: { left: number; onMake: () => void }) {
  return (
    <li>
      <div className={styles.factor}>
        <h3>
          Recovery codes{' '}
          <Badge tone={left === 0 ? 'bad' : left < FEW_CODES ? 'warn' : 'idle'}>
            {left === 1 ? '1 left' : `${left} left`}
          </Badge>
        </h3>
        <p className={styles.small}>
          {left === 0
            ? 'None is left: make new ones, or losing your device locks you out.'
            : 'Each lets you in once, after the password, when your device is lost.'}
        </p>
      </div>
      <Button onClick={onMake}>Make new codes</Button>
    </li>
  )
}

interface OpenedProps {
  open: Open
  account: AccountView
  /** What would be removed is the only one. */
  last: boolean
  onMade: (codes: readonly string[], words: string) => void
  onChanged: () => Promise<void>
  onClose: () => void
}

function Opened({ open, account, last, onMade, onChanged, onClose }: OpenedProps) {
  const asksPassword = account.provider === null
  const remove =
    (act: (proof: ConfirmRequest) => Promise<void>, done: string) => async (proof: ConfirmRequest) => {
      await act(proof)
      toast.ok(done)
      onClose()
      await onChanged()
    }
  const afterwards = last ? ' It is your only one: afterwards the password alone lets you in.' : ''
  switch (open.what) {
    case 'add-totp':
      return (
        <Dialog open onClose={onClose} title="Add a code generator">
          <AddTotp
            asksPassword={asksPassword}
            onDone={(codes) => onMade(codes, 'The code generator is added')}
            onBack={onClose}
          />
        </Dialog>
      )
    case 'add-passkey':
      return (
        <Dialog open onClose={onClose} title="Add a passkey">
          <AddPasskey
            asksPassword={asksPassword}
            onDone={(codes) => onMade(codes, 'The passkey is added')}
            onBack={onClose}
          />
        </Dialog>
      )
    case 'show':
      return (
        <Dialog open busy onClose={() => {}} title="Your recovery codes">
          <RecoveryCodes user={account.me.user} codes={open.codes} onDone={onClose} />
        </Dialog>
      )
    case 'codes':
      return (
        <ProveDialog
          title="Make new recovery codes?"
          verb="Make new codes"
          asksPassword={asksPassword}
          act={async (proof) => onMade((await makeRecoveryCodes(proof)).codes, 'New codes are made')}
          onClose={onClose}
        >
          <p>The codes that you have now count no more from then on, the unused ones neither.</p>
        </ProveDialog>
      )
    case 'remove-totp':
      return (
        <ProveDialog
          title="Remove the code generator?"
          verb="Remove it"
          danger
          asksPassword={asksPassword}
          act={remove(removeTotp, 'The code generator is removed')}
          onClose={onClose}
        >
          <p>Its codes are asked and taken no more.{afterwards}</p>
        </ProveDialog>
      )
    case 'remove-passkey':
      return (
        <ProveDialog
          title={`Remove the passkey ${open.passkey.name}?`}
          verb="Remove it"
          danger
          asksPassword={asksPassword}
          act={remove((proof) => removePasskey(open.passkey.id, proof), 'The passkey is removed')}
          onClose={onClose}
        >
          <p>
            It is taken here no more. What stands in your device or password manager, remove there.
            {afterwards}
          </p>
        </ProveDialog>
      )
  }
}
