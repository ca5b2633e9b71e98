// The frame around every page: brand, navigation, live switch, theme, help, account; skip link, offline banner, keys.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { Link, NavLink, Outlet, useLocation, useNavigate } from 'react-router'
import { setLive, useLive } from '../../api/events'
import { sessionQuery } from '../../api/queries'
import { useReachability } from '../../api/reachability'
import { covers } from '../../model/roles'
import { paths } from '../../paths'
import { useColourScheme } from '../../theme/scheme'
import { Icon, IconButton, Menu, RelativeTime, useCurrentInSight } from '../../ui'
import { useKeys } from './keys'
import styles from './Shell.module.css'
import { leave } from './signOut'

const Help = lazy(() => import('./Help'))
const TrustWatch = lazy(() => import('./TrustWatch'))
const Downloads = lazy(() => import('../../parts/Downloads'))

export function Shell() {
  const main = useRef<HTMLElement>(null)
  const nav = useRef<HTMLElement>(null)
  useCurrentInSight(nav)
  const [help, setHelp] = useState(false)
  useKeys({ help: () => setHelp(true) })
  useFocusOnNavigation(main)
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <header className={styles.header}>
        <Link to={paths.fleet} className={styles.brand}>
          <Brand />
          <span>restic-manager</span>
        </Link>
        <nav ref={nav} aria-label="Main" className={styles.nav}>
          <NavLink to={paths.fleet} end>
            Fleet
          </NavLink>
          <NavLink to={paths.addHost}>Add host</NavLink>
          <NavLink to={paths.templates}>Templates</NavLink>
          <NavLink to={paths.tokens}>Tokens</NavLink>
          <AuditLink />
          <NavLink to={paths.settings}>Settings</NavLink>
        </nav>
        <div className={styles.tools}>
          <LiveSwitch />
          <ThemeSwitch />
          <IconButton icon="help" label="Keyboard and help (?)" onClick={() => setHelp(true)} />
          <Account />
        </div>
      </header>
      <OfflineBanner />
      <Suspense>
        <TrustWatch />
      </Suspense>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <Suspense>
        <Downloads />
      </Suspense>
      {help && (
        <Suspense>
          <Help open onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  )
}

/** What everybody did is for admins. */
function AuditLink() {
  const role = useQuery(sessionQuery).data?.role
  return covers(role, 'admin') ? <NavLink to={paths.audit}>Audit</NavLink> : null
}

export function Brand() {
  return (
    <svg
      aria-hidden="true"
      width="22"
      height="22"
      viewBox="5 4 22 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.4"
      strokeLinejoin="round"
      strokeLinecap="round"
    >
      <path d="M7 11.5 16 7l9 4.5-9 4.5z" />
      <path d="m7 16 9 4.5 9-4.5" />
      <path d="m7 20.5 9 4.5 9-4.5" />
    </svg>
  )
}

/** A new page starts at its heading, for the keyboard and for screen readers. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>) {
  const { pathname } = useLocation()
  const before = useRef(pathname)
  useEffect(() => {
    if (before.current === pathname) return
    before.current = pathname
    window.scrollTo(0, 0)
    if (
      document.activeElement === null ||
      document.activeElement === document.body ||
      !main.current?.contains(document.activeElement)
    ) {
      main.current?.focus({ preventScroll: true })
    }
  }, [pathname, main])
}

function LiveSwitch() {
  const { on, connected } = useLive()
  const state = !on ? 'paused' : connected ? 'live' : 'connecting'
  const words = { paused: 'Paused', live: 'Live', connecting: 'Connecting' }[state]
  return (
    <button
      type="button"
      className={styles.live}
      data-state={state}
      aria-pressed={on}
      title={
        on
          ? 'Lists follow the fleet. Click to hold them still.'
          : 'Lists hold still. Click to follow the fleet again.'
      }
      onClick={() => setLive(!on)}
    >
      <span aria-hidden="true" />
      {words}
    </button>
  )
}

export function ThemeSwitch() {
  const { scheme, toggle } = useColourScheme()
  const next = scheme === 'dark' ? 'light' : 'dark'
  return (
    <IconButton icon={scheme === 'dark' ? 'sun' : 'moon'} label={`Use the ${next} theme`} onClick={toggle} />
  )
}

function Account() {
  const session = useQuery(sessionQuery)
  const navigate = useNavigate()
  if (!session.data) return null
  const { user, role } = session.data
  return (
    <Menu
      label={`Account of ${user}`}
      icon="user"
      data-testid="account"
      head={`${user} · ${role}`}
      items={[
        { label: 'Account', onClick: () => void navigate(paths.account) },
        { label: 'Sign out', onClick: () => void leave() },
      ]}
    />
  )
}

function OfflineBanner() {
  const { reachable, since } = useReachability()
  const queries = useQueryClient()
  // Something has to notice its return when no page happens to ask.
  useEffect(() => {
    if (reachable) return
    const timer = setInterval(() => void queries.refetchQueries({ queryKey: sessionQuery.queryKey }), 5_000)
    return () => clearInterval(timer)
  }, [reachable, queries])
  if (reachable) return null
  return (
    <div className={styles.offline} role="alert" data-testid="offline">
      <Icon name="warn" />
      <span>
        The coordinator has not answered since <RelativeTime at={since} />. What you see is from before;
        agents go on backing up by themselves. Trying again every few seconds.
      </span>
    </div>
  )
}
