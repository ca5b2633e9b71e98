// The two ways of adding a host, side by side.

import type { ReactNode } from 'react'
import { useLocation } from 'react-router'
import { paths } from '../../paths'
import { LinkTabs, Page } from '../../ui'

export function AddFrame({ children }: { children: ReactNode }) {
  const withToken = useLocation().pathname === paths.addToken
  return (
    <Page title={withToken ? 'Add host with a token' : 'Add host'} heading="Add host" narrow>
      <LinkTabs
        label="How to add it"
        tabs={[
          { to: paths.addHost, label: 'Announce and approve', end: true },
          { to: paths.addToken, label: 'With a token' },
        ]}
      />
      {children}
    </Page>
  )
}
