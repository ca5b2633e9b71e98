// The comparison that everything rests on: what this browser computed from the host's keys, against the host's own screen.

import type { PendingView } from '../../api/types.gen'
import { CompareFingerprint } from '../../parts/CompareFingerprint'
import { Facts, Notice, RelativeTime, Section } from '../../ui'

interface Props {
  host: PendingView
  /** Computed here, 64 hex digits. */
  fingerprint: string
  compared: boolean
  onCompared: (compared: boolean) => void
  problem: string | undefined
}

export function Compare({ host, fingerprint, compared, onCompared, problem }: Props) {
  return (
    <Section
      title="Compare the fingerprint"
      lead="Look at the terminal of the host, not at this page: it must show exactly these words."
    >
      <CompareFingerprint
        fingerprint={fingerprint}
        what="host’s fingerprint"
        other="the terminal"
        tick="The host’s terminal shows the same"
        otherwise="Do not approve this host."
        compared={compared}
        onCompared={onCompared}
        problem={problem}
        data-testid="host-fingerprint"
      >
        {host.collides_with !== null && (
          <Notice tone="warn" title={`There is a host named ${host.collides_with} already`}>
            Give this one another name, unless it replaces the other.
          </Notice>
        )}
        <Facts
          items={[
            { name: 'Host name', value: host.hostname },
            { name: 'System', value: `${host.os} · ${host.arch}` },
            { name: 'Came from', value: host.address },
            { name: 'Agent', value: host.agent_version },
            { name: 'restic', value: host.restic_version ?? 'none found: install it there, backups need it' },
            { name: 'Waits until', value: <RelativeTime at={host.expires_at} /> },
          ]}
        />
      </CompareFingerprint>
    </Section>
  )
}
