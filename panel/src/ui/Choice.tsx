// Fields one chooses from, and numbers: apart from Field.tsx, because pages without them need not load what they take.

import { Radio, SegmentedControl, Select, Switch, TagsInput, TextInput } from '@mantine/core'
import { type ReactNode, type Ref, useId, useState } from 'react'
import { tagsAfter } from '../model/tags'
import { type Bounds, isWhole, readWhole, wholeText, wholeWords } from '../model/whole'
import { type CheckProps, type Common, classes, shared } from './Field'
import styles from './Field.module.css'

interface NumberProps extends Common, Bounds {
  label: string
  value: number | null
  /** What is typed, good or not; `null`: nothing is. Whoever keeps it refuses to send what is out of bounds. */
  onChange: (value: number | null) => void
  /** The number that an empty field means as well. */
  empty?: number
  unit?: string
  placeholder?: string
  ref?: Ref<HTMLInputElement>
}

/** A whole number. What is typed stays as it is typed, and is told about rather than mended. */
export function NumberField({ value, onChange, empty, unit, min, max, ref, ...props }: NumberProps) {
  const { label, help, error, required, disabled, 'data-testid': testid, placeholder } = props
  const [typed, setTyped] = useState(() => wholeText(value))
  const meant = (one: number | null) => one ?? empty ?? null
  // Another number came from outside: what was typed before says nothing any more.
  const text = meant(readWhole(typed)) === meant(value) ? typed : wholeText(value)
  const words = wholeWords({ min, max })
  const wrong = value === null || isWhole(value, { min, max }) ? error : `A${words.slice(1)}.`
  return (
    <TextInput
      {...shared({ label, help, error: wrong, required, disabled, 'data-testid': testid })}
      ref={ref ?? null}
      aria-label={unit === undefined ? undefined : `${label} (${unit})`}
      // The numeric keyboard of a phone has no minus.
      inputMode={min < 0 ? 'text' : 'numeric'}
      autoComplete="off"
      placeholder={placeholder}
      rightSection={unit === undefined ? null : <span className={styles.unit}>{unit}</span>}
      rightSectionWidth={unit === undefined ? undefined : `${unit.length + 2}ch`}
      rightSectionPointerEvents="none"
      value={text}
      onChange={({ currentTarget: { value: next } }) => {
        setTyped(next)
        onChange(readWhole(next))
      }}
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
      onChange={(next) => onChange(tagsAfter(value, next))}
      splitChars={[',', ' ', ';']}
      acceptValueOnBlur
      clearable={false}
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
        classNames={{
          root: styles.segments ?? '',
          label: styles.segment ?? '',
          indicator: styles.indicator ?? '',
        }}
        data={choices.map(({ value, label, disabled = false }) => ({ value, label, disabled }))}
        value={value}
        onChange={(next) => onChange(next as V)}
      />
    </div>
  )
}
