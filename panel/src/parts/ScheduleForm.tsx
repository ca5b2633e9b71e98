// One schedule of a plan: when, in which zone, for which groups, spread by how much, and what has to hold first.
// Knows the type; must not know drafts or saving.

import type { ReactNode } from 'react'
import type { Conditions, PlanProblem, Schedule } from '../api/types.gen'
import { problemsAt } from '../model/plan'
import { formatDuration } from '../model/time'
import { CheckField, FieldRow, FieldStack, SelectField, SwitchField } from '../ui'
import columns from './Columns.module.css'
import { CronField } from './CronField'
import styles from './RetentionGrid.module.css'

interface ScheduleFormProps {
  name: string
  schedule: Schedule
  groups: readonly string[]
  /** The zone the host lives in. */
  hostZone: string
  problems: readonly PlanProblem[]
  disabled: boolean
  /** The next runs of what is typed. */
  next?: ReactNode
  /** What the coordinator says is wrong with the crontab. */
  cronProblem?: string | undefined
  onChange: (schedule: Schedule) => void
}

const SPREADS_S = [0, 60, 300, 600, 900, 1_800, 3_600, 7_200, 21_600]
const HOST_ZONE = 'host'

export function ScheduleForm(props: ScheduleFormProps) {
  const { name, schedule, hostZone, problems, disabled, next, cronProblem, onChange } = props
  const at = `schedules.${name}`
  const wrong = (field: string) => problemsAt(problems, `${at}.${field}`, true).join(' ') || undefined
  const set = (change: Partial<Schedule>) => onChange({ ...schedule, ...change })
  const spreads = SPREADS_S.includes(schedule.jitter_s)
    ? SPREADS_S
    : [...SPREADS_S, schedule.jitter_s].sort((a, b) => a - b)
  return (
    <div className={columns.columns}>
      <FieldStack>
        <SwitchField
          label="On"
          help={
            schedule.enabled
              ? 'It runs by itself.'
              : 'Paused: nothing runs until it is on again; that is no missed run.'
          }
          checked={schedule.enabled}
          onChange={(enabled) => set({ enabled })}
          disabled={disabled}
          data-testid="schedule-enabled"
        />
        <CronField
          value={schedule.cron}
          onChange={(cron) => set({ cron })}
          disabled={disabled}
          error={cronProblem ?? wrong('cron')}
          next={next}
        />
      </FieldStack>
      <FieldStack>
        <FieldRow>
          <SelectField
            label="Time zone"
            searchable
            value={schedule.zone ?? HOST_ZONE}
            onChange={(zone) => set({ zone: zone === HOST_ZONE ? null : zone })}
            choices={[{ value: HOST_ZONE, label: `The host’s own (${hostZone})` }, ...zones(schedule.zone)]}
            error={wrong('zone')}
            disabled={disabled}
          />
          <SelectField
            label="Spread"
            help="Starts up to this much later, always the same at one host, so that a fleet does not start at once."
            value={String(schedule.jitter_s)}
            onChange={(jitter) => set({ jitter_s: Number(jitter) })}
            choices={spreads.map((s) => ({
              value: String(s),
              label: s === 0 ? 'None' : `Up to ${formatDuration(s * 1_000)}`,
            }))}
            error={wrong('jitter_s')}
            disabled={disabled}
          />
        </FieldRow>
        <GroupChoice {...props} error={wrong('groups')} />
        <ConditionChoice {...props} />
      </FieldStack>
    </div>
  )
}

function GroupChoice(props: ScheduleFormProps & { error: string | undefined }) {
  const { schedule, groups, disabled, error, onChange } = props
  return (
    <fieldset className={styles.grid} disabled={disabled}>
      <legend>Groups</legend>
      <FieldStack>
        {groups.map((group) => (
          <CheckField
            key={group}
            label={group}
            checked={schedule.groups.includes(group)}
            disabled={disabled}
            onChange={(on) =>
              onChange({
                ...schedule,
                groups: on ? [...schedule.groups, group] : schedule.groups.filter((one) => one !== group),
              })
            }
          />
        ))}
      </FieldStack>
      {error !== undefined && <p className={styles.error}>{error}</p>}
    </fieldset>
  )
}

const NO_CONDITIONS: Conditions = { mains_power: false, unmetered: false, reachable: false }
const CONDITIONS: readonly { name: keyof Conditions; label: string; help: string }[] = [
  {
    name: 'mains_power',
    label: 'Mains power',
    help: 'Not on battery. A machine without one is always on mains power.',
  },
  {
    name: 'unmetered',
    label: 'An unmetered network',
    help: 'Not over a connection that is paid by volume. Where nothing says so, it is not.',
  },
  {
    name: 'reachable',
    label: 'The repository answers',
    help: 'Otherwise the run would fail, and be retried.',
  },
]

/** A run that is due waits until they hold, and then runs once. */
function ConditionChoice({ schedule, disabled, onChange }: ScheduleFormProps) {
  const conditions = schedule.conditions ?? NO_CONDITIONS
  return (
    <fieldset className={styles.grid} disabled={disabled} data-testid="conditions">
      <legend>A run that is due waits for</legend>
      <FieldStack>
        {CONDITIONS.map(({ name, label, help }) => (
          <CheckField
            key={name}
            label={label}
            help={help}
            checked={conditions[name]}
            disabled={disabled}
            onChange={(on) => onChange({ ...schedule, conditions: { ...conditions, [name]: on } })}
          />
        ))}
      </FieldStack>
    </fieldset>
  )
}

/** Every zone this browser knows, and the one that is set even if it does not. */
function zones(set: string | null) {
  const known = Intl.supportedValuesOf('timeZone')
  const all = known.includes('UTC') ? known : ['UTC', ...known]
  const with_ = set === null || all.includes(set) ? all : [set, ...all]
  return with_.map((value) => ({ value, label: value.replaceAll('_', ' ') }))
}
