// The conditions above the audit's table. Text waits until one stops typing; everything is in the address.

import { useEffect, useId, useRef, useState } from 'react'
import styles from './Audit.module.css'
import { ACTION_CHOICES, type AuditFilter, RANGES } from './filter'

const TYPING_MS = 300

interface Props {
  filter: AuditFilter
  /** People in sight, to choose from. */
  actors: readonly { value: string; label: string }[]
  change: (changes: Record<string, string | null>) => void
}

export function Filters({ filter, actors, change }: Props) {
  const { actor, action, target, range, since, until } = filter
  return (
    <search className={styles.filters}>
      <TypedFilter label="Who" name="actor" text={actor} choices={actors} change={change} />
      <select
        className={styles.control}
        aria-label="What"
        data-set={action !== ''}
        value={action}
        onChange={({ currentTarget: { value } }) => change({ action: value })}
      >
        <option value="">Every action</option>
        {ACTION_CHOICES.map(({ label, all, each }) => (
          <optgroup key={label} label={label}>
            <option value={all.value}>{all.label}</option>
            {each.map((one) => (
              <option key={one.value} value={one.value}>
                {one.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <TypedFilter label="On what" name="target" text={target} choices={[]} change={change} />
      <select
        className={styles.control}
        aria-label="When"
        data-set={range !== ''}
        value={range}
        onChange={({ currentTarget: { value } }) =>
          change({ range: value, ...(value !== 'between' && { since: null, until: null }) })
        }
      >
        {RANGES.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {range === 'between' && (
        <>
          <label className={styles.between}>
            From
            <input
              type="datetime-local"
              className={styles.control}
              value={since}
              onChange={({ currentTarget: { value } }) => change({ since: value })}
            />
          </label>
          <label className={styles.between}>
            Until
            <input
              type="datetime-local"
              className={styles.control}
              value={until}
              onChange={({ currentTarget: { value } }) => change({ until: value })}
            />
          </label>
        </>
      )}
    </search>
  )
}

interface TypedProps {
  label: string
  name: 'actor' | 'target'
  text: string
  choices: readonly { value: string; label: string }[]
  change: Props['change']
}

function TypedFilter({ label, name, text, choices, change }: TypedProps) {
  const [typed, setTyped] = useState(text)
  const sent = useRef(text)
  const list = useId()
  // The address changed by other means: a link, or going back.
  useEffect(() => {
    if (text !== sent.current) {
      sent.current = text
      setTyped(text)
    }
  }, [text])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      change({ [name]: typed })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, name, change])
  return (
    <>
      <input
        type="search"
        className={styles.control}
        aria-label={label}
        placeholder={label}
        data-set={text !== ''}
        list={list}
        value={typed}
        onChange={({ currentTarget: { value } }) => setTyped(value)}
      />
      <datalist id={list}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} label={choice.label} />
        ))}
      </datalist>
    </>
  )
}
