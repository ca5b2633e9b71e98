// A tree of any size: draws only the rows in sight, is walked by arrows and ticked by the space bar, as the ARIA practices
// have it. Knows rows and levels; must not know what a row is of.

import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { Icon } from './Icon'
import styles from './Tree.module.css'

export interface TreeRow {
  key: string
  /** From 1. */
  level: number
  /** Its place among its siblings, from 1, and how many these are; -1: not known. */
  place: number
  of: number
  /** `null`: there is nothing in it to open. */
  open: boolean | null
}

type Ticked = 'on' | 'off' | 'partly'

export interface Drawn {
  name: ReactNode
  /** The whole of what `name` may cut short, or its exact spelling. */
  title?: string | undefined
  /** Beside the name, in columns. */
  detail?: ReactNode
  /** Buttons or links; `inOrder`: Tab leads to them, because the row is the current one. */
  actions?: (inOrder: boolean) => ReactNode
  /** The actions have words that are seen: then they belong to what the row is called. */
  worded?: boolean
}

interface TreeProps<Row extends TreeRow> {
  /** What it is a tree of. */
  label: string
  rows: readonly Row[]
  draw: (row: Row) => Drawn
  onOpen: (row: Row, open: boolean) => void
  /** How a row is ticked, asked of those that are drawn; `null`: it cannot be. */
  tickOf?: (row: Row) => Ticked | null
  onTick?: (row: Row) => void
  /** Enter, and a click on the name of what can be neither opened nor ticked. */
  onEnter?: (row: Row) => void
  /** The rows that are drawn now. */
  onSeen?: (rows: readonly Row[]) => void
  busy?: boolean
}

/** Fewer rows than this are drawn at once: find-in-page works on them. */
const VIRTUAL_FROM = 80
const ROW_PX = 32
const PAGE_ROWS = 10

export function Tree<Row extends TreeRow>(props: TreeProps<Row>) {
  const { label, rows, draw, onOpen, tickOf, onTick, onEnter, onSeen, busy = false } = props
  const id = useId()
  const frame = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState<string | null>(null)
  const active = usePlace(rows, current)
  const virtual = rows.length >= VIRTUAL_FROM
  const virtualizer = useVirtualizer({
    count: rows.length,
    enabled: virtual,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (index) => rows[index]?.key ?? index,
    // The current row is always there: the tree names it as the one that has the focus.
    rangeExtractor: useCallback(
      (range: Range) => [...new Set([active, ...defaultRangeExtractor(range)])].sort((a, b) => a - b),
      [active],
    ),
  })
  const items = virtual ? virtualizer.getVirtualItems() : null
  const shown = items === null ? rows.map((_, index) => index) : items.map(({ index }) => index)
  const [first, last] = [shown[0] ?? 0, shown.at(-1) ?? 0]
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn follows from the range and the rows
  useEffect(() => {
    onSeen?.(shown.flatMap((index) => rows[index] ?? []))
  }, [rows, first, last, shown.length, onSeen])

  const go = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (row === undefined) return
    setCurrent(row.key)
    const at = rows.indexOf(row)
    if (virtual) virtualizer.scrollToIndex(at)
    else document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' })
  }
  const enter = (row: Row) => {
    if (onEnter !== undefined) onEnter(row)
    else if (row.open !== null) onOpen(row, !row.open)
  }

  function press(event: KeyboardEvent) {
    const row = rows[active]
    if (event.target !== event.currentTarget || row === undefined) return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = stepOf(event.key, rows, active)
    if (step === null) return
    event.preventDefault()
    if (step.to !== undefined) go(step.to)
    if (step.open !== undefined) onOpen(row, step.open)
    if (step.tick === true && (tickOf?.(row) ?? null) !== null) onTick?.(row)
    if (step.enter === true) enter(row)
  }

  const draws = (index: number, top: number | null) => {
    const row = rows[index]
    if (row === undefined) return null
    return (
      <RowLine
        key={row.key}
        id={`${id}-${index}`}
        row={row}
        tick={tickOf?.(row) ?? null}
        drawn={draw(row)}
        top={top}
        active={index === active}
        onCurrent={() => setCurrent(row.key)}
        onOpen={() => onOpen(row, row.open !== true)}
        onTick={() => onTick?.(row)}
        onEnter={() => enter(row)}
      />
    )
  }
  return (
    <div
      ref={frame}
      role="tree"
      className={styles.tree}
      aria-label={label}
      aria-busy={busy}
      aria-multiselectable={onTick === undefined ? undefined : true}
      aria-activedescendant={rows.length === 0 ? undefined : `${id}-${active}`}
      tabIndex={0}
      onKeyDown={press}
    >
      {items === null ? (
        shown.map((index) => draws(index, null))
      ) : (
        <div role="presentation" className={styles.all} style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => draws(index, start))}
        </div>
      )}
    </div>
  )
}

