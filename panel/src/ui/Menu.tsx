// A button that opens a list of things to do.

import { ActionIcon, Menu as MantineMenu } from '@mantine/core'
import type { ReactNode } from 'react'
import styles from './Button.module.css'
import { Icon, type IconName } from './Icon'

export interface MenuItem {
  label: string
  icon?: IconName
  danger?: boolean
  disabled?: boolean
  onClick: () => void
}

export function Menu(props: {
  label: string
  icon?: IconName
  head?: ReactNode
  items: readonly MenuItem[]
  'data-testid'?: string
}) {
  const { label, icon = 'more', head, items, ...rest } = props
  return (
    <MantineMenu shadow="md" position="bottom-end" withinPortal>
      <MantineMenu.Target>
        <ActionIcon variant="subtle" size="md" className={styles.icon ?? ''} aria-label={label} {...rest}>
          <Icon name={icon} />
        </ActionIcon>
      </MantineMenu.Target>
      <MantineMenu.Dropdown>
        {head !== undefined && <MantineMenu.Label>{head}</MantineMenu.Label>}
        {items.map((item) => (
          <MantineMenu.Item
            key={item.label}
            disabled={item.disabled ?? false}
            onClick={item.onClick}
            leftSection={item.icon === undefined ? null : <Icon name={item.icon} />}
            style={item.danger ? { color: 'var(--rm-bad)' } : {}}
          >
            {item.label}
          </MantineMenu.Item>
        ))}
      </MantineMenu.Dropdown>
    </MantineMenu>
  )
}
