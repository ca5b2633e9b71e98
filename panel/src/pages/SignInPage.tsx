// Signing in. Gate leads on to where one wanted to go.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { setExpired } from '../api/expiry'
import { sessionQuery, setupQuery } from '../api/queries'
import { useTitle } from '../ui'
import styles from './Door.module.css'
import { SignInForm } from './SignInForm'
import { Brand, ThemeSwitch } from './shell/Shell'

export default function SignInPage() {
  useTitle('Sign in')
  const queries = useQueryClient()
  const setup = useQuery(setupQuery)
  return (
    <main className={styles.door} data-narrow="true">
      <div className={styles.theme}>
        <ThemeSwitch />
      </div>
      <div className={styles.brand}>
        <Brand />
        restic-manager
      </div>
      <h1>Sign in</h1>
      {setup.data !== undefined && (
        <p className={styles.lead}>to the coordinator {setup.data.coordinator.name}</p>
      )}
      <div className={styles.card}>
        <SignInForm
          onSignedIn={(me) => {
            setExpired(false)
            queries.setQueryData(sessionQuery.queryKey, me)
          }}
        />
      </div>
    </main>
  )
}
