// Buttons and links that look like them. `primary` once per view, `danger` for what cannot be undone. What cannot be pressed
// stays in the order of Tab when it has a reason to tell.

import { ActionIcon, Button as MantineButton, Tooltip } from '@mantine/core'
import { type MouseEventHandler, type ReactNode, type Ref, useId } from 'react'
import { Link } from 'react-router'
import styles from './Button.module.css'
import { Icon, type IconName } from './Icon'

export type ButtonLook = 'primary' | 'default' | 'quiet' | 'danger'

interface Common {
  look?: ButtonLook
  small?: boolean
  icon?: IconName
  /** Shows that it works and takes no second click. */
  busy?: boolean
  disabled?: boolean
  /** Why it cannot be pressed: told to everybody who comes to it. Nothing: it can. */
  blocked?: string | null | undefined
  /** The reason stands beside the button, for whoever does not come to it. */
  blockedShown?: boolean
  fullWidth?: boolean
  'data-testid'?: string
  'aria-describedby'?: string
  'aria-label'?: string
}

interface ButtonProps extends Common {
  children: ReactNode
  type?: 'button' | 'submit'
  form?: string
  onClick?: MouseEventHandler<HTMLButtonElement>
  ref?: Ref<HTMLButtonElement>
  autoFocus?: boolean
}

function looks({ look = 'default', small, icon, busy, fullWidth }: Common) {
  return {
    variant: look === 'primary' ? 'filled' : look === 'quiet' ? 'subtle' : 'default',
    size: small ? 'compact-sm' : 'sm',
    className: `${styles[look]} ${fullWidth === true ? styles.wide : ''}`,
    classNames: { label: styles.label ?? '' },
    loading: busy ?? false,
    fullWidth: fullWidth ?? false,
    leftSection: icon === undefined ? null : <Icon name={icon} />,
  } as const
}

export function Button(props: ButtonProps) {
  const {
    children,
    type = 'button',
    look,
    small,
    icon,
    busy,
    fullWidth,
    blocked,
    blockedShown: _,
    ...rest
  } = props
  if (blocked != null) return <Blocked {...props} reason={blocked} />
  return (
    <MantineButton type={type} {...looks({ look, small, icon, busy, fullWidth })} {...rest}>
      {children}
    </MantineButton>
  )
}

/** Looks disabled and does nothing, but takes the focus, so that its reason is read and not only hovered. */
function Blocked({ reason, children, ...props }: Common & { reason: string; children: ReactNode }) {
  const id = useId()
  return (
    <>
      <Tooltip
        label={reason}
        multiline
        maw={320}
        withinPortal={false}
        events={{ hover: true, focus: true, touch: true }}
      >
        <MantineButton
          type="button"
          {...looks(props)}
          aria-disabled
          data-blocked
          aria-describedby={id}
          aria-label={props['aria-label']}
          data-testid={props['data-testid']}
        >
          {children}
        </MantineButton>
      </Tooltip>
      <span id={id} className={props.blockedShown === true ? styles.reason : 'rm-visually-hidden'}>
        {reason}
      </span>
    </>
  )
}

/** A link to a page of the panel. */
export function LinkButton(props: Common & { to: string; children: ReactNode }) {
  const {
    children,
    to,
    look,
    small,
    icon,
    busy,
    fullWidth,
    disabled: _,
    blocked,
    blockedShown: __,
    ...rest
  } = props
  if (blocked != null) {
    return (
      <Blocked {...props} reason={blocked}>
        {children}
      </Blocked>
    )
  }
  return (
    <MantineButton component={Link} to={to} {...looks({ look, small, icon, busy, fullWidth })} {...rest}>
      {children}
    </MantineButton>
  )
}

/** A link to a file of the coordinator. */
export function DownloadButton(
  props: Omit<Common, 'blocked' | 'blockedShown'> & {
    href: string
    download?: string | true
    children: ReactNode
  },
) {
  const {
    children,
    href,
    download = true,
    look,
    small,
    icon = 'download',
    busy,
    fullWidth,
    disabled: _,
    ...rest
  } = props
  return (
    <MantineButton
      component="a"
      href={href}
      download={download}
      {...looks({ look, small, icon, busy, fullWidth })}
      {...rest}
    >
      {children}
    </MantineButton>
  )
}

interface IconButtonProps {
  icon: IconName
  /** Says what it does, to everybody: as the name and as the tooltip. */
  label: string
  onClick?: MouseEventHandler<HTMLButtonElement>
  disabled?: boolean
  busy?: boolean
  pressed?: boolean
  /** Of a button that discloses something, and what it discloses. */
  expanded?: boolean
  controls?: string
  /** -1: Tab passes it by, such as in the rows of a tree that are not the current one. */
  tabIndex?: number
  'data-testid'?: string
  ref?: Ref<HTMLButtonElement>
}

export function IconButton({
  icon,
  label,
  pressed,
  expanded,
  controls,
  busy,
  ref,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip label={label} openDelay={400} withinPortal={false}>
      <ActionIcon
        ref={ref ?? null}
        type="button"
        variant="subtle"
        size="md"
        className={styles.icon ?? ''}
        aria-label={label}
        aria-pressed={pressed}
        aria-expanded={expanded}
        aria-controls={controls}
        loading={busy ?? false}
        {...rest}
      >
        <Icon name={icon} />
      </ActionIcon>
    </Tooltip>
  )
}
