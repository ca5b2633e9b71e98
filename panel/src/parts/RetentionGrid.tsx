// What `forget` keeps, as a grid of numbers with its sentence below.

import type { Retention } from '../api/types.gen'
import { NumberField, TextField } from '../ui'
import styles from './RetentionGrid.module.css'

const CELLS: readonly { field: Exclude<keyof Retention, 'keep_within'>; label: string }[] = [
  { field: 'keep_last', label: 'Last' },
  { field: 'keep_hourly', label: 'Hourly' },
  { field: 'keep_daily', label: 'Daily' },
  { field: 'keep_weekly', label: 'Weekly' },
  { field: 'keep_monthly', label: 'Monthly' },
  { field: 'keep_yearly', label: 'Yearly' },
]

export function RetentionGrid(props: {
  retention: Retention
  onChange: (retention: Retention) => void
  /** The sentence of the rules; `null`: there is none, everything stays. */
  words: string | null
  error: string | undefined
  disabled: boolean
}) {
  const { retention, onChange, words, error, disabled } = props
  return (
    <fieldset className={styles.grid} disabled={disabled} data-testid="retention">
      <legend>Snapshots to keep</legend>
      <div className={styles.cells}>
        {CELLS.map(({ field, label }) => (
          <NumberField
            key={field}
            label={label}
            value={retention[field] === 0 ? null : retention[field]}
            placeholder="–"
            min={0}
            disabled={disabled}
            onChange={(value) => onChange({ ...retention, [field]: Math.max(0, value ?? 0) })}
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
        {words === null
          ? 'No rule: everything is kept, and forget never runs for this group.'
          : `Keeps ${words}; what no rule keeps is forgotten. Snapshots without this group’s tag are never touched.`}
      </p>
      {error !== undefined && <p className={styles.error}>{error}</p>}
    </fieldset>
  )
}
