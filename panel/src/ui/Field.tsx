// Form fields: label, help and error tied to the input for everybody. Values are controlled; errors are sentences.

import {
  Checkbox,
  NumberInput,
  PasswordInput,
  Radio,
  SegmentedControl,
  Select,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type ReactNode, type Ref, useId } from 'react'
import styles from './Field.module.css'

interface Common {
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
  autoComplete?: string
  inputMode?: 'text' | 'url' | 'numeric' | 'search'
  name?: string
  readOnly?: boolean
  maxLength?: number
  ref?: Ref<HTMLInputElement>
  onBlur?: () => void
}

const classes = {
  label: styles.label ?? '',
  description: styles.help ?? '',
  error: styles.error ?? '',
  input: styles.input ?? '',
}
const monoClasses = { ...classes, input: `${styles.input} ${styles.mono}` }
const order = ['label', 'input', 'error', 'description'] as ('label' | 'input' | 'error' | 'description')[]

function shared({ help, error, required, ...rest }: Common) {
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
  ref?: Ref<HTMLTextAreaElement>
}

export function TextAreaField({ value, onChange, mono, rows = 3, ref, ...props }: AreaProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, ...rest } = props
  return (
    <Textarea
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      {...rest}
      ref={ref ?? null}
      classNames={mono ? monoClasses : classes}
      spellCheck={!mono}
      autosize
      minRows={rows}
      maxRows={14}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
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

interface NumberProps extends Common {
  value: number | null
  onChange: (value: number | null) => void
  min?: number
  max?: number
  step?: number
  suffix?: string
  placeholder?: string
  ref?: Ref<HTMLInputElement>
}

export function NumberField({ value, onChange, ref, ...props }: NumberProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, ...rest } = props
  return (
    <NumberInput
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      {...rest}
      ref={ref ?? null}
      allowDecimal={false}
      clampBehavior="none"
      value={value ?? ''}
      onChange={(next) => onChange(typeof next === 'number' ? next : null)}
      hideControls
    />
  )
}

export interface Choice<V extends string = string> {
  value: V
  label: string
  disabled?: boolean
}

interface SelectProps<V extends string> extends Common {
  value: V | null
  onChange: (value: V) => void
  choices: readonly Choice<V>[]
  placeholder?: string
  searchable?: boolean
}

export function SelectField<V extends string>({ value, onChange, choices, ...props }: SelectProps<V>) {
  const { label, help, error, required, disabled, 'data-testid': testid, ...rest } = props
  return (
    <Select
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      {...rest}
      data={choices.map((choice) => ({ ...choice, disabled: choice.disabled ?? false }))}
      value={value}
      allowDeselect={false}
      comboboxProps={{ shadow: 'md' }}
      nothingFoundMessage="Nothing of that name"
      onChange={(next) => {
        if (next !== null) onChange(next as V)
      }}
    />
  )
}

interface TagsProps extends Common {
  value: readonly string[]
  onChange: (value: string[]) => void
  suggestions?: readonly string[]
  placeholder?: string
}

export function TagsField({ value, onChange, suggestions = [], ...props }: TagsProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, placeholder } = props
  return (
    <TagsInput
      {...shared({ label, help, error, required, disabled, 'data-testid': testid })}
      data={[...suggestions]}
      placeholder={value.length === 0 ? placeholder : ''}
      value={[...value]}
      onChange={onChange}
      splitChars={[',', ' ', ';']}
      acceptValueOnBlur
      clearable={false}
    />
  )
}

interface CheckProps extends Common {
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

export function SwitchField({ checked, onChange, label, help, disabled, 'data-testid': testid }: CheckProps) {
  return (
    <Switch
      size="md"
      label={label}
      description={help}
      disabled={disabled}
      checked={checked}
      data-testid={testid}
      classNames={{
        label: styles.checkLabel ?? '',
        description: styles.help ?? '',
        track: styles.track ?? '',
      }}
      onChange={(event) => onChange(event.currentTarget.checked)}
      withThumbIndicator={false}
    />
  )
}

interface ChoiceProps<V extends string> extends Common {
  value: V
  onChange: (value: V) => void
  choices: readonly (Choice<V> & { help?: ReactNode })[]
}

/** Radio buttons, each with a sentence of its own. */
export function RadioField<V extends string>({ value, onChange, choices, ...props }: ChoiceProps<V>) {
  return (
    <Radio.Group
      {...shared(props)}
      value={value}
      onChange={(next) => onChange(next as V)}
      classNames={classes}
    >
      <div className={styles.radios}>
        {choices.map((choice) => (
          <Radio
            size="md"
            key={choice.value}
            value={choice.value}
            label={choice.label}
            description={choice.help}
            disabled={choice.disabled ?? false}
            classNames={{
              label: styles.checkLabel ?? '',
              description: styles.help ?? '',
              radio: styles.check ?? '',
            }}
          />
        ))}
      </div>
    </Radio.Group>
  )
}

/** A few short alternatives side by side. */
export function SegmentField<V extends string>({
  label,
  value,
  onChange,
  choices,
  'data-testid': testid,
}: ChoiceProps<V>) {
  const id = useId()
  return (
    <div>
      <div className={styles.label} id={id}>
        {label}
      </div>
      <SegmentedControl
        role="radiogroup"
        aria-labelledby={id}
        data-testid={testid}
        size="sm"
        classNames={{ root: styles.segments ?? '', label: styles.segment ?? '' }}
        data={choices.map(({ value, label }) => ({ value, label }))}
        value={value}
        onChange={(next) => onChange(next as V)}
      />
    </div>
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
