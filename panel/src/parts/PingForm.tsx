// One ping of a plan: its address, on which events and for which groups it is called. Knows no draft.

import type { Ping, PlanProblem } from '../api/types.gen'
import { problemsAt } from '../model/plan'
import { CheckField, FieldStack } from '../ui'
import columns from './Columns.module.css'
import styles from './RetentionGrid.module.css'
import { SecretText, type SecretTextState } from './SecretText'

interface PingFormProps {
  name: string
  ping: Ping
  groups: readonly string[]
  problems: readonly PlanProblem[]
  address: SecretTextState
  disabled: boolean
  onAddress: (value: string | null) => void
  onChange: (ping: Ping) => void
}

const EVENTS: readonly { event: 'start' | 'success' | 'failure'; label: string; help: string }[] = [
  { event: 'start', label: 'When a backup begins', help: 'The address with /start at its end.' },
  { event: 'success', label: 'When it succeeds', help: 'The address itself.' },
  { event: 'failure', label: 'When it fails', help: 'The address with /fail at its end.' },
]

export function PingForm(props: PingFormProps) {
  const { name, ping, groups, problems, address, disabled, onAddress, onChange } = props
  const at = `pings.${name}`
  return (
    <div className={columns.columns}>
      <FieldStack>
        <SecretText
          label="Address"
          help="http:// or https://. It is a secret: sealed to this host in this browser, and never shown."
          placeholder="https://hc-ping.com/…"
          state={address}
          error={problemsAt(problems, at).join(' ') || undefined}
          disabled={disabled}
          onChange={(value) => onAddress(value === null ? null : value.trim())}
          data-testid={`ping-address-${name}`}
        />
        <fieldset className={styles.grid} disabled={disabled}>
          <legend>Called</legend>
          <FieldStack>
            {EVENTS.map(({ event, label, help }) => (
              <CheckField
                key={event}
                label={label}
                help={help}
                checked={ping[event]}
                disabled={disabled}
                onChange={(on) => onChange({ ...ping, [event]: on })}
              />
            ))}
          </FieldStack>
        </fieldset>
      </FieldStack>
      <fieldset className={styles.grid} disabled={disabled}>
        <legend>Groups</legend>
        <FieldStack>
          <CheckField
            label="All, also new ones"
            checked={ping.groups.length === 0}
            disabled={disabled}
            onChange={(all) => onChange({ ...ping, groups: all ? [] : [...groups] })}
          />
          {ping.groups.length > 0 &&
            groups.map((group) => (
              <CheckField
                key={group}
                label={group}
                checked={ping.groups.includes(group)}
                // The last one stays: none would mean all.
                disabled={disabled || (ping.groups.length === 1 && ping.groups[0] === group)}
                onChange={(on) =>
                  onChange({
                    ...ping,
                    groups: on ? [...ping.groups, group] : ping.groups.filter((one) => one !== group),
                  })
                }
              />
            ))}
        </FieldStack>
        {problemsAt(problems, `${at}.groups`).map((problem) => (
          <p key={problem} className={styles.error}>
            {problem}
          </p>
        ))}
      </fieldset>
    </div>
  )
}
