// The frame of the settings: one tab per part, each at an address of its own. What a role is not enough for says so in its
// place.

import { Navigate, Outlet, useLocation } from 'react-router'
import { useRole } from '../../parts/Allowed'
import { paths } from '../../paths'
import { LinkTabs, Page } from '../../ui'

const TABS = [
  { to: paths.people, label: 'People' },
  { to: paths.operatorKeys, label: 'Operator keys' },
  { to: paths.recovery, label: 'Recovery' },
  { to: paths.apiTokens, label: 'API tokens' },
  { to: paths.apiReader, label: 'API' },
  { to: paths.about, label: 'About' },
] as const

export default function SettingsPage() {
  const { pathname } = useLocation()
  const tab = TABS.find(({ to }) => to === pathname)?.label
  return (
    <Page title={tab === undefined ? 'Settings' : `${tab} · Settings`} heading="Settings">
      <LinkTabs label="Parts of the settings" tabs={TABS} />
      <Outlet />
    </Page>
  )
}

/** Where `/settings` leads: to the people, for whom they are; to one's own tokens, for everybody else. */
export function ToFirst() {
  const role = useRole()
  if (role === undefined) return null
  return <Navigate replace to={role === 'admin' ? paths.people : paths.apiTokens} />
}
