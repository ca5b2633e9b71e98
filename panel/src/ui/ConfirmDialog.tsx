// Asks before something is done; what cannot be undone wants a name typed.

import { type ReactNode, useEffect, useState } from 'react'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { TextField } from './Field'

interface ConfirmProps {
  open: boolean
  onClose: () => void
  title: string
  children: ReactNode
  /** What the button says: the verb itself. */
  verb: string
  /** For what cannot be undone: this name has to be typed. */
  typeName?: string
  danger?: boolean
  busy?: boolean
  /** It cannot be done here: the text says why. */
  disabled?: boolean
  /** What the other button says. */
  keep?: string
  onConfirm: () => void
}

export function ConfirmDialog(props: ConfirmProps) {
  const { open, onClose, title, children, verb, typeName, danger = false, busy = false, onConfirm } = props
  const { disabled = false, keep = 'Keep it' } = props
  const [typed, setTyped] = useState('')
  useEffect(() => {
    if (open) setTyped('')
  }, [open])
  const ready = !disabled && (typeName === undefined || typed.trim() === typeName)
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      busy={busy}
      size="sm"
      actions={
        <>
          <Button onClick={onClose} disabled={busy}>
            {keep}
          </Button>
          <Button look={danger ? 'danger' : 'primary'} onClick={onConfirm} disabled={!ready} busy={busy}>
            {verb}
          </Button>
        </>
      }
    >
      {children}
      {typeName !== undefined && (
        <TextField label={`Type ${typeName} to go on`} mono value={typed} onChange={setTyped} autoFocus />
      )}
    </Dialog>
  )
}
