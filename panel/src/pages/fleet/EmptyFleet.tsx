// Nobody is here yet: the command, and what happens then.

import { InstallCommand } from '../../parts/InstallCommand'
import { paths } from '../../paths'
import { EmptyState, LinkButton, Section, Stack } from '../../ui'
import styles from './Fleet.module.css'

export default function EmptyFleet({ waiting, operator }: { waiting: boolean; operator: boolean }) {
  if (!operator) {
    return (
      <Section>
        <EmptyState title="No host yet">An operator or admin adds the first one.</EmptyState>
      </Section>
    )
  }
  return (
    <Section title={waiting ? 'Another host' : 'Add the first host'}>
      <Stack>
        <InstallCommand />
        <ol className={styles.next}>
          <li>The host’s terminal shows six words and waits, for an hour at most.</li>
          <li>The host appears above, with the same words. Compare them, then approve it.</li>
          <li>
            Say where its backups go and what to back up. Its password is made and sealed in this browser.
          </li>
          <li>The repository is made, and the first backup runs at once, live.</li>
        </ol>
        <p>
          No terminal at hand, or many hosts?{' '}
          <LinkButton small look="quiet" to={paths.addToken}>
            Make a token instead
          </LinkButton>
        </p>
      </Stack>
    </Section>
  )
}
