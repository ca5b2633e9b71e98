// Differences between two plans, as people read them: what was added, changed, removed, and from what to what. Against a
// plan of nothing it is a plan as a whole.

import type { Area, FieldChange, PlanChange } from '../model/plan'
import { Badge, type Tone } from '../ui'
import styles from './PlanDiff.module.css'

const AREAS: Readonly<Record<Area, string>> = {
  repository: 'Repository',
  group: 'Group',
  schedule: 'Schedule',
  maintenance: 'Maintenance',
  limits: 'Limits',
  presence: 'Presence',
  hooks: 'Hooks of the host',
  ping: 'Ping',
  hostname: 'Snapshots',
  secret: 'Secret:',
}
const TONES: Readonly<Record<PlanChange['kind'], Tone>> = { added: 'ok', changed: 'run', removed: 'bad' }

export function changeTitle({ area, name }: PlanChange): string {
  return name === null ? AREAS[area] : `${AREAS[area]} ${name}`
}

/** "group default, schedule nightly" */
export function changesInWords(changes: readonly PlanChange[]): string {
  return changes.map((change) => changeTitle(change).replace(/^./, (first) => first.toLowerCase())).join(', ')
}

export function PlanDiff(props: {
  changes: readonly PlanChange[]
  label: string
  /** They are all there is of a plan: nothing is said to have been added. */
  whole?: boolean
}) {
  const { changes, label, whole = false } = props
  if (changes.length === 0) return <p>No difference.</p>
  return (
    <ul className={styles.diff} aria-label={label}>
      {changes.map((change) => (
        <li key={`${change.area}/${change.name ?? ''}`}>
          <div className={styles.head}>
            {changeTitle(change)} {!whole && <Badge tone={TONES[change.kind]}>{change.kind}</Badge>}
          </div>
          {change.fields.length > 0 && (
            <dl className={styles.fields}>
              {change.fields.map((field) => (
                <Field key={field.label} field={whole ? asItStands(field) : field} />
              ))}
            </dl>
          )}
        </li>
      ))}
    </ul>
  )
}

/** A value that came from nothing. */
function asItStands(field: FieldChange): FieldChange {
  return { ...field, before: null, after: field.after ?? field.added.join(', '), added: [], removed: [] }
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
                <bdi>{item}</bdi>
              </li>
            ))}
            {added.map((item) => (
              <li key={`+${item}`} className={styles.added}>
                <span className="rm-visually-hidden">added </span>
                <span aria-hidden="true">+ </span>
                <bdi>{item}</bdi>
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
