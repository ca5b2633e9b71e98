// Signing in. Gate leads on to where one wanted to go.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearchParams } from 'react-router'
import { setExpired } from '../api/expiry'
import { sessionQuery, setupQuery } from '../api/queries'
import { insidePath } from '../model/inside'
import { paths } from '../paths'
import { Door } from './Door'
import { SignInForm } from './SignInForm'

export default function SignInPage() {
  const queries = useQueryClient()
  const setup = useQuery(setupQuery).data
  const [search] = useSearchParams()
  return (
    <Door narrow title="Sign in" {...(setup !== undefined && { lead: toWhere(setup.coordinator.name) })}>
      <SignInForm
        returnTo={insidePath(search.get('next')) ?? paths.fleet}
        onSignedIn={(me) => {
          setExpired(false)
          queries.setQueryData(sessionQuery.queryKey, me)
        }}
      />
    </Door>
  )
}

/** A coordinator that was given no name is called by what it is: that is said once. */
function toWhere(name: string): string {
  return name === 'coordinator' ? 'to the coordinator' : `to the coordinator ${name}`
}
