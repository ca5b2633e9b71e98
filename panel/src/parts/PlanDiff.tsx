// Differences between two plans, as people read them: what was added, changed, removed, and from what to what.

import type { FieldChange, PlanChange } from '../model/plan'
import { Badge, type Tone } from '../ui'
import styles from './PlanDiff.module.css'

const AREAS: Readonly<Record<PlanChange['area'], string>> = {
  repository: 'Repository',
  group: 'Group',
  schedule: 'Schedule',
  maintenance: 'Maintenance',
  limits: 'Limits',
  presence: 'Presence',
}
const TONES: Readonly<Record<PlanChange['kind'], Tone>> = { added: 'ok', changed: 'run', removed: 'bad' }

export function changeTitle({ area, name }: PlanChange): string {
  return name === null ? AREAS[area] : `${AREAS[area]} ${name}`
}

/** "group default, schedule nightly" */
export function changesInWords(changes: readonly PlanChange[]): string {
  return changes.map((change) => changeTitle(change).replace(/^./, (first) => first.toLowerCase())).join(', ')
}

export function PlanDiff({ changes, label }: { changes: readonly PlanChange[]; label: string }) {
  if (changes.length === 0) return <p>No difference.</p>
  return (
    <ul className={styles.diff} aria-label={label}>
      {changes.map((change) => (
        <li key={`${change.area}/${change.name ?? ''}`}>
          <div className={styles.head}>
            {changeTitle(change)} <Badge tone={TONES[change.kind]}>{change.kind}</Badge>
          </div>
          {change.fields.length > 0 && (
            <dl className={styles.fields}>
              {change.fields.map((field) => (
                <Field key={field.label} field={field} />
              ))}
            </dl>
          )}
        </li>
      ))}
    </ul>
  )
}

function Field({ field }: { field: FieldChange }) {
  const { label, before, after, added, removed } = field
  return (
    <>
      <dt>{label}</dt>
      <dd>
        {added.length + removed.length > 0 && (
          <ul>
            {removed.map((item) => (
              <li key={`-${item}`} className={styles.removed}>
                <span className="rm-visually-hidden">removed </span>
                <span aria-hidden="true">− </span>
                {item}
              </li>
            ))}
            {added.map((item) => (
              <li key={`+${item}`} className={styles.added}>
                <span className="rm-visually-hidden">added </span>
                <span aria-hidden="true">+ </span>
                {item}
              </li>
            ))}
          </ul>
        )}
        {before !== null && (
          <>
            <del>{before}</del> →{' '}
          </>
        )}
        {after !== null && <ins>{after}</ins>}
        {before !== null && after === null && <ins>none</ins>}
      </dd>
    </>
  )
}
