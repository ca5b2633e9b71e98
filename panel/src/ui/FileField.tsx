// A file of this computer, read here.

import { useId } from 'react'
import styles from './Field.module.css'
import own from './FileField.module.css'

interface FileProps {
  label: string
  help?: string
  /** Kinds of files that are offered first: ".json". */
  accept?: string
  disabled?: boolean
  onFile: (file: File) => void
  'data-testid'?: string
}

export function FileField({ label, help, accept, disabled = false, onFile, ...rest }: FileProps) {
  const id = useId()
  return (
    <div>
      <div className={styles.label}>
        <label htmlFor={id}>{label}</label>
      </div>
      <input
        id={id}
        type="file"
        className={own.input}
        accept={accept}
        disabled={disabled}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        data-testid={rest['data-testid']}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          // The same file can be chosen again, after it was mended.
          currentTarget.value = ''
          if (file !== undefined) onFile(file)
        }}
      />
      {help !== undefined && (
        <div className={styles.help} id={`${id}-help`}>
          {help}
        </div>
      )}
    </div>
  )
}
