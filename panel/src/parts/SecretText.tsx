// A secret that is typed as text and never shown again: what the host holds, what would replace it.

import type { SecretView } from '../api/types.gen'
import { Button, RelativeTime, TextAreaField } from '../ui'
import styles from './RetentionGrid.module.css'

export interface SecretTextState {
  held: SecretView | undefined
  typed: string | undefined
  /** It was typed, and a reload of the page took it. */
  lost: boolean
}

interface Props {
  label: string
  help: string
  rows?: number
  placeholder?: string
  state: SecretTextState
  error: string | undefined
  disabled: boolean
  required?: boolean
  /** `null`: what the host has stays. */
  onChange: (value: string | null) => void
  'data-testid'?: string
}

export function SecretText(props: Props) {
  const { label, help, rows = 1, placeholder, state, error, disabled, required = true, onChange } = props
  const { held, typed, lost } = state
  const notKept = lost
    ? `Typed before the page was loaded anew, and kept nowhere: type it again${held === undefined ? '' : ', or keep what the host has'}.`
    : undefined
  return (
    <div>
      <TextAreaField
        label={label}
        help={help}
        mono
        rows={rows}
        required={required && held === undefined}
        value={typed ?? ''}
        placeholder={held === undefined ? placeholder : 'unchanged: type another to replace it'}
        error={notKept ?? error}
        disabled={disabled}
        onChange={(value) => onChange(value === '' ? null : value)}
        data-testid={props['data-testid']}
      />
      {held !== undefined && (
        <p className={styles.held}>
          The host holds revision {held.revision}, given <RelativeTime at={held.at} />.
        </p>
      )}
      {lost && held !== undefined && (
        <Button small onClick={() => onChange(null)} disabled={disabled}>
          Keep what the host has
        </Button>
      )}
    </div>
  )
}
