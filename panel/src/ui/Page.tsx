// The frame of a page: its title (also the tab's), what stands beside it, sections, key-value lists, tabs as links.

import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { Link, NavLink, useLocation } from 'react-router'
import styles from './Page.module.css'

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · restic-manager`
  }, [title])
}

interface PageProps {
  title: string
  /** Shown instead of the title's text, such as a dot and a name. */
  heading?: ReactNode
  /** Where one comes from: links above the title. */
  trail?: readonly { to: string; label: string }[]
  /** One line below the title. */
  lead?: ReactNode
  /** Buttons at the title's side. */
  actions?: ReactNode
  /** For forms and text: no wider than is good to read. */
  narrow?: boolean
  children: ReactNode
}

export function Page({ title, heading, trail, lead, actions, narrow = false, children }: PageProps) {
  useTitle(title)
  return (
    <div className={styles.page} data-narrow={narrow}>
      <header className={styles.header}>
        <div className={styles.titles}>
          {trail !== undefined && (
            <nav aria-label="Where this page stands" className={styles.trail}>
              {trail.map((step) => (
                <Link key={step.to} to={step.to}>
                  {step.label}
                </Link>
              ))}
            </nav>
          )}
          <h1 tabIndex={-1}>{heading ?? title}</h1>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A surface with a heading. `flush`: the content brings its own padding, such as a table. */
export function Section(props: {
  title?: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  flush?: boolean
  children: ReactNode
  id?: string
  'data-testid'?: string
}) {
  const { title, lead, actions, flush = false, children, ...rest } = props
  return (
    <section className={styles.section} data-flush={flush} {...rest}>
      {(title !== undefined || actions !== undefined) && (
        <div className={styles.sectionHead}>
          <div>
            {title !== undefined && <h2>{title}</h2>}
            {lead !== undefined && <p className={styles.lead}>{lead}</p>}
          </div>
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </div>
      )}
      <div className={styles.sectionBody}>{children}</div>
    </section>
  )
}

/** Buttons in a row, the one that goes on last. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className={styles.formActions}>{children}</div>
}

/** Things below each other at the page's distance. */
export function Stack({ children, tight = false }: { children: ReactNode; tight?: boolean }) {
  return (
    <div className={styles.stack} data-tight={tight}>
      {children}
    </div>
  )
}

/** Small things beside each other, wrapping. `end`: at the end of the line, such as buttons of a row. */
export function Cluster({ children, end = false }: { children: ReactNode; end?: boolean }) {
  return (
    <div className={styles.cluster} data-end={end}>
      {children}
    </div>
  )
}

/** Names and values. */
export function Facts({ items }: { items: readonly { name: string; value: ReactNode }[] }) {
  return (
    <dl className={styles.facts}>
      {items.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Figures on tiles. A tile with `to` is a filter; `active` when the filter is set. */
export interface TileItem {
  id: string
  label: string
  value: ReactNode
  detail?: ReactNode
  to?: string
  active?: boolean
}

export function Tiles({ label, items }: { label: string; items: readonly TileItem[] }) {
  return (
    <ul className={styles.tiles} aria-label={label}>
      {items.map(({ id, label, value, detail, to, active = false }) => {
        const inside = (
          <>
            <span className={styles.tileLabel}>{label}</span>
            <span className={styles.tileValue}>{value}</span>
            {detail !== undefined && <span className={styles.tileDetail}>{detail}</span>}
          </>
        )
        return (
          <li key={id} data-active={active} data-testid={`tile-${id}`}>
            {to === undefined ? (
              <div className={styles.tile}>{inside}</div>
            ) : (
              <Link className={styles.tile} to={to} aria-current={active ? 'true' : undefined}>
                {inside}
              </Link>
            )}
          </li>
        )
      })}
    </ul>
  )
}

/** Where a row of links is wider than the screen, it is scrolled to the one that is open. */
export function useCurrentInSight(row: RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: which one is open follows from where one is
  useEffect(() => {
    const link = row.current?.querySelector('[aria-current="page"]')
    if (row.current === null || link == null) return
    const [outer, inner] = [row.current.getBoundingClientRect(), link.getBoundingClientRect()]
    if (inner.right > outer.right) row.current.scrollLeft += inner.right - outer.right
    else if (inner.left < outer.left) row.current.scrollLeft -= outer.left - inner.left
  }, [pathname, row])
}

/** Tabs that are links: each has its own address. */
export function LinkTabs({
  label,
  tabs,
}: {
  label: string
  tabs: readonly { to: string; label: string; badge?: ReactNode; end?: boolean }[]
}) {
  const row = useRef<HTMLElement>(null)
  useCurrentInSight(row)
  return (
    <nav ref={row} className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <NavLink key={tab.to} to={tab.to} end={tab.end ?? false}>
          {tab.label}
          {tab.badge}
        </NavLink>
      ))}
    </nav>
  )
}
