// The session ended while somebody worked: what they typed stays on the page behind, and the password is asked again.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { setExpired } from '../../api/expiry'
import { sessionQuery } from '../../api/queries'
import type { MeView } from '../../api/types.gen'
import { forgetKept } from '../../parts/kept'
import { Dialog } from '../../ui'
import { SignInForm } from '../SignInForm'

export default function SignInAgain({ user }: { user: string }) {
  const queries = useQueryClient()
  // Signed in with a provider, in another tab: coming back here is enough.
  useEffect(() => {
    const look = () => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey })
    window.addEventListener('focus', look)
    return () => window.removeEventListener('focus', look)
  }, [queries])
  function back(me: MeView) {
    // Somebody else: nothing of the person before may stay.
    if (me.user !== user) {
      forgetKept(me.user)
      return window.location.reload()
    }
    queries.setQueryData(sessionQuery.queryKey, me)
    setExpired(false)
    void queries.invalidateQueries()
  }
  return (
    <Dialog open busy onClose={() => {}} title="Your session has ended" size="sm">
      <p>Sign in again to go on. What you typed on this page is still there.</p>
      <SignInForm user={user} returnTo={null} onSignedIn={back} />
    </Dialog>
  )
}
