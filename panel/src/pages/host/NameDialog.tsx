// Asks for the name of a group or schedule: said what a name is before the mistake, and whether it is taken.

import { useEffect, useId, useState } from 'react'
import { isName, NAME_RULE } from '../../model/plan'
import { Button, Dialog, TextField } from '../../ui'

interface NameProps {
  open: boolean
  onClose: () => void
  title: string
  verb: string
  start?: string
  taken: readonly string[]
  help: string
  onName: (name: string) => void
}

export function NameDialog({ open, onClose, title, verb, start = '', taken, help, onName }: NameProps) {
  const [name, setName] = useState(start)
  const form = useId()
  useEffect(() => {
    if (open) setName(start)
  }, [open, start])
  const trimmed = name.trim()
  const problem =
    trimmed === '' || trimmed === start
      ? null
      : !isName(trimmed)
        ? `A name takes ${NAME_RULE}.`
        : taken.includes(trimmed)
          ? 'That name is taken.'
          : null
  const ready = trimmed !== '' && trimmed !== start && problem === null
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      size="sm"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={form} disabled={!ready}>
            {verb}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) onName(trimmed)
        }}
      >
        <TextField
          label="Name"
          mono
          autoFocus
          value={name}
          onChange={setName}
          error={problem}
          help={help}
          maxLength={64}
        />
      </form>
    </Dialog>
  )
}
