// A long list within a preview: scrolls by itself, also by the keyboard.

import type { ReactNode } from 'react'
import styles from './Preview.module.css'

export function ScrollList({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ul
      className={styles.list}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
      tabIndex={0}
    >
      {children}
    </ul>
  )
}
