// What a person pastes on the new host, as the coordinator says it.

import { useQuery } from '@tanstack/react-query'
import { installQuery } from '../api/queries'
import { fingerprintText } from '../seal'
import { CopyText, ErrorState, FieldStack, Notice, Skeleton } from '../ui'
import styles from './InstallCommand.module.css'
import { useTrust } from './operator'

/** `token`: the seed's text; without it the host announces itself and waits to be approved. */
export function InstallCommand({ token }: { token?: string }) {
  const install = useQuery(installQuery)
  const { trust } = useTrust()
  if (trust.isError) return <ErrorState error={trust.error} />
  if (install.data === undefined || trust.data === undefined) {
    return install.isError ? (
      <ErrorState error={install.error} retry={() => void install.refetch()} />
    ) : (
      <Skeleton rows={2} label="Loading the command" />
    )
  }
  const { linux, enrol, unavailable } = install.data
  // The command pins the host to a fleet for good: it must be the one that this browser verified.
  const fingerprint = fingerprintText(trust.data.fleet)
  if (![linux, enrol].every((command) => command.includes(fingerprint))) {
    return (
      <Notice tone="bad" title="The command names another fleet" role="alert">
        The coordinator offers a command without this fleet’s fingerprint. Do not use it; look at the
        coordinator.
      </Notice>
    )
  }
  // The seed goes into the environment of the command, never among its arguments, where every user of the host sees it.
  // A leading blank keeps it out of most shells' history.
  const withToken = (command: string) => (token === undefined ? command : ` RM_TOKEN=${token} ${command}`)
  return (
    <FieldStack>
      {unavailable !== null ? (
        <Notice tone="warn" title="This coordinator has no agent to hand out">
          {unavailable}
        </Notice>
      ) : (
        <div>
          <h3 className={styles.title}>On a new Linux host, as root</h3>
          <CopyText block text={withToken(linux)} what="the install command" data-testid="install-command" />
          <p className={styles.note}>
            It downloads the agent from this coordinator, compares its digest with the one in the command,
            installs it as a service and enrols. Existing restic timers and cron entries are listed and left
            alone.
          </p>
        </div>
      )}
      <div>
        <h3 className={styles.title}>Where the agent is installed already</h3>
        <CopyText block text={withToken(enrol)} what="the enrol command" data-testid="enrol-command" />
      </div>
    </FieldStack>
  )
}
