// Two people, or one with two screens, make sure that a key is the one they mean: what this browser computed, against what
// the other side shows. Ticked by hand, or pasted and compared here.

import { useState } from 'react'
import { fingerprintText, fingerprintWords } from '../seal'
import { CheckField, FieldStack, Notice, TextField } from '../ui'
import { FingerprintView } from './FingerprintView'

interface Props {
  /** Computed here, 64 hex digits. */
  fingerprint: string
  /** Whose: "host’s fingerprint". */
  what: string
  /** The other side, as it stands in a sentence: "the terminal". */
  other: string
  /** What one ticks: "The host’s terminal shows the same". */
  tick: string
  /** What not to do when they differ: "Do not approve this host." */
  otherwise: string
  compared: boolean
  onCompared: (compared: boolean) => void
  problem?: string | undefined
  /** Between the fingerprint and the comparison. */
  children?: React.ReactNode
  'data-testid'?: string
}

export function CompareFingerprint(props: Props) {
  const { fingerprint, what, other, tick, otherwise, compared, onCompared, problem, children } = props
  const [pasted, setPasted] = useState('')
  const verdict = pasted.trim() === '' ? null : matches(pasted, fingerprint)
  return (
    <FieldStack>
      <FingerprintView hex={fingerprint} what={what} data-testid={props['data-testid'] ?? 'fingerprint'} />
      {children}
      <TextField
        label={`Or paste what ${other} shows`}
        mono
        help="The words, or the line that begins with SHA256:. It is compared here."
        value={pasted}
        onChange={(text) => {
          setPasted(text)
          if (matches(text, fingerprint)) onCompared(true)
        }}
        error={verdict === false ? `That is another fingerprint. ${otherwise}` : undefined}
      />
      {verdict === true && <Notice tone="ok" title="They are the same" role="status" />}
      <CheckField
        label={tick}
        checked={compared && verdict !== false}
        disabled={verdict === false}
        onChange={onCompared}
        error={problem}
        data-testid="compared"
      />
    </FieldStack>
  )
}

/** Words or hex; case, separators and the prefix do not matter. */
function matches(pasted: string, fingerprint: string): boolean {
  const text = pasted.trim().toLowerCase()
  const hex = text.replace(/^sha256:/, '').replace(/[\s:._-]/g, '')
  if (hex === fingerprintText(fingerprint).slice(7).replaceAll('-', '')) return true
  return text.split(/[\s,-]+/).join(' ') === fingerprintWords(fingerprint).join(' ')
}
