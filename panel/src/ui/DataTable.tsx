// A table that sorts, follows links, and draws only the rows in view, so that it stays quick at 10,000. On a narrow
// screen each row becomes a card. Knows columns; must not know what a row is.

import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import {
  type CSSProperties,
  memo,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { Link } from 'react-router'
import type { Sort } from '../model/search'
import styles from './DataTable.module.css'
import { Icon } from './Icon'
import { ErrorState } from './States'
import { type Hide, type Rem, shownOf, useFit } from './tableFit'

export interface Column<Row> {
  id: string
  header: string
  cell: (row: Row) => ReactNode
  /** What the column sorts by where rows are sorted here; `null` and `undefined` come last. */
  value?: (row: Row) => string | number | null | undefined
  sortable?: boolean
  /** First click sorts the largest or newest first. */
  descendingFirst?: boolean
  /** Width of the column; the others share what is left. */
  width?: Rem
  align?: 'start' | 'end'
  /** Leaves the column out below this width of the window, or where its table has no room for it: `xl` first. */
  hideBelow?: Hide
  /** The header is only read out, such as that of a column of buttons. */
  headerHidden?: boolean
}

export interface More {
  has: boolean
  loading: boolean
  load: () => void
  /** Why the next page did not come. */
  failed?: unknown
}

interface TableProps<Row> {
  /** What the table is of, for screen readers. */
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  rowKey: (row: Row) => string
  /** Makes the whole row a link; the first column is its text. */
  rowHref?: (row: Row) => string
  sort?: Sort
  onSort?: (sort: Sort) => void
  /** The server sorts: `rows` come in order. */
  sortedByServer?: boolean
  /** The next page, fetched when its place comes near; once it `failed`, only when one asks for it. */
  more?: More
  /** All rows there are, also those not loaded yet. */
  total?: number | null
  /** Stands in place of rows when there are none. */
  empty?: ReactNode
  rowTestId?: (row: Row) => string
  /** What an opened row says below itself, as wide as the table. */
  rowDetail?: (row: Row) => ReactNode
}

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { basic: sortFn_basic, alphanumeric: sortFn_alphanumeric },
})

/** Fewer rows than this are drawn at once: find-in-page and printing work on them. */
const VIRTUAL_FROM = 60
const ROW_GUESS_PX = 41
const LOAD_AHEAD_ROWS = 30

export function DataTable<Row extends object>(props: TableProps<Row>) {
  const { label, rows, columns, rowKey, rowHref, sort, onSort, sortedByServer = false, more, empty } = props
  const definitions = useMemo(() => columns.map((column) => definition(column)), [columns])
  const table = useTable({
    features,
    columns: definitions,
    data: rows as Row[],
    getRowId: rowKey,
    manualSorting: sortedByServer || sort === undefined,
    enableSortingRemoval: false,
    state: { sorting: sort === undefined ? [] : [sort] },
  })
  const ordered = table.getRowModel().rows
  const frame = useRef<HTMLDivElement>(null)
  const fit = useFit(frame, columns)
  const body = useRef<HTMLTableSectionElement>(null)
  const top = useTopOf(body)
  const virtual = ordered.length >= VIRTUAL_FROM
  const virtualizer = useWindowVirtualizer({
    count: ordered.length,
    enabled: virtual,
    estimateSize: () => ROW_GUESS_PX,
    overscan: 12,
    scrollMargin: top,
    measureElement: heightOf,
    getItemKey: (index) => ordered[index]?.id ?? index,
  })
  const items = virtual ? virtualizer.getVirtualItems() : null
  const lastShown = items === null ? ordered.length - 1 : (items.at(-1)?.index ?? -1)
  const { has = false, loading = false, load, failed = null } = more ?? {}
  useEffect(() => {
    if (
      has &&
      !loading &&
      failed === null &&
      load !== undefined &&
      lastShown >= ordered.length - LOAD_AHEAD_ROWS
    )
      load()
  }, [has, loading, failed, load, lastShown, ordered.length])

  const before = items === null ? 0 : (items[0]?.start ?? top) - top
  const after = items === null ? 0 : virtualizer.getTotalSize() - ((items.at(-1)?.end ?? top) - top)
  const shown = items === null ? ordered.map((_, index) => index) : items.map((item) => item.index)

  return (
    <div
      ref={frame}
      className={styles.frame}
      data-dropped={fit.dropped}
      data-scrolls={fit.least !== null}
      // Whoever has only a keyboard scrolls it too.
      {...(fit.least !== null && { tabIndex: 0, role: 'region', 'aria-label': `${label}, scrolls sideways` })}
    >
      <table
        className={styles.table}
        style={{ '--least': `${fit.least ?? 0}px` } as CSSProperties}
        aria-label={label}
        aria-rowcount={(props.total ?? ordered.length) + 1}
      >
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} data-hide={column.hideBelow} style={{ width: column.width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column as Column<never>} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {before > 0 && <Spacer height={before} />}
          {shown.map((index) => {
            const row = ordered[index]
            if (row === undefined) return null
            return (
              <BodyRow
                key={row.id}
                row={row.original}
                index={index}
                columns={columns}
                href={rowHref?.(row.original)}
                testId={props.rowTestId?.(row.original)}
                detail={props.rowDetail?.(row.original) ?? null}
                span={shownOf(columns, fit)}
                measure={virtual ? virtualizer.measureElement : null}
              />
            )
          })}
          {after > 0 && <Spacer height={after} />}
        </tbody>
      </table>
      {ordered.length === 0 && empty}
      {failed !== null && !loading && (
        <ErrorState error={failed} title="The rows after these are not here" {...(load && { retry: load })} />
      )}
      {loading && ordered.length > 0 && (
        <div className={styles.loading} role="status">
          Loading more…
        </div>
      )}
    </div>
  )
}

