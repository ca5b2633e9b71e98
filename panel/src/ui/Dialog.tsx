// Dialogs: focus stays inside, Escape closes, focus returns to where it was.

import { Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './Dialog.module.css'

interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  children: ReactNode
  /** Buttons; the last is the one that goes on. */
  actions?: ReactNode
  size?: 'sm' | 'md' | 'lg' | 'xl'
  /** While something is under way, neither Escape nor the cross close it. */
  busy?: boolean
  'data-testid'?: string
}

export function Dialog({
  open,
  onClose,
  title,
  children,
  actions,
  size = 'md',
  busy = false,
  ...rest
}: DialogProps) {
  return (
    <Modal.Root
      opened={open}
      onClose={onClose}
      size={size}
      closeOnEscape={!busy}
      closeOnClickOutside={false}
      transitionProps={{ duration: 120 }}
      classNames={{ content: styles.content ?? '' }}
      {...rest}
    >
      <Modal.Overlay backgroundOpacity={0.6} />
      <Modal.Content aria-label={title}>
        {/* Not Mantine's header: that one is a banner landmark, of which the page has one already. */}
        <div className={styles.header}>
          <h2>{title}</h2>
          <Modal.CloseButton aria-label="Close" disabled={busy} />
        </div>
        <Modal.Body className={styles.bodyFrame}>
          <div className={styles.body}>{children}</div>
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
