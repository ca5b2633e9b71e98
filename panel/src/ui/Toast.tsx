// Short messages that come and go. Failures stay until they are closed: they say what failed and what to do.

import { useSyncExternalStore } from 'react'
import { IconButton } from './Button'
import { Icon } from './Icon'
import { Prose } from './Prose'
import styles from './Toast.module.css'

const SUCCESS_STAYS_MS = 5_000
const MOST = 4

interface Message {
  id: number
  kind: 'ok' | 'bad'
  title: string
  detail: string | null
}

let messages: readonly Message[] = []
let lastId = 0
const listeners = new Set<() => void>()

function set(next: readonly Message[]) {
  messages = next
  for (const listener of listeners) listener()
}

function add(kind: Message['kind'], title: string, detail: string | null): number {
  lastId += 1
  set([...messages, { id: lastId, kind, title, detail }].slice(-MOST))
  return lastId
}

function remove(id: number) {
  set(messages.filter((message) => message.id !== id))
}

export const toast = {
  ok(title: string, detail: string | null = null) {
    const id = add('ok', title, detail)
    setTimeout(() => remove(id), SUCCESS_STAYS_MS)
  },
  bad(title: string, detail: string | null = null) {
    add('bad', title, detail)
  },
  /** What failed, with the error's own words and hint. */
  failed(title: string, error: unknown) {
    add('bad', title, describe(error))
  },
}

/** An error as a person reads it: what happened and, where it knows, what to do next. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'Something unexpected happened in this page. Reload it and try again.'
  const hint = 'hint' in error && typeof error.hint === 'string' ? ` ${error.hint}` : ''
  return `${error.message}${hint}`
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => messages,
  )
  return (
    <section className={styles.region} aria-label="Messages" aria-live="polite" aria-relevant="additions">
      {shown.map((message) => (
        <div
          key={message.id}
          className={styles[message.kind]}
          role={message.kind === 'bad' ? 'alert' : 'status'}
        >
          <Icon name={message.kind === 'bad' ? 'warn' : 'check'} />
          <div className={styles.text}>
            <strong>{message.title}</strong>
            {message.detail !== null && (
              <div>
                <Prose text={message.detail} />
              </div>
            )}
          </div>
          <IconButton icon="close" label="Close this message" onClick={() => remove(message.id)} />
        </div>
      ))}
    </section>
  )
}
