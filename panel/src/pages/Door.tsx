// The frame of pages before one is inside: brand, theme, one card.

import type { ReactNode } from 'react'
import { useTitle } from '../ui'
import styles from './Door.module.css'
import { Brand, ThemeSwitch } from './shell/Shell'

interface Props {
  title: string
  lead?: ReactNode
  /** For a form of two fields; else as wide as is good to read. */
  narrow?: boolean
  children: ReactNode
}

export function Door({ title, lead, narrow = false, children }: Props) {
  useTitle(title)
  return (
    <main className={styles.door} data-narrow={narrow}>
      <div className={styles.theme}>
        <ThemeSwitch />
      </div>
      <div className={styles.brand}>
        <Brand />
        restic-manager
      </div>
      <h1>{title}</h1>
      {lead !== undefined && <p className={styles.lead}>{lead}</p>}
      <div className={styles.card}>{children}</div>
    </main>
  )
}
