// A coloured dot with its word: colour alone says nothing.

import type { ReactNode } from 'react'
import styles from './Status.module.css'

export type Tone = 'ok' | 'warn' | 'bad' | 'run' | 'idle'

/** `hollow`: absent rather than bad. `pulse`: something is going on. */
export function StatusDot(props: {
  tone: Tone
  hollow?: boolean
  pulse?: boolean
  /** A sentence rather than a word: it may take several lines. */
  wrap?: boolean
  children: ReactNode
  title?: string
}) {
  const { tone, hollow = false, pulse = false, wrap = false, children, title } = props
  return (
    <span className={styles.status} data-tone={tone} data-wrap={wrap} title={title}>
      <span className={styles.dot} data-hollow={hollow} data-pulse={pulse} aria-hidden="true" />
      <span>{children}</span>
    </span>
  )
}

/** A word on a tinted ground. */
export function Badge({
  tone = 'idle',
  children,
  title,
}: {
  tone?: Tone
  children: ReactNode
  title?: string
}) {
  return (
    <span className={styles.badge} data-tone={tone} title={title}>
      {children}
    </span>
  )
}

/** A tag, neutral. */
export function Chip({ children, mono = false }: { children: ReactNode; mono?: boolean }) {
  return (
    <span className={styles.chip} data-mono={mono}>
      {children}
    </span>
  )
}
