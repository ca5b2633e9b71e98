// One record in full: what changed, exactly when, and its place in the chain.

import type { AuditView } from '../../api/types.gen'
import type { Difference } from '../../model/audit'
import { type Detail, detailsOf } from '../../model/auditDetails'
import { formatExact } from '../../model/time'
import { deviceFingerprint, fingerprintWords } from '../../seal'
import { CopyText, ExactTime } from '../../ui'
import styles from './Audit.module.css'

export function Record({ record }: { record: AuditView }) {
  const { at, seq, hash, target } = record
  const details = detailsOf(record, { time: formatExact, fingerprint })
  return (
    <div className={styles.record} data-testid={`details-${seq}`}>
      {details.length > 0 && <Details details={details} />}
      <dl className={styles.fields}>
        <dt>Exactly</dt>
        <dd>
          <ExactTime at={at} />
        </dd>
        {target !== undefined && target.id !== target.name && (
          <>
            <dt>Id</dt>
            <dd>
              <code>{target.id}</code>
            </dd>
          </>
        )}
        <dt>Record</dt>
        <dd>
          {seq}, chain hash <CopyText text={hash} shown={`${hash.slice(0, 12)}…`} what="the chain’s hash" />
        </dd>
      </dl>
    </div>
  )
}

function Details({ details }: { details: readonly Detail[] }) {
  return (
    <dl className={styles.fields} aria-label="What changed">
      {details.map((one, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a label may stand more than once, and a record never changes
        <div key={place}>
          <dt>{one.label}</dt>
          <dd>{one.kind === 'fact' ? <bdi>{one.text}</bdi> : <Change of={one} />}</dd>
        </div>
      ))}
    </dl>
  )
}

function Change({ of: { before, after } }: { of: Difference }) {
  return (
    <>
      {before !== null && (
        <>
          <del>{before}</del>
          {after !== null && ' → '}
        </>
      )}
      {after !== null && <ins>{after}</ins>}
      {after === null && <span className={styles.dim}> taken away</span>}
    </>
  )
}

/** As the page of operator keys shows it. */
function fingerprint(key: string): string {
  return /^[0-9a-f]{64}$/.test(key) ? fingerprintWords(deviceFingerprint(key)).join(' ') : key
}
