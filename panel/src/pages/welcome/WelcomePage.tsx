// A setup link was opened: whose it is, a password, and in. The token stands behind the #, is taken out of the address at
// once, and is kept nowhere.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { isApiError } from '../../api/error'
import { setExpired } from '../../api/expiry'
import { sessionQuery } from '../../api/queries'
import { checkInvitation, takeInvitation } from '../../api/signIn'
import type { InvitationView, MeView } from '../../api/types.gen'
import { NewPassword, NOTHING_CHOSEN, passwordProblems } from '../../parts/NewPassword'
import { paths } from '../../paths'
import {
  Button,
  EmptyState,
  ErrorState,
  FieldStack,
  LinkButton,
  Notice,
  RelativeTime,
  Skeleton,
  TextField,
} from '../../ui'
import { Door } from '../Door'

export default function WelcomePage() {
  const [token] = useState(() => location.hash.slice(1))
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname)
  }, [])
  const check = useQuery({
    queryKey: ['invitation'],
    queryFn: () => checkInvitation({ token }),
    enabled: token !== '',
    retry: false,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  })
  if (token === '') {
    return (
      <Door title="Welcome">
        <EmptyState
          title="The link is not whole"
          action={<LinkButton to={paths.signIn}>Go to signing in</LinkButton>}
        >
          What stands behind the # in it is missing, or this page was loaded again. Open the link once more,
          as you were given it.
        </EmptyState>
      </Door>
    )
  }
  if (check.data === undefined) {
    return (
      <Door title="Welcome">
        {check.isError ? (
          <Refused error={check.error} retry={() => void check.refetch()} />
        ) : (
          <Skeleton rows={4} label="Checking the link" />
        )}
      </Door>
    )
  }
  return <Choose token={token} invitation={check.data} />
}

/** A link that is over stays over: somebody has to make another. */
function Refused({ error, retry }: { error: unknown; retry: () => void }) {
  if (!isApiError(error, 'bad_setup_link')) return <ErrorState error={error} retry={retry} />
  return (
    <FieldStack>
      <ErrorState error={error} />
      <p>
        A setup link works once, and for an hour. Ask the admin who invited you for a new one: they make it
        under Settings, People. If you have chosen a password by it already, sign in.
      </p>
      <LinkButton to={paths.signIn}>Go to signing in</LinkButton>
    </FieldStack>
  )
}

function Choose({ token, invitation }: { token: string; invitation: InvitationView }) {
  const { user, expires_at, password_min } = invitation
  const queries = useQueryClient()
  const navigate = useNavigate()
  const before = useQuery(sessionQuery).data ?? null
  const [chosen, setChosen] = useState(NOTHING_CHOSEN)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)

  async function submit() {
    setTried(true)
    if (Object.keys(passwordProblems(chosen, password_min)).length > 0) return
    setBusy(true)
    setError(null)
    try {
      enter(await takeInvitation({ token, password: chosen.password }))
    } catch (problem) {
      setError(problem)
      setBusy(false)
    }
  }

  function enter(me: MeView) {
    // Somebody else was here: nothing of what was read for them may stay.
    if (before !== null && before.user !== me.user) return window.location.assign(paths.fleet)
    setExpired(false)
    queries.setQueryData(sessionQuery.queryKey, me)
    void navigate(paths.fleet, { replace: true })
  }

  const inField = isApiError(error) && error.field('password') !== undefined
  return (
    <Door
      title={`Welcome, ${user}`}
      lead={
        <>
          Choose the password with which you sign in from now on. This link ends{' '}
          <RelativeTime at={expires_at} />.
        </>
      }
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <FieldStack>
          {before !== null && before.user !== user && (
            <Notice tone="warn" title={`This browser is signed in as ${before.user}`}>
              Going on here signs {user} in instead.
            </Notice>
          )}
          {error !== null && !inField && <Refused error={error} retry={() => void submit()} />}
          <TextField
            label="User name"
            name="username"
            autoComplete="username"
            readOnly
            help="As the admin who invited you wrote it."
            value={user}
            onChange={() => {}}
          />
          <NewPassword
            label="Password"
            field="password"
            value={chosen}
            onChange={setChosen}
            min={password_min}
            tried={tried}
            refusal={error}
          />
          <Button type="submit" look="primary" fullWidth busy={busy}>
            Set the password and sign in
          </Button>
        </FieldStack>
      </form>
    </Door>
  )
}
