// A heading with how the thing stands beside it, in the size of text.

import type { ReactNode } from 'react'
import styles from './StatusTitle.module.css'

export function StatusTitle({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <span className={styles.title}>
      <bdi>{title}</bdi> <span className={styles.status}>{children}</span>
    </span>
  )
}