interface BodyRowProps<Row> {
  row: Row
  index: number
  columns: readonly Column<Row>[]
  href: string | undefined
  testId: string | undefined
  detail: ReactNode
  /** How many columns the detail goes below. */
  span: number
  measure: ((element: HTMLElement | null) => void) | null
}

/** Of a row with what it says below. */
function heightOf(row: HTMLElement): number {
  const below = row.nextElementSibling
  const isDetail = below instanceof HTMLElement && below.dataset.detail === 'true'
  return row.offsetHeight + (isDetail ? below.offsetHeight : 0)
}

/** Drawn again only when its row or the columns are others: scrolling draws the rows that come, not those in sight. */
const BodyRow = memo(function BodyRow<Row>(props: BodyRowProps<Row>) {
  const { row, index, columns, href, testId, detail, span, measure } = props
  const line = useRef<HTMLTableRowElement>(null)
  const isOpen = detail !== null
  // biome-ignore lint/correctness/useExhaustiveDependencies: what an opened row adds to it is seen by nobody else
  useLayoutEffect(() => measure?.(line.current), [measure, isOpen])
  const main = (
    <tr
      ref={line}
      data-open={isOpen}
      data-index={index}
      data-link={href !== undefined}
      data-testid={testId}
      aria-rowindex={index + 2}
    >
      {columns.map((column, place) => (
        <td
          key={column.id}
          data-align={column.align}
          data-hide={column.hideBelow}
          data-label={column.headerHidden ? '' : column.header}
        >
          {place === 0 && href !== undefined ? (
            <Link to={href} className={styles.rowLink}>
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
    </tr>
  )
  return (
    <>
      {main}
      {isOpen && (
        <tr className={styles.detail} data-detail="true">
          <td colSpan={span}>{detail}</td>
        </tr>
      )}
    </>
  )
}) as <Row>(props: BodyRowProps<Row>) => ReactNode

function definition<Row extends object>(column: Column<Row>): ColumnDef<typeof features, Row> {
  return {
    id: column.id,
    // Missing values are undefined for the table, so that they come last in both directions.
    accessorFn: (row: Row) => column.value?.(row) ?? undefined,
    sortUndefined: 'last',
    sortFn: 'alphanumeric',
    enableSorting: column.sortable ?? false,
  } as ColumnDef<typeof features, Row>
}

function HeaderCell(props: {
  column: Column<never>
  sort: Sort | undefined
  onSort: ((sort: Sort) => void) | undefined
}) {
  const { column, sort, onSort } = props
  const sorted = sort?.id === column.id ? (sort.desc ? 'descending' : 'ascending') : undefined
  const sortable = column.sortable === true && onSort !== undefined
  const next = () =>
    onSort?.({
      id: column.id,
      desc: sorted === undefined ? (column.descendingFirst ?? false) : sorted === 'ascending',
    })
  return (
    <th
      scope="col"
      data-align={column.align}
      data-hide={column.hideBelow}
      aria-sort={sortable ? (sorted ?? 'none') : undefined}
    >
      {sortable ? (
        <button type="button" className={styles.sort} onClick={next}>
          {column.header}
          <span data-sorted={sorted}>
            <Icon name={sorted === 'descending' ? 'down' : 'up'} size={12} />
          </span>
        </button>
      ) : (
        <span className={column.headerHidden ? 'rm-visually-hidden' : ''}>{column.header}</span>
      )}
    </th>
  )
}

/** One cell: spanning columns that are left out at this width would make new, empty ones. */
function Spacer({ height }: { height: number }) {
  return (
    <tr role="presentation" className={styles.spacer}>
      <td style={{ height }} />
    </tr>
  )
}

/** How far below the top of the page the rows begin; changes when something above grows. */
function useTopOf(body: React.RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const measure = () => {
      const box = body.current?.getBoundingClientRect()
      if (box !== undefined) setTop(Math.round(box.top + window.scrollY))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [body])
  return top
}
