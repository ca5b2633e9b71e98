// What a host is to the fleet: name and tags, whether it comes and goes, what its endpoint refuses, its identity, what
// admitted it, its journal, and its way out.

import type { Credential } from '../../api/types.gen'
import { FingerprintView } from '../../parts/FingerprintView'
import { agentFingerprint, FormatError } from '../../seal'
import { CopyText, ExactTime, Facts, Notice, Section, Stack } from '../../ui'
import { useHost } from './context'
import { EditNotice } from './EditNotice'
import { usePlanEdit } from './planEdit'
import { CoordinatorsSection, PolicySection } from './settings/EndpointSection'
import { NameSection } from './settings/NameSection'
import { PresenceSection } from './settings/PresenceSection'
import { RetireSection } from './settings/RetireSection'

const CREDENTIALS: Readonly<Record<Credential['by'], string>> = {
  none: 'nothing that this browser could check',
  admission: 'an admission that an admin signed over this fingerprint',
  token: 'a token that an operator signed in advance',
  token_key: 'a token that it has not shown yet',
}

export default function SettingsTab() {
  const { host } = useHost()
  const { view } = usePlanEdit()
  const { row, journal, facts } = host
  return (
    <Stack>
      <EditNotice />
      <NameSection />
      <PresenceSection />
      <PolicySection />
      <CoordinatorsSection />
      <Section
        title="Identity"
        lead={
          <>
            Compare it with what <code>restic-manager-agent status</code> shows on the host itself.
          </>
        }
      >
        <Stack>
          <Fingerprint />
          <Facts
            items={[
              { name: 'Host name', value: facts.hostname },
              { name: 'System', value: `${facts.os_version || facts.os}, ${facts.arch}` },
              { name: 'Time zone', value: facts.zone },
              {
                name: 'Id',
                value: (
                  <CopyText text={row.agent} shown={`${row.agent.slice(0, 16)}…`} what="the host’s id" />
                ),
              },
              { name: 'Admitted by', value: CREDENTIALS[host.credential.by] },
              { name: 'Keys', value: `generation ${host.binding.generation}` },
            ]}
          />
        </Stack>
      </Section>
      <Section
        title="Journal"
        lead="The host’s own signed record of everything it did; this is its copy here."
      >
        <Facts
          items={[
            { name: 'Epoch', value: journal.epoch },
            { name: 'Newest record', value: journal.seq },
            { name: 'Verified', value: <ExactTime at={journal.verified_at} /> },
            {
              name: 'Plan',
              value: `revision ${view.revision}${view.changed_by === null ? '' : ` by ${view.changed_by}`}`,
            },
            { name: 'Plan changed', value: <ExactTime at={view.changed_at} /> },
          ]}
        />
      </Section>
      <RetireSection />
    </Stack>
  )
}

/** Computed here from the host's keys, not believed from the coordinator. */
function Fingerprint() {
  const { host } = useHost()
  let hex: string
  try {
    hex = agentFingerprint(host.binding)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return (
      <Notice tone="bad" title="The host’s keys cannot be read" role="alert">
        What the coordinator shows are no keys. Seal nothing to this host.
      </Notice>
    )
  }
  return <FingerprintView hex={hex} what="host’s fingerprint" data-testid="host-fingerprint" />
}
