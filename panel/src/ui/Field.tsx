// Fields one types into, and ticks: label, help and error tied to the input for everybody. Values are controlled; errors
// are sentences. What one chooses from is in Choice.tsx.

import { Checkbox, PasswordInput, Textarea, TextInput } from '@mantine/core'
import { type ReactNode, type Ref, useState } from 'react'
import { Button } from './Button'
import styles from './Field.module.css'

export interface Common {
  label: ReactNode
  help?: ReactNode
  error?: ReactNode
  required?: boolean
  disabled?: boolean
  'data-testid'?: string
}

interface TextProps extends Common {
  value: string
  onChange: (value: string) => void
  placeholder?: string
  /** Monospace: for paths, expressions, addresses, fingerprints. */
  mono?: boolean
  autoFocus?: boolean
  /** In a dialog: this field gets the focus when it opens. */
  'data-autofocus'?: boolean
  autoComplete?: string
  inputMode?: 'text' | 'url' | 'numeric' | 'search'
  name?: string
  readOnly?: boolean
  maxLength?: number
  ref?: Ref<HTMLInputElement>
  onBlur?: () => void
}

export const classes = {
  label: styles.label ?? '',
  description: styles.help ?? '',
  error: styles.error ?? '',
  input: styles.input ?? '',
}
const monoClasses = { ...classes, input: `${styles.input} ${styles.mono}` }
const order = ['label', 'input', 'error', 'description'] as ('label' | 'input' | 'error' | 'description')[]

export function shared({ help, error, required, ...rest }: Common) {
  return {
    ...rest,
    description: help,
    error: error ?? null,
    // The star is for the eye; whether something is missing is said by the error, not by the browser's own bubble.
    withAsterisk: required ?? false,
    'aria-required': required ?? false,
    inputWrapperOrder: order,
    classNames: classes,
    size: 'sm' as const,
  }
}

export function TextField({ value, onChange, mono, ref, ...props }: TextProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, ...rest } = props
  return (
    <TextInput
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      {...rest}
      ref={ref ?? null}
      classNames={mono ? monoClasses : classes}
      spellCheck={!mono}
      autoComplete={rest.autoComplete ?? 'off'}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

export function PasswordField({ value, onChange, mono: _, ref, ...props }: TextProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, ...rest } = props
  return (
    <PasswordInput
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      {...rest}
      ref={ref ?? null}
      classNames={{ ...classes, innerInput: styles.mono ?? '' }}
      visibilityToggleButtonProps={{ 'aria-label': 'Show or hide what is typed', tabIndex: 0, size: 26 }}
      autoComplete={rest.autoComplete ?? 'new-password'}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

interface AreaProps extends Common {
  value: string
  onChange: (value: string) => void
  placeholder?: string
  mono?: boolean
  rows?: number
  readOnly?: boolean
  /** Each letter is drawn as a dot. */
  covered?: boolean
  ref?: Ref<HTMLTextAreaElement>
}

export function TextAreaField({ value, onChange, mono, rows = 3, covered, ref, ...props }: AreaProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, ...rest } = props
  return (
    <Textarea
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      {...rest}
      ref={ref ?? null}
      classNames={mono ? monoClasses : classes}
      spellCheck={!mono}
      {...(covered !== undefined && { autoComplete: 'off', autoCapitalize: 'none', autoCorrect: 'off' })}
      data-covered={covered}
      autosize
      minRows={rows}
      maxRows={14}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

/**
 * Several words that nobody looks on at: hidden until one asks. An area and no password field, because those lose the lines of what is
 * pasted, and offer it to the browser's own store of passwords. `what`: what is shown and hidden.
 */
export function HiddenAreaField({ what, ...props }: AreaProps & { what: string }) {
  const [shown, setShown] = useState(false)
  return (
    <div>
      <TextAreaField {...props} mono covered={!shown} />
      <div className={styles.toggle}>
        <Button small disabled={props.disabled ?? false} onClick={() => setShown(!shown)}>
          {shown ? `Hide ${what}` : `Show ${what}`}
        </Button>
      </div>
    </div>
  )
}

/** One item per line; white space around and empty lines do not count. What is typed stays as typed. */
export function LinesField(
  props: Omit<AreaProps, 'value' | 'onChange'> & { value: string; onChange: (text: string) => void },
) {
  return <TextAreaField mono rows={3} {...props} />
}

export function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export interface CheckProps extends Common {
  checked: boolean
  onChange: (checked: boolean) => void
}

export function CheckField({
  checked,
  onChange,
  label,
  help,
  error,
  disabled,
  'data-testid': testid,
}: CheckProps) {
  return (
    <Checkbox
      size="md"
      aria-invalid={error !== undefined}
      label={label}
      description={help}
      error={error ?? null}
      disabled={disabled}
      checked={checked}
      data-testid={testid}
      classNames={{
        label: styles.checkLabel ?? '',
        description: styles.help ?? '',
        input: styles.check ?? '',
      }}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  )
}

/** Fields below each other, with the panel's distance. */
export function FieldStack({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>
}

/** Fields beside each other as long as there is room. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <div className={styles.row}>{children}</div>
}
