// Asks for the name of a group, a schedule and the like: said what a name is before the mistake, and whether it is taken.

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
  /** What is wrong with a name, where another rule holds than that of a plan's things. */
  check?: (name: string) => string | null
  onName: (name: string) => void
}

const checkName = (name: string) => (isName(name) ? null : `A name takes ${NAME_RULE}.`)

export function NameDialog(props: NameProps) {
  const { open, onClose, title, verb, start = '', taken, help, check = checkName, onName } = props
  const [name, setName] = useState(start)
  const form = useId()
  useEffect(() => {
    if (open) setName(start)
  }, [open, start])
  const trimmed = name.trim()
  const problem =
    trimmed === '' || trimmed === start
      ? null
      : (check(trimmed) ?? (taken.includes(trimmed) ? 'That name is taken.' : null))
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
