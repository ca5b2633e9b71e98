// The conditions above the table. Everything is in the address.

import { useCallback, useId, useState } from 'react'
import { Icon, SearchField } from '../../ui'
import styles from './Fleet.module.css'
import { type FleetFilter, HELD, REPLACED, REPOSITORIES, statusesOf, statusField } from './filter'

interface Props {
  filter: FleetFilter
  /** Tags of the hosts that are here, to choose from. */
  tags: readonly string[]
  change: (changes: Record<string, string | readonly string[] | null>) => void
}

export function Filters({ filter, tags, change }: Props) {
  return (
    <search className={styles.filters}>
      <SearchText text={filter.text} change={change} />
      <Choices
        label="Status"
        {...statusField(filter.status)}
        choose={(status) => change({ status: statusesOf(status) })}
      />
      <Choices
        label="Repository"
        value={filter.repository}
        choices={REPOSITORIES}
        choose={(repository) => change({ repository })}
      />
      <Choices label="Held" value={filter.held} choices={HELD} choose={(held) => change({ held })} />
      <Choices
        label="Replaced hosts"
        value={filter.replaced}
        choices={REPLACED}
        choose={(replaced) => change({ replaced })}
      />
      <AddTag
        known={tags.filter((tag) => !filter.tags.includes(tag))}
        add={(tag) => change({ tag: [...new Set([...filter.tags, tag])] })}
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
  const search = useCallback((q: string) => change({ q }), [change])
  return (
    <SearchField
      label="Search hosts"
      placeholder="Name, tag, system, version"
      text={text}
      onSearch={search}
    />
  )
}

/** One more tag that has to be there: typed, or chosen from those in sight. */
function AddTag({ known, add }: { known: readonly string[]; add: (tag: string) => void }) {
  const [typed, setTyped] = useState('')
  const list = useId()
  function take(text: string) {
    if (text.trim() !== '') add(text.trim())
    setTyped('')
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        take(typed)
      }}
    >
      <input
        className={styles.addTag}
        aria-label="Only hosts with this tag"
        placeholder="Tag"
        list={list}
        value={typed}
        onChange={({ currentTarget: { value } }) => {
          // Chosen from the list: there is nothing more to type.
          if (known.includes(value) && value.length > typed.length + 1) take(value)
          else setTyped(value)
        }}
      />
      <datalist id={list}>
        {known.map((tag) => (
          <option key={tag} value={tag} />
        ))}
      </datalist>
    </form>
  )
}

interface ChoicesProps {
  label: string
  value: string
  choices: readonly { value: string; label: string }[]
  choose: (value: string) => void
}

function Choices({ label, value, choices, choose }: ChoicesProps) {
  return (
    <select
      className={styles.select}
      aria-label={label}
      data-set={value !== ''}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  )
}
