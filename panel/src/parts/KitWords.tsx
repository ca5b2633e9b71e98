// Where the recovery kit's words are typed, hidden from who looks on. They stay in this page's memory, for as long as it needs them.

import { useEffect, useRef } from 'react'
import { KitError } from '../seal'
import { HiddenAreaField } from '../ui'

interface Props {
  value: string
  onChange: (words: string) => void
  /** What went wrong with them; other errors are told elsewhere. */
  error?: unknown
  /** What else is wrong with them, such as that there are none. */
  problem?: string | undefined
  disabled?: boolean
  help?: string
  rows?: number
  required?: boolean
}

export function KitWords({
  value,
  onChange,
  error,
  problem,
  disabled = false,
  help,
  rows = 3,
  required = true,
}: Props) {
  const place = useRef<HTMLDivElement>(null)
  const wrong = isAboutWords(error) ? error : null
  // While they were tried the field was off, and what had the focus lost it: whoever is told has to be where it is said.
  useEffect(() => {
    if (wrong !== null && !disabled) place.current?.querySelector('textarea')?.focus()
  }, [wrong, disabled])
  return (
    <div ref={place}>
      <HiddenAreaField
        label="The 24 words of the recovery kit"
        help={help ?? 'They are used here, in this browser, and sent nowhere.'}
        what="the words"
        rows={rows}
        required={required}
        value={value}
        onChange={onChange}
        disabled={disabled}
        error={problem ?? wrong?.message}
        data-testid="kit-words"
      />
    </div>
  )
}

/** Whether an error is about the words, and so stands at their field. */
export function isAboutWords(error: unknown): error is KitError {
  return error instanceof KitError
}
