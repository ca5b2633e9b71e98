// A crontab: quick picks or free text, read back in plain words, with the next runs as the coordinator computes them.
// Knows expressions and zones; must not know schedules.

import { type ReactNode, useState } from 'react'
import { crontabOf, type Pick, type PickKind, pickOf, pickOfKind, readCron, WEEKDAYS } from '../model/cron'
import { sentence } from '../model/plan'
import { FieldRow, SegmentField, SelectField, TextField } from '../ui'
import styles from './CronField.module.css'

interface CronProps {
  value: string
  onChange: (cron: string) => void
  disabled?: boolean
  /** What the coordinator says is wrong with it. */
  error?: string | undefined
  /** Below the reading: the next runs. */
  next?: ReactNode
}

const KINDS: readonly { value: PickKind; label: string }[] = [
  { value: 'hourly', label: 'Hourly' },
  { value: 'daily', label: 'Daily' },
  { value: 'weekly', label: 'Weekly' },
  { value: 'monthly', label: 'Monthly' },
  { value: 'custom', label: 'Free text' },
]

export function CronField({ value, onChange, disabled = false, error, next }: CronProps) {
  const pick = pickOf(value)
  const [kind, setKind] = useState<PickKind>(pick.kind)
  // What is none of the picks can only be free text, whatever was chosen before.
  const shown = pick.kind === kind ? kind : 'custom'
  const reading = readCron(value)
  const wrong = error === undefined ? undefined : sentence(error)
  function choose(chosen: PickKind) {
    setKind(chosen)
    if (chosen !== 'custom') onChange(crontabOf(pickOfKind(chosen, pick)))
  }
  return (
    <div className={styles.cron}>
      <SegmentField
        label="Runs"
        value={shown}
        onChange={choose}
        choices={KINDS.map((one) => ({ ...one, disabled }))}
        data-testid="cron-kind"
      />
      {shown !== 'custom' && pick.kind !== 'custom' && (
        <PickFields pick={pick} disabled={disabled} onChange={(changed) => onChange(crontabOf(changed))} />
      )}
      {shown === 'custom' && (
        <TextField
          label="Crontab"
          mono
          value={value}
          onChange={onChange}
          disabled={disabled}
          error={wrong ?? (reading.ok ? undefined : reading.problem)}
          help="Five fields: minute, hour, day of month, month, day of week. Or @daily and friends."
          data-testid="cron-text"
        />
      )}
      <div className={styles.reading} data-ok={reading.ok && error === undefined} data-testid="cron-reading">
        <strong>{reading.ok ? reading.words : 'This is not a crontab yet'}</strong>
        {shown !== 'custom' && <code>{value}</code>}
        {shown !== 'custom' && wrong !== undefined && <div>{wrong}</div>}
        {reading.ok && next}
      </div>
    </div>
  )
}

function PickFields(props: {
  pick: Exclude<Pick, { kind: 'custom' }>
  disabled: boolean
  onChange: (pick: Exclude<Pick, { kind: 'custom' }>) => void
}) {
  const { pick, disabled, onChange } = props
  return (
    <>
      {pick.kind === 'weekly' && (
        <WeekdayField
          value={pick.weekdays}
          disabled={disabled}
          onChange={(weekdays) => onChange({ ...pick, weekdays })}
        />
      )}
      <FieldRow>
        {pick.kind === 'monthly' && (
          <SelectField
            label="Day of the month"
            value={String(pick.day)}
            disabled={disabled}
            onChange={(day) => onChange({ ...pick, day: Number(day) })}
            choices={numbers(1, 31)}
            help={pick.day > 28 ? 'Months without that day are left out.' : undefined}
          />
        )}
        {pick.kind !== 'hourly' && (
          <SelectField
            label="Hour"
            value={String(pick.hour)}
            disabled={disabled}
            onChange={(hour) => onChange({ ...pick, hour: Number(hour) })}
            choices={numbers(0, 23)}
          />
        )}
        <SelectField
          label="Minute"
          value={String(pick.minute)}
          disabled={disabled}
          onChange={(minute) => onChange({ ...pick, minute: Number(minute) })}
          choices={numbers(0, 59)}
        />
      </FieldRow>
    </>
  )
}

function WeekdayField(props: {
  value: readonly number[]
  disabled: boolean
  onChange: (weekdays: number[]) => void
}) {
  const { value, disabled, onChange } = props
  const fromMonday = [1, 2, 3, 4, 5, 6, 0]
  return (
    <fieldset className={styles.group} disabled={disabled}>
      <legend className={styles.legend}>On</legend>
      <div className={styles.days}>
        {fromMonday.map((day) => {
          const on = value.includes(day)
          const others = value.filter((one) => one !== day)
          return (
            <button
              key={day}
              type="button"
              aria-pressed={on}
              aria-label={WEEKDAYS[day]}
              // The last day stays: a week without a day never runs.
              disabled={disabled || (on && others.length === 0)}
              onClick={() => onChange((on ? others : [...others, day]).sort((a, b) => a - b))}
            >
              {WEEKDAYS[day]?.slice(0, 3)}
            </button>
          )
        })}
      </div>
    </fieldset>
  )
}

function numbers(from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, n) => ({
    value: String(from + n),
    label: String(from + n).padStart(2, '0'),
  }))
}

/** The next runs, exact and relative, in the zone of the schedule. */
export function NextRuns({ times, zone }: { times: readonly number[]; zone: string }) {
  const format = zoned(zone)
  return (
    <ol className={styles.next} aria-label="Next runs">
      {times.map((at) => (
        <li key={at}>
          <time dateTime={new Date(at).toISOString()}>{format(at)}</time>
        </li>
      ))}
    </ol>
  )
}

/** Times as the clock on that host's wall shows them; in the reader's zone when this browser does not know the host's. */
function zoned(zone: string): (at: number) => string {
  const shape: Intl.DateTimeFormatOptions = {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-GB', { ...shape, timeZone: zone })
  } catch {
    format = new Intl.DateTimeFormat('en-GB', shape)
  }
  return (at) => format.format(at)
}
