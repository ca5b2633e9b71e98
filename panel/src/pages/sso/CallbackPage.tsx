// Back from an identity provider. What it gave stands in the address, is taken out of it at once, and is handed to the
// coordinator; then on to where one wanted to go. A failure is explained, with the way back.

import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useNavigate } from 'react-router'
import { setExpired } from '../../api/expiry'
import { sessionQuery } from '../../api/queries'
import { finishSso } from '../../api/signIn'
import type { MeView, SecondFactorView } from '../../api/types.gen'
import { insidePath } from '../../model/inside'
import { type FromProvider, readProvider } from '../../model/provider'
import { paths } from '../../paths'
import { ErrorState, FieldStack, LinkButton, Notice, Skeleton } from '../../ui'
import { Door } from '../Door'
import { takeNext } from '../signIn/next'
import { SecondFactor } from '../signIn/SecondFactor'

export default function CallbackPage() {
  const [given] = useState(() => readProvider(location.search))
  useEffect(() => {
    if (location.search !== '') history.replaceState(history.state, '', location.pathname)
  }, [])
  const { state, enter } = useFinish(given)
  const navigate = useNavigate()
  if (given.kind !== 'code') return <Refusal given={given} />
  if (state.step === 'failed') {
    return (
      <Door title="Not signed in" narrow>
        <FieldStack>
          <ErrorState error={state.error} />
          <BackToSignIn />
        </FieldStack>
      </Door>
    )
  }
  if (state.step === 'second') {
    return (
      <Door title="Sign in" narrow>
        <SecondFactor
          user={null}
          second={state.second}
          onSignedIn={(me) => enter(me, takeNext() ?? paths.fleet)}
          onBack={() => void navigate(paths.signIn)}
        />
      </Door>
    )
  }
  return (
    <Door title="Signing in" narrow>
      <Skeleton rows={3} label="Checking what the provider said" />
    </Door>
  )
}

type State =
  | { step: 'asking' }
  | { step: 'failed'; error: unknown }
  | { step: 'second'; second: SecondFactorView }

/** Hands in the code, once: it is worth nothing a second time. */
function useFinish(given: FromProvider) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [state, setState] = useState<State>({ step: 'asking' })
  const begun = useRef(false)
  const enter = useCallback(
    (me: MeView, next: string) => {
      const before = queries.getQueryData<MeView | null>(sessionQuery.queryKey) ?? null
      // Somebody else was here: nothing of what was read for them may stay.
      if (before !== null && before.user !== me.user) return window.location.replace(next)
      setExpired(false)
      queries.setQueryData(sessionQuery.queryKey, me)
      void navigate(next, { replace: true })
    },
    [queries, navigate],
  )
  useEffect(() => {
    if (given.kind !== 'code' || begun.current) return
    begun.current = true
    finishSso(given.request)
      .then((answer) => {
        if (answer.in) enter(answer.me, insidePath(answer.return_to) ?? paths.fleet)
        else setState({ step: 'second', second: answer.second })
      })
      .catch((error: unknown) => setState({ step: 'failed', error }))
  }, [given, enter])
  return { state, enter }
}

function Refusal({ given }: { given: Exclude<FromProvider, { kind: 'code' }> }) {
  return (
    <Door title="Not signed in" narrow>
      <FieldStack>
        {given.kind === 'refused' ? (
          <Notice tone="bad" title={given.title} role="alert">
            {given.said !== null && (
              <>
                The provider says: <q>{given.said}</q>.{' '}
              </>
            )}
            {given.hint}
          </Notice>
        ) : (
          <Notice tone="bad" title="The provider gave nothing to sign in with" role="alert">
            This address is only for coming back from a provider. Begin again on the sign-in page.
          </Notice>
        )}
        <BackToSignIn />
      </FieldStack>
    </Door>
  )
}

function BackToSignIn() {
  return (
    <LinkButton to={paths.signIn} look="primary" fullWidth>
      Back to signing in
    </LinkButton>
  )
}
