// What runs here, whose fleet it is, how one is connected to it, and what it is built of.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { fleetQuery } from '../../api/queries'
import type { CoordinatorView, FleetView } from '../../api/types.gen'
import { FingerprintView } from '../../parts/FingerprintView'
import { useTrust } from '../../parts/operator'
import { isSecure } from '../../seal'
import { Button, CopyText, ErrorState, Facts, Section, Skeleton, Stack, StatusDot } from '../../ui'
import Licences from './Licences'

export default function AboutPage() {
  const fleet = useQuery(fleetQuery)
  return (
    <Stack>
      {fleet.data !== undefined ? (
        <Known fleet={fleet.data} />
      ) : fleet.isError ? (
        <ErrorState error={fleet.error} retry={() => void fleet.refetch()} />
      ) : (
        <Skeleton rows={6} label="Asking the coordinator what it is" />
      )}
      <Built />
    </Stack>
  )
}

function Known({ fleet }: { fleet: FleetView }) {
  const { trust } = useTrust()
  const { coordinator, version } = fleet
  return (
    <>
      <Section title="Coordinator">
        <Facts
          items={[
            { name: 'Version', value: version },
            { name: 'Name', value: <bdi>{coordinator.name}</bdi> },
            {
              name: 'Public address',
              value: <CopyText text={coordinator.public_url} what="the public address" />,
            },
            { name: 'This connection', value: <Connection coordinator={coordinator} /> },
            {
              name: 'Id',
              value: (
                <CopyText
                  text={coordinator.id}
                  shown={`${coordinator.id.slice(0, 16)}…`}
                  what="the coordinator’s id"
                />
              ),
            },
            {
              name: 'Channel key',
              value: (
                <CopyText
                  text={coordinator.channel}
                  shown={`${coordinator.channel.slice(0, 16)}…`}
                  what="the coordinator’s channel key"
                />
              ),
            },
          ]}
        />
      </Section>
      <Section
        title="Fleet"
        lead="Every host pinned this fingerprint when it joined. It is that of the recovery kit’s root key."
      >
        {trust.data === undefined ? (
          // That the statements do not hold is told on top of every page.
          !trust.isError && <Skeleton rows={2} label="Checking the fleet’s statements" />
        ) : (
          <Stack>
            <FingerprintView
              hex={trust.data.fleet}
              what="fleet’s fingerprint"
              data-testid="fleet-fingerprint"
            />
            <Facts
              items={[
                { name: 'Statement', value: `version ${trust.data.statement.version}` },
                { name: 'Operator keys', value: trust.data.statement.operators.length },
              ]}
            />
          </Stack>
        )}
      </Section>
    </>
  )
}

/** What protects this very page on its way here; agents have a channel of their own in any case. */
function Connection({ coordinator }: { coordinator: CoordinatorView }) {
  if (location.protocol === 'https:') return <StatusDot tone="ok">encrypted (https)</StatusDot>
  if (isSecure()) {
    return (
      <StatusDot tone="ok" wrap>
        plain http that does not leave this machine
      </StatusDot>
    )
  }
  return (
    <StatusDot tone="bad" wrap>
      plain http: passwords can be read on the way. Use{' '}
      {coordinator.public_url.startsWith('https:') ? 'the public address' : 'https, or a tunnel by ssh'}.
    </StatusDot>
  )
}

function Built() {
  const [shown, setShown] = useState(false)
  return (
    <Section
      title="Licences"
      lead="restic-manager is free software, under the MIT licence or the Apache licence 2.0, as you like."
      actions={
        !shown && (
          <Button small onClick={() => setShown(true)} data-testid="show-licences">
            Show what it is built of
          </Button>
        )
      }
    >
      {shown ? <Licences /> : <p>The list is loaded when you ask for it.</p>}
    </Section>
  )
}
