// A role, chosen with what it means beside it.

import type { Role } from '../../api/types.gen'
import { ROLE_WORDS, ROLES } from '../../model/roles'
import { RadioField } from '../../ui'

interface Props {
  value: Role
  onChange: (role: Role) => void
  /** Those that may be chosen; every one where nothing is said. */
  roles?: readonly Role[]
  label?: string
  error?: string | undefined
  disabled?: boolean
}

export function RoleField({
  value,
  onChange,
  roles = ROLES,
  label = 'Role',
  error,
  disabled = false,
}: Props) {
  return (
    <RadioField
      label={label}
      value={value}
      onChange={onChange}
      error={error}
      choices={roles.map((role) => ({
        value: role,
        label: `${role.charAt(0).toUpperCase()}${role.slice(1)}`,
        help: ROLE_WORDS[role],
        disabled,
      }))}
    />
  )
}
