// The session ended while somebody worked: what they typed stays on the page behind, and the password is asked again.

import { useQueryClient } from '@tanstack/react-query'
import { setExpired } from '../../api/expiry'
import { sessionQuery } from '../../api/queries'
import type { MeView } from '../../api/types.gen'
import { Dialog } from '../../ui'
import { SignInForm } from '../SignInForm'

export default function SignInAgain({ user }: { user: string }) {
  const queries = useQueryClient()
  function back(me: MeView) {
    // Somebody else: nothing of the person before may stay.
    if (me.user !== user) return window.location.reload()
    queries.setQueryData(sessionQuery.queryKey, me)
    setExpired(false)
    void queries.invalidateQueries()
  }
  return (
    <Dialog open busy onClose={() => {}} title="Your session has ended" size="sm">
      <p>Sign in again to go on. What you typed on this page is still there.</p>
      <SignInForm user={user} onSignedIn={back} />
    </Dialog>
  )
}
