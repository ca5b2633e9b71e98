// A password chosen: typed twice, with what it takes said before the mistake.

import { isApiError } from '../api/error'
import { FieldRow, PasswordField } from '../ui'

export interface Chosen {
  password: string
  again: string
}

export const NOTHING_CHOSEN: Chosen = { password: '', again: '' }

/** What is wrong with it, by field; empty when nothing is. */
export function passwordProblems({ password, again }: Chosen, min: number): Partial<Chosen> {
  const problems: Partial<Chosen> = {}
  const length = [...password].length
  if (length < min) problems.password = `This has ${length} characters, ${min} are the least.`
  if (again !== password) problems.again = 'The two passwords differ.'
  return problems
}

interface Props {
  label: string
  value: Chosen
  onChange: (value: Chosen) => void
  min: number
  /** Somebody tried to send it: what is wrong is told. */
  tried: boolean
  /** What the coordinator said. */
  refusal: unknown
  /** The coordinator's name of the field. */
  field: string
}

export function NewPassword({ label, value, onChange, min, tried, refusal, field }: Props) {
  const problems = tried ? passwordProblems(value, min) : {}
  const refused = isApiError(refusal) ? refusal.field(field) : undefined
  return (
    <FieldRow>
      <PasswordField
        label={label}
        name="new-password"
        required
        help={`At least ${min} characters. A few unrelated words are good.`}
        value={value.password}
        onChange={(password) => onChange({ ...value, password })}
        error={problems.password ?? refused}
      />
      <PasswordField
        label={`${label} again`}
        name="new-password-again"
        required
        value={value.again}
        onChange={(again) => onChange({ ...value, again })}
        error={problems.again}
      />
    </FieldRow>
  )
}
