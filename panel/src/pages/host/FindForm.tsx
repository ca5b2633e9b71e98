// Looks for a file in all snapshots: what is typed counts when it is sent, for each look is work for the host.

import { type FormEvent, useEffect, useState } from 'react'
import { useSearchParams } from 'react-router'
import { withParams } from '../../model/search'
import { Button, CheckField, SelectField, TextField } from '../../ui'
import styles from './Tabs.module.css'

interface Props {
  repositories: readonly string[]
  /** Why it cannot be done now. */
  blocked: string | null
}

export function FindForm({ repositories, blocked }: Props) {
  const [search, setSearch] = useSearchParams()
  const asked = search.get('find') ?? ''
  const [typed, setTyped] = useState(asked)
  useEffect(() => setTyped(asked), [asked])
  const repository = search.get('repository') ?? repositories[0] ?? ''
  function send(event: FormEvent) {
    event.preventDefault()
    if (typed.trim() !== '') setSearch(withParams(search, { find: typed.trim() }))
  }
  return (
    <form className={styles.pick} onSubmit={send} aria-label="Find a file in all snapshots">
      <TextField
        label="Find a file in all snapshots"
        placeholder="letter.txt, *.jpg, /home/*/notes"
        mono
        value={typed}
        onChange={setTyped}
        maxLength={4_096}
      />
      {repositories.length > 1 && (
        <SelectField
          label="Repository"
          value={repository}
          onChange={(value) => setSearch(withParams(search, { repository: value }), { replace: true })}
          choices={repositories.map((value) => ({ value, label: value }))}
        />
      )}
      <div className={styles.beside}>
        <CheckField
          label="Any case"
          checked={search.get('i') === '1'}
          onChange={(on) => setSearch(withParams(search, { i: on ? '1' : null }), { replace: true })}
        />
      </div>
      <Button type="submit" icon="search" blocked={blocked} disabled={typed.trim() === ''}>
        Find
      </Button>
    </form>
  )
}