/** Where the row with this key stands; looked for only when it is no longer where it was. */
function usePlace(rows: readonly TreeRow[], key: string | null): number {
  const last = useRef(0)
  if (key === null) return 0
  if (rows[last.current]?.key !== key)
    last.current = Math.max(
      0,
      rows.findIndex((row) => row.key === key),
    )
  return last.current
}

interface Step {
  to?: number
  open?: boolean
  tick?: true
  enter?: true
}

/** What a key does at a row; `null`: nothing. */
function stepOf(pressed: string, rows: readonly TreeRow[], at: number): Step | null {
  const row = rows[at]
  if (row === undefined) return null
  switch (pressed) {
    case 'ArrowDown':
      return { to: at + 1 }
    case 'ArrowUp':
      return { to: at - 1 }
    case 'PageDown':
      return { to: at + PAGE_ROWS }
    case 'PageUp':
      return { to: at - PAGE_ROWS }
    case 'Home':
      return { to: 0 }
    case 'End':
      return { to: rows.length - 1 }
    case 'ArrowRight':
      if (row.open === null) return {}
      return row.open ? { to: at + 1 } : { open: true }
    case 'ArrowLeft': {
      if (row.open === true) return { open: false }
      const above = rows.slice(0, at).findLastIndex((one) => one.level < row.level)
      return above === -1 ? {} : { to: above }
    }
    case ' ':
      return { tick: true }
    case 'Enter':
      return { enter: true }
    default:
      return null
  }
}

interface LineProps {
  id: string
  row: TreeRow
  tick: Ticked | null
  drawn: Drawn
  top: number | null
  active: boolean
  onCurrent: () => void
  onOpen: () => void
  onTick: () => void
  onEnter: () => void
}

const CHECKED = { on: 'true', off: 'false', partly: 'mixed' } as const

function RowLine({ id, row, tick, drawn, top, active, onCurrent, onOpen, onTick, onEnter }: LineProps) {
  const { level, place, of, open } = row
  const named = [
    'name',
    ...(drawn.detail === undefined ? [] : ['detail']),
    ...(drawn.worded ? ['actions'] : []),
  ]
  const main = open !== null ? onOpen : tick !== null ? onTick : onEnter
  function click({ target }: MouseEvent) {
    onCurrent()
    const part =
      target instanceof Element ? target.closest<HTMLElement>('[data-part]')?.dataset.part : undefined
    if (part === 'open' && open !== null) onOpen()
    else if (part === 'tick') onTick()
    else if (part === 'name') main()
  }
  return (
    // The keys are the tree's: it has the focus and names the current row.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    // biome-ignore lint/a11y/useFocusableInteractive: see above
    <div
      id={id}
      role="treeitem"
      className={styles.row}
      data-active={active}
      data-virtual={top !== null}
      style={{ ...(top !== null && { transform: `translateY(${top}px)` }) }}
      aria-level={level}
      aria-posinset={place === -1 ? undefined : place}
      aria-setsize={of}
      aria-expanded={open ?? undefined}
      aria-checked={tick === null ? undefined : CHECKED[tick]}
      aria-labelledby={named.map((part) => `${id}-${part}`).join(' ')}
      onClick={click}
    >
      <span className={styles.indent} style={{ width: `${Math.min(level - 1, 24) * 1.125}rem` }} />
      <span className={styles.chevron} data-part="open">
        {open !== null && <Icon name={open ? 'down' : 'right'} size={14} />}
      </span>
      {tick !== null && (
        <span className={styles.tick} data-part="tick" data-tick={tick}>
          <span aria-hidden="true">{tick === 'on' && <Icon name="check" size={12} />}</span>
        </span>
      )}
      <span className={styles.name} data-part="name" id={`${id}-name`} title={drawn.title}>
        {drawn.name}
      </span>
      {/* Spaces keep the words of the row apart where it is read out. */}{' '}
      {drawn.detail !== undefined && (
        <span className={styles.detail} id={`${id}-detail`}>
          {drawn.detail}
        </span>
      )}{' '}
      {drawn.actions !== undefined && (
        <span className={styles.actions} id={`${id}-actions`}>
          {drawn.actions(active)}
        </span>
      )}
    </div>
  )
}
