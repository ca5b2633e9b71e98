// The foot of a dialog that holds a form: back out, or send it.

import type { ReactNode } from 'react'
import { Button } from './Button'
import type { IconName } from './Icon'

interface FormActionsProps {
  /** The id of the form that is sent. */
  form: string
  onCancel: () => void
  /** While it is sent, neither can be pressed. */
  busy: boolean
  disabled?: boolean
  look?: 'primary' | 'danger'
  icon?: IconName
  /** What sending it does. */
  children: ReactNode
}

export function FormActions({
  form,
  onCancel,
  busy,
  disabled = false,
  look = 'primary',
  icon,
  children,
}: FormActionsProps) {
  return (
    <>
      <Button onClick={onCancel} disabled={busy}>
        Cancel
      </Button>
      <Button look={look} type="submit" form={form} busy={busy} disabled={disabled} {...(icon && { icon })}>
        {children}
      </Button>
    </>
  )
}
