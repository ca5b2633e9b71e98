// The comparison that everything rests on: what this browser computed from the host's keys, against the host's own screen.

import { useState } from 'react'
import type { PendingView } from '../../api/types.gen'
import { FingerprintView } from '../../parts/FingerprintView'
import { fingerprintText, fingerprintWords } from '../../seal'
import { CheckField, Facts, FieldStack, Notice, RelativeTime, Section, TextField } from '../../ui'

interface Props {
  host: PendingView
  /** Computed here, 64 hex digits. */
  fingerprint: string
  compared: boolean
  onCompared: (compared: boolean) => void
  problem: string | undefined
}

export function Compare({ host, fingerprint, compared, onCompared, problem }: Props) {
  const [pasted, setPasted] = useState('')
  const verdict = pasted.trim() === '' ? null : matches(pasted, fingerprint)
  return (
    <Section
      title="Compare the fingerprint"
      lead="Look at the terminal of the host, not at this page: it must show exactly these words."
    >
      <FieldStack>
        <FingerprintView hex={fingerprint} what="host’s fingerprint" data-testid="host-fingerprint" />
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
        <TextField
          label="Or paste what the terminal shows"
          mono
          help="The words, or the line that begins with SHA256:. It is compared here."
          value={pasted}
          onChange={(text) => {
            setPasted(text)
            if (matches(text, fingerprint)) onCompared(true)
          }}
          error={verdict === false ? 'That is another fingerprint. Do not approve this host.' : undefined}
        />
        {verdict === true && <Notice tone="ok" title="They are the same" role="status" />}
        <CheckField
          label="The host’s terminal shows the same"
          checked={compared && verdict !== false}
          disabled={verdict === false}
          onChange={onCompared}
          error={problem}
          data-testid="compared"
        />
      </FieldStack>
    </Section>
  )
}

/** Words or hex; case, separators and the prefix do not matter. */
function matches(pasted: string, fingerprint: string): boolean {
  const text = pasted.trim().toLowerCase()
  const hex = text.replace(/^sha256:/, '').replace(/[\s:._-]/g, '')
  if (hex === fingerprintText(fingerprint).slice(7).replaceAll('-', '')) return true
  return text.split(/[\s,-]+/).join(' ') === fingerprintWords(fingerprint).join(' ')
}
