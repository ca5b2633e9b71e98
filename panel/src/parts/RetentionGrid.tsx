// What `forget` keeps, as a grid of numbers with its sentence below.

import type { Retention } from '../api/types.gen'
import { pinnedTags } from '../model/plan'
import { BOUNDS, isWhole, KEEPS } from '../model/whole'
import { Notice, NumberField, TagsField, TextField } from '../ui'
import styles from './RetentionGrid.module.css'

const LABELS: Readonly<Record<(typeof KEEPS)[number], string>> = {
  keep_last: 'Last',
  keep_hourly: 'Hourly',
  keep_daily: 'Daily',
  keep_weekly: 'Weekly',
  keep_monthly: 'Monthly',
  keep_yearly: 'Yearly',
}

export function RetentionGrid(props: {
  retention: Retention
  onChange: (retention: Retention) => void
  /** The sentence of the rules; `null`: there is none, everything stays. */
  words: string | null
  error: string | undefined
  /** What is valid, but will surprise. */
  warnings?: readonly string[]
  disabled: boolean
}) {
  const { retention, onChange, words, error, warnings = [], disabled } = props
  return (
    <fieldset className={styles.grid} disabled={disabled} data-testid="retention">
      <legend>Snapshots to keep</legend>
      <div className={styles.cells}>
        {KEEPS.map((field) => (
          <NumberField
            key={field}
            label={LABELS[field]}
            value={retention[field] === 0 ? null : retention[field]}
            empty={0}
            placeholder="–"
            {...BOUNDS.keep}
            disabled={disabled}
            onChange={(value) => onChange({ ...retention, [field]: value ?? 0 })}
          />
        ))}
        <TextField
          label="All within"
          mono
          placeholder="14d"
          value={retention.keep_within ?? ''}
          disabled={disabled}
          onChange={(within) => onChange({ ...retention, keep_within: within === '' ? null : within })}
        />
      </div>
      <p className={styles.words} data-testid="retention-words">
        {!KEEPS.every((field) => isWhole(retention[field], BOUNDS.keep))
          ? 'What is kept is said here once the numbers above are right.'
          : words === null
            ? 'No rule: everything is kept, and forget never runs for this group.'
            : `Keeps ${words}; what no rule keeps is forgotten. Snapshots without this group’s tag are never touched.`}
      </p>
      {error !== undefined && <p className={styles.error}>{error}</p>}
      {warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      <TagsField
        label="Pinned by the tags"
        help="No rule removes a snapshot that has one of these tags."
        value={pinnedTags(retention)}
        onChange={(keep_tags) => onChange({ ...retention, keep_tags })}
        placeholder="none: every snapshot follows the rules"
        disabled={disabled}
        data-testid="pinned-tags"
      />
    </fieldset>
  )
}
