// Adding a host by announcing it: the command, and the hosts at the door as they come.

import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../../api/queries'
import { covers } from '../../model/roles'
import { FingerprintView } from '../../parts/FingerprintView'
import { InstallCommand } from '../../parts/InstallCommand'
import { useTrust } from '../../parts/operator'
import { PendingHosts } from '../../parts/PendingHosts'
import { ErrorState, Section, Skeleton } from '../../ui'
import { AddFrame } from './AddFrame'

export default function AnnouncePage() {
  const session = useQuery(sessionQuery)
  const { trust } = useTrust()
  return (
    <AddFrame>
      <Section
        title="1. On the host"
        lead="The host makes its keys, shows six words and waits for an hour. It gets nothing before you approve it."
      >
        <InstallCommand />
      </Section>
      <Section
        title="2. The host asks whether this is your fleet"
        lead="The command above brings the fleet’s fingerprint along. Where it is typed without, the host’s terminal shows these words and asks."
      >
        {trust.data !== undefined ? (
          <FingerprintView
            hex={trust.data.fleet}
            what="fleet’s fingerprint"
            data-testid="fleet-fingerprint"
          />
        ) : trust.isError ? (
          <ErrorState error={trust.error} />
        ) : (
          <Skeleton rows={2} />
        )}
      </Section>
      <PendingHosts admin={covers(session.data?.role, 'admin')} always />
    </AddFrame>
  )
}
