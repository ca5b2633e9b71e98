// A button that discloses a list of things to do. Plain buttons in a list: Tab walks them, Escape closes and goes back.

import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { IconButton } from './Button'
import { Icon, type IconName } from './Icon'
import styles from './Menu.module.css'

export interface MenuItem {
  label: string
  icon?: IconName
  danger?: boolean
  disabled?: boolean
  onClick: () => void
}

interface MenuProps {
  label: string
  icon?: IconName
  head?: ReactNode
  items: readonly MenuItem[]
  'data-testid'?: string
}

export function Menu({ label, icon = 'more', head, items, 'data-testid': testid }: MenuProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  const frame = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (!open) return
    function outside(event: Event) {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) setOpen(false)
    }
    function press(event: KeyboardEvent) {
      if (event.key !== 'Escape') return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', outside)
    document.addEventListener('focusin', outside)
    document.addEventListener('keydown', press)
    return () => {
      document.removeEventListener('pointerdown', outside)
      document.removeEventListener('focusin', outside)
      document.removeEventListener('keydown', press)
    }
  }, [open])

  return (
    <div ref={frame} className={styles.frame}>
      <IconButton
        ref={button}
        icon={icon}
        label={label}
        expanded={open}
        controls={id}
        data-testid={testid}
        onClick={() => setOpen(!open)}
      />
      <div id={id} className={styles.list} hidden={!open}>
        {head !== undefined && <div className={styles.head}>{head}</div>}
        <ul>
          {items.map((item) => (
            <li key={item.label}>
              <button
                type="button"
                disabled={item.disabled}
                data-danger={item.danger ?? false}
                onClick={() => {
                  setOpen(false)
                  item.onClick()
                }}
              >
                {item.icon !== undefined && <Icon name={item.icon} />}
                {item.label}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}
