// One's role takes a second factor, and there is none yet: nothing else opens until one is added. Then on to where one
// wanted to go.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Navigate, useSearchParams } from 'react-router'
import { accountKey, accountQuery } from '../../api/account'
import { sessionQuery } from '../../api/queries'
import { waysQuery } from '../../api/signIn'
import { insidePath } from '../../model/inside'
import { roleWithArticle } from '../../model/roles'
import { paths } from '../../paths'
import { passkeysHere } from '../../seal/passkey'
import { Button, ErrorState, FieldStack, Skeleton } from '../../ui'
import { Door } from '../Door'
import door from '../Door.module.css'
import { leave } from '../shell/signOut'
import { AddPasskey } from './AddPasskey'
import { AddTotp } from './AddTotp'
import { RecoveryCodes } from './RecoveryCodes'

export default function AddFactorPage() {
  const queries = useQueryClient()
  const me = useQuery(sessionQuery).data ?? null
  const account = useQuery(accountQuery)
  const [search] = useSearchParams()
  const [adding, setAdding] = useState<'totp' | 'passkey' | null>(null)
  /** Shown until the person has stored them, whatever else is known by then. */
  const [codes, setCodes] = useState<readonly string[]>([])

  async function goOn() {
    setCodes([])
    await queries.invalidateQueries({ queryKey: accountKey })
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
  }
  function added(fresh: readonly string[]) {
    if (fresh.length > 0) setCodes(fresh)
    else void goOn()
  }

  if (me === null) return null
  if (codes.length > 0) {
    return (
      <Door title="Your recovery codes">
        <RecoveryCodes user={me.user} codes={codes} onDone={() => void goOn()} />
      </Door>
    )
  }
  if (!me.must_add_factor) {
    return <Navigate replace to={insidePath(search.get('next')) ?? paths.fleet} />
  }
  return (
    <Door
      title="Add a second factor"
      lead={`You are ${roleWithArticle(me.role)} here, and that takes more than a password. Add what you will show besides it; nothing else opens until then.`}
    >
      <FieldStack>
        {account.data === undefined ? (
          account.isError ? (
            <ErrorState error={account.error} retry={() => void account.refetch()} />
          ) : (
            <Skeleton rows={3} label="Loading your account" />
          )
        ) : adding === 'totp' ? (
          <AddTotp
            asksPassword={account.data.provider === null}
            onDone={added}
            onBack={() => setAdding(null)}
          />
        ) : adding === 'passkey' ? (
          <AddPasskey
            asksPassword={account.data.provider === null}
            onDone={added}
            onBack={() => setAdding(null)}
          />
        ) : (
          <Choice onChoose={setAdding} />
        )}
        {adding === null && (
          <div className={door.others}>
            <Button look="quiet" small onClick={() => void leave()}>
              Sign out
            </Button>
          </div>
        )}
      </FieldStack>
    </Door>
  )
}

function Choice({ onChoose }: { onChoose: (what: 'totp' | 'passkey') => void }) {
  const possible = (useQuery(waysQuery).data?.passkeys ?? false) && passkeysHere()
  return (
    <>
      <p>An app on your phone, or a password manager, that shows six digits:</p>
      <Button look="primary" fullWidth onClick={() => onChoose('totp')}>
        Add a code generator
      </Button>
      <p id="passkey-help">
        {possible
          ? 'Or a fingerprint, a face or a PIN at your own device, which then does without the password too:'
          : 'Passkeys are taken only at the panel’s own name over https, or at localhost.'}
      </p>
      <Button
        icon="key"
        fullWidth
        disabled={!possible}
        aria-describedby="passkey-help"
        onClick={() => onChoose('passkey')}
      >
        Add a passkey
      </Button>
    </>
  )
}
