// Who may be where: while nobody exists every path leads to the first start, without a session to signing in. Also
// listens to the fleet's events while somebody is signed in.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Navigate, Outlet, useLocation } from 'react-router'
import { listen } from '../../api/events'
import { useExpired } from '../../api/expiry'
import { sessionQuery, setupQuery } from '../../api/queries'
import { paths } from '../../paths'
import { ErrorState, Skeleton } from '../../ui'
import styles from './Shell.module.css'

const SignInAgain = lazy(() => import('./SignInAgain'))

export function Gate() {
  const session = useQuery(sessionQuery)
  const person = session.data?.user
  const expired = useExpired()
  const setup = useQuery({ ...setupQuery, enabled: session.data === null })
  const { pathname, search, hash } = useLocation()
  const queries = useQueryClient()
  const listening = person !== undefined && !expired
  useEffect(() => (listening ? listen(queries) : undefined), [listening, queries])

  // Who was here before stays on screen while the coordinator is away: the banner says so.
  const failed =
    session.data === undefined ? session : session.data === null && setup.data === undefined ? setup : null
  if (failed?.isError) {
    return (
      <main className={styles.alone}>
        <ErrorState error={failed.error} retry={() => void failed.refetch()} />
      </main>
    )
  }
  if (session.data === undefined || (session.data === null && setup.data === undefined)) {
    return (
      <main className={styles.alone}>
        <Skeleton rows={4} label="Asking the coordinator who you are" />
      </main>
    )
  }
  const atDoor = pathname === paths.setup || pathname === paths.signIn
  if (session.data === null) {
    const door = setup.data?.needed === true ? paths.setup : paths.signIn
    if (pathname === door) return <Outlet />
    const next = atDoor || door === paths.setup ? '' : `?next=${encodeURIComponent(pathname + search)}`
    // The setup link carries its token behind the #.
    return <Navigate replace to={`${door}${next}${hash}`} />
  }
  if (atDoor) return <Leave search={search} />
  return (
    <>
      <Outlet />
      {expired && (
        <Suspense>
          <SignInAgain user={session.data.user} />
        </Suspense>
      )}
    </>
  )
}

/** Signed in: on to where one wanted to go, within this site only. */
function Leave({ search }: { search: string }) {
  const next = new URLSearchParams(search).get('next')
  const inside = next !== null && next.startsWith('/') && !next.startsWith('//') && !next.includes('\\')
  return <Navigate replace to={inside ? next : paths.fleet} />
}
