// Who may be where: while nobody exists every path leads to the first start, without a session to signing in, and without
// a second factor that one's role takes to adding one. Also listens to the fleet's events while somebody is signed in.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Navigate, Outlet, useLocation } from 'react-router'
import { listen } from '../../api/events'
import { useExpired } from '../../api/expiry'
import { sessionQuery, setupQuery } from '../../api/queries'
import { insidePath } from '../../model/inside'
import { forgetKept } from '../../parts/kept'
import { paths } from '../../paths'
import { ErrorState, Skeleton } from '../../ui'
import styles from './Shell.module.css'

const SignInAgain = lazy(() => import('./SignInAgain'))

/** Pages for whoever comes, signed in or not: each says itself what it makes of that. */
const OPEN: readonly string[] = [paths.welcome, paths.ssoCallback]

export function Gate() {
  const session = useQuery(sessionQuery)
  const person = session.data?.user
  const mustAddFactor = session.data?.must_add_factor === true
  const expired = useExpired()
  const setup = useQuery({ ...setupQuery, enabled: session.data === null })
  const { pathname, search, hash } = useLocation()
  const queries = useQueryClient()
  const listening = person !== undefined && !expired && !mustAddFactor
  useEffect(() => (listening ? listen(queries) : undefined), [listening, queries])
  useEffect(() => {
    if (person !== undefined) forgetKept(person)
  }, [person])

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
  if (OPEN.includes(pathname) && setup.data?.needed !== true) return <Outlet />
  const atDoor = pathname === paths.setup || pathname === paths.signIn
  if (session.data === null) {
    const door = setup.data?.needed === true ? paths.setup : paths.signIn
    if (pathname === door) return <Outlet />
    // The setup link carries its token behind the #.
    return <Navigate replace to={`${door}${door === paths.setup ? '' : wanted()}${hash}`} />
  }
  if (mustAddFactor && pathname !== paths.addFactor) {
    return <Navigate replace to={`${paths.addFactor}${wanted()}`} />
  }
  if (atDoor) return <Navigate replace to={insidePath(nextOf(search)) ?? paths.fleet} />
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

  /** `?next=` for the page that one wanted; from one door to the next, what the first had. */
  function wanted(): string {
    const next = atDoor || pathname === paths.addFactor ? nextOf(search) : pathname + search
    return next === null || next === paths.fleet ? '' : `?next=${encodeURIComponent(next)}`
  }
}

function nextOf(search: string): string | null {
  return new URLSearchParams(search).get('next')
}
