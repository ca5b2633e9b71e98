// The conditions above the table. Text waits until one stops typing; everything is in the address.

import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'react-router'
import { Icon } from '../../ui'
import styles from './Fleet.module.css'
import { type FleetFilter, REPOSITORIES, STATUSES } from './filter'

const TYPING_MS = 200

interface Props {
  filter: FleetFilter
  change: (changes: Record<string, string | readonly string[] | null>) => void
}

export function Filters({ filter, change }: Props) {
  return (
    <search className={styles.filters}>
      <SearchText text={filter.text} change={change} />
      <Choices label="Status" name="status" value={filter.status} choices={STATUSES} change={change} />
      <Choices
        label="Repository"
        name="repository"
        value={filter.repository}
        choices={REPOSITORIES}
        change={change}
      />
      {filter.tags.map((tag) => (
        <button
          key={tag}
          type="button"
          className={styles.tag}
          aria-label={`Tag ${tag}: take this condition away`}
          onClick={() => change({ tag: filter.tags.filter((other) => other !== tag) })}
        >
          {tag} <Icon name="close" size={12} />
        </button>
      ))}
    </search>
  )
}

function SearchText({ text, change }: { text: string; change: Props['change'] }) {
  const [typed, setTyped] = useState(text)
  const input = useRef<HTMLInputElement>(null)
  const sent = useRef(text)
  const { hash } = useLocation()
  useEffect(() => {
    if (hash === '#search') input.current?.focus()
  }, [hash])
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
      change({ q: typed })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, change])
  return (
    <label className={styles.search}>
      <Icon name="search" />
      <span className="rm-visually-hidden">Search hosts</span>
      <input
        ref={input}
        type="search"
        placeholder="Name, tag, system, version"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <kbd title="The key that leads here">/</kbd>
    </label>
  )
}

interface ChoicesProps {
  label: string
  name: string
  value: string
  choices: readonly { value: string; label: string }[]
  change: Props['change']
}

function Choices({ label, name, value, choices, change }: ChoicesProps) {
  return (
    <select
      className={styles.select}
      aria-label={label}
      data-set={value !== ''}
      value={value}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    >
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  )
}
