// What stands where content should be: nothing yet, not loaded yet, went wrong. And notices above content.

import type { ReactNode } from 'react'
import { Button } from './Button'
import { Icon } from './Icon'
import { Prose } from './Prose'
import styles from './States.module.css'
import type { Tone } from './Status'
import { describe } from './Toast'

/** Nothing here: says why, and what to do about it. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      {children !== undefined && <div className={styles.text}>{children}</div>}
      {action}
    </div>
  )
}

/** It went wrong: what happened, what to do, and a way to try again. */
export function ErrorState({ error, title, retry }: { error: unknown; title?: string; retry?: () => void }) {
  const ownTitle =
    error instanceof Error && 'title' in error && typeof error.title === 'string' ? error.title : null
  return (
    <div className={styles.error} role="alert">
      <Icon name="warn" size={20} />
      <div className={styles.text}>
        <p className={styles.title}>{title ?? ownTitle ?? 'That did not work'}</p>
        <p>
          <Prose text={describe(error)} />
        </p>
      </div>
      {retry !== undefined && (
        <Button icon="refresh" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Grey lines while something loads; told to screen readers once. */
export function Skeleton({
  rows = 3,
  height = 18,
  label = 'Loading',
}: {
  rows?: number
  height?: number
  label?: string
}) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        // Rows of a skeleton have no identity but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: fixed number, never reordered
        <span key={row} style={{ height, width: `${[100, 92, 97, 84][row % 4]}%` }} />
      ))}
    </div>
  )
}

/** A sentence that must be seen, in place. */
export function Notice(props: {
  tone: Tone
  title?: ReactNode
  children?: ReactNode
  action?: ReactNode
  role?: 'alert' | 'status'
}) {
  const { tone, title, children, action, role } = props
  return (
    <div className={styles.notice} data-tone={tone} role={role}>
      <div className={styles.text}>
        {title !== undefined && <strong>{title}</strong>}
        {children !== undefined && <div>{children}</div>}
      </div>
      {action}
    </div>
  )
}
