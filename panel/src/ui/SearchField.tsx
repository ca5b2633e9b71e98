// The search of a page: `/` leads to it, and what is typed counts once one stops typing.

import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'react-router'
import { Icon } from './Icon'
import styles from './SearchField.module.css'

const TYPING_MS = 200

interface SearchProps {
  /** What is searched, for screen readers: "Search hosts". */
  label: string
  placeholder: string
  /** What counts now, such as the address says it. */
  text: string
  onSearch: (text: string) => void
}

export function SearchField({ label, placeholder, text, onSearch }: SearchProps) {
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
      onSearch(typed)
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, onSearch])
  return (
    <label className={styles.search}>
      <Icon name="search" />
      <span className="rm-visually-hidden">{label}</span>
      <input
        ref={input}
        type="search"
        placeholder={placeholder}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <kbd title="The key that leads here">/</kbd>
    </label>
  )
}
