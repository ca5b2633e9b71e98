// One's own account: who one is here, how one signs in, where one is signed in, and how the panel looks in this browser.

import { useQuery } from '@tanstack/react-query'
import { accountQuery } from '../../api/account'
import type { AccountView, Role } from '../../api/types.gen'
import { ROLE_WORDS } from '../../model/roles'
import { ThisBrowserKey } from '../../parts/ThisBrowserKey'
import { useColourScheme } from '../../theme/scheme'
import { Chip, ErrorState, Facts, Page, Section, SegmentField, Skeleton, Stack } from '../../ui'
import styles from './Account.module.css'
import { FactorsSection } from './FactorsSection'
import { PasswordSection } from './PasswordSection'
import { SessionsSection } from './SessionsSection'

export default function AccountPage() {
  const account = useQuery(accountQuery)
  return (
    <Page title="Account" narrow lead="Who you are here, how you sign in, and where you are signed in.">
      <Stack>
        {account.data === undefined ? (
          account.isError ? (
            <ErrorState error={account.error} retry={() => void account.refetch()} />
          ) : (
            <Skeleton rows={8} label="Loading your account" />
          )
        ) : (
          <Sections account={account.data} />
        )}
      </Stack>
    </Page>
  )
}

function Sections({ account }: { account: AccountView }) {
  return (
    <>
      <WhoSection account={account} />
      {account.provider === null && <PasswordSection user={account.me.user} />}
      <FactorsSection account={account} />
      <SessionsSection />
      <ThisBrowserKey />
      <ThemeSection />
    </>
  )
}

function WhoSection({ account }: { account: AccountView }) {
  const { me, email, provider } = account
  return (
    <Section title="You" data-testid="who">
      <Stack>
        <Facts
          items={[
            { name: 'User name', value: <bdi>{me.user}</bdi> },
            { name: 'Role', value: <RoleInWords role={me.role} /> },
            { name: 'E-mail', value: email === null ? 'none given' : <bdi>{email}</bdi> },
            {
              name: 'Signs in with',
              value: provider === null ? 'a password of this coordinator' : <Chip>{provider}</Chip>,
            },
          ]}
        />
        <p>
          {provider === null
            ? 'An admin changes the role and the e-mail address, under Settings, People.'
            : `${provider} says your role and e-mail address each time you sign in, and vouches for you: so they are changed there, and there is no password here.`}
        </p>
      </Stack>
    </Section>
  )
}

function RoleInWords({ role }: { role: Role }) {
  return (
    <>
      <span className={styles.role}>{role}</span>
      <br />
      <span className={styles.small}>{ROLE_WORDS[role]}</span>
    </>
  )
}

function ThemeSection() {
  const { chosen, choose } = useColourScheme()
  return (
    <Section title="Appearance" data-testid="theme">
      <SegmentField
        label="Theme of the panel in this browser"
        value={chosen}
        onChange={choose}
        choices={[
          { value: 'auto', label: 'System' },
          { value: 'dark', label: 'Dark' },
          { value: 'light', label: 'Light' },
        ]}
      />
    </Section>
  )
}
