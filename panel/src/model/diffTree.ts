// Changes between two snapshots as a tree that grows while they come: every directory knows what lies below it, by kind,
// with sizes. Pure: whoever keeps a tree gives it what came.

import type { Change, ChangeKind, ChangeSize, DiffTotals } from '../api/types.gen'
import { formatBytes, formatCount } from './bytes'
import { joinPath, pathOfText, ROOT, shownPath } from './rawPath'

export const CHANGE_KINDS: readonly ChangeKind[] = ['added', 'removed', 'changed', 'metadata', 'type']

export const CHANGE_WORDS: Readonly<Record<ChangeKind, string>> = {
  added: 'added',
  removed: 'removed',
  changed: 'changed',
  metadata: 'metadata only',
  type: 'other type',
}

/** The mark in front of a change, as restic has it. */
export const CHANGE_MARKS: Readonly<Record<ChangeKind, string>> = {
  added: '+',
  removed: '−',
  changed: 'M',
  metadata: 'U',
  type: 'T',
}

/** How many of a kind, and how many bytes they have: of what is removed before, of the others after. */
export interface Count {
  items: number
  bytes: number
}

export interface DiffNode {
  name: string
  path: string
  /** What became of itself; `null`: only what lies below it changed. */
  change: ChangeKind | null
  isDirectory: boolean
  before: number | undefined
  after: number | undefined
  children: Map<string, DiffNode>
  /** Of itself and all below. */
  counts: Record<ChangeKind, Count>
  /** Bytes that all of it grew by; of what is measured. */
  growth: number
}

export interface DiffTree {
  root: DiffNode
  /** In the order in which they came: sizes come by number. */
  all: DiffNode[]
}

function node(name: string, path: string): DiffNode {
  const none = () => ({ items: 0, bytes: 0 })
  return {
    name,
    path,
    change: null,
    isDirectory: true,
    before: undefined,
    after: undefined,
    children: new Map(),
    counts: { added: none(), removed: none(), changed: none(), metadata: none(), type: none() },
    growth: 0,
  }
}

export const emptyDiff = (): DiffTree => ({ root: node(ROOT, ROOT), all: [] })

export function addChanges(tree: DiffTree, changes: readonly Change[]): void {
  for (const { path, change } of changes) {
    const way = wayTo(tree.root, path)
    const last = way.at(-1) ?? tree.root
    last.isDirectory = path.endsWith('/')
    last.change = change
    tree.all.push(last)
    for (const one of way) one.counts[change].items += 1
  }
}

export function addSizes(tree: DiffTree, sizes: readonly ChangeSize[]): void {
  for (const { n, before, after } of sizes) {
    const one = tree.all[n]
    if (one?.change == null || one.before !== undefined || one.after !== undefined) continue
    one.before = before
    one.after = after
    const bytes = (one.change === 'removed' ? before : after) ?? 0
    const growth = (after ?? 0) - (before ?? 0)
    for (const above of wayTo(tree.root, one.path)) {
      above.counts[one.change].bytes += bytes
      above.growth += growth
    }
  }
}

/** The nodes from the root to a path, made where there are none. */
function wayTo(root: DiffNode, path: string): DiffNode[] {
  const way = [root]
  let at = root
  for (const name of path.split('/')) {
    if (name === '') continue
    let next = at.children.get(name)
    if (next === undefined) {
      next = node(name, joinPath(at.path, name))
      at.children.set(name, next)
    }
    way.push(next)
    at = next
  }
  return way
}

export interface DiffFilter {
  /** None: all. */
  kinds: readonly ChangeKind[]
  /** Somewhere in the path, whatever its case. */
  text: string
}

export interface DiffRow {
  node: DiffNode
  level: number
  /** Its place among those beside it that are shown, from 1, and how many these are. */
  place: number
  of: number
  open: boolean
  /** Whether something below it is shown when it is opened. */
  opens: boolean
}

/** The rows that are seen: what the filter leaves, of what is open. */
export function diffRows(
  tree: DiffTree,
  filter: DiffFilter,
  isOpen: (node: DiffNode, level: number) => boolean,
): DiffRow[] {
  const text = filter.text.trim().toLowerCase()
  const fits = fitting(tree.root, filter.kinds, text)
  const rows: DiffRow[] = []
  walk(tree.root, 1)
  return rows

  function walk(above: DiffNode, level: number) {
    const shown = [...above.children.values()].filter((one) => fits(one)).sort(byName)
    shown.forEach((one, at) => {
      const opens = one.children.size > 0 && [...one.children.values()].some((below) => fits(below))
      const open = opens && isOpen(one, level)
      rows.push({ node: one, level, place: at + 1, of: shown.length, open, opens })
      if (open) walk(one, level + 1)
    })
  }
}

function byName(a: DiffNode, b: DiffNode): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** Whether a node or something below it is what is looked for. */
function fitting(root: DiffNode, kinds: readonly ChangeKind[], text: string): (one: DiffNode) => boolean {
  const wanted = kinds.length === 0 ? CHANGE_KINDS : kinds
  const ofKind = (one: DiffNode) => wanted.some((kind) => one.counts[kind].items > 0)
  if (text === '') return ofKind
  const fit = new Set<DiffNode>()
  visit(root, false)
  return (one) => fit.has(one)

  function visit(one: DiffNode, inside: boolean): boolean {
    const hit = inside || one.name.toLowerCase().includes(text) || pathHas(one, text)
    let any = hit && one.change !== null && wanted.includes(one.change)
    for (const below of one.children.values()) any = visit(below, hit) || any
    if (any) fit.add(one)
    return any
  }
}

/** A text with a slash in it is looked for in the whole path. */
function pathHas(one: DiffNode, text: string): boolean {
  return text.includes('/') && one.path.toLowerCase().includes(text)
}

/** "+12 −3 M5": what lies below a directory, in short. */
export function countWords(counts: DiffNode['counts']): string {
  return CHANGE_KINDS.filter((kind) => counts[kind].items > 0)
    .map((kind) => `${formatCount(counts[kind].items)} ${CHANGE_WORDS[kind]}`)
    .join(', ')
}

/** restic's own sums, which count what is of another type as changed: here it is counted as the tree has it. */
export function totalsWords(totals: DiffTotals, { type }: DiffNode['counts']): string {
  const told = (['added', 'removed', 'changed', 'metadata'] as const).flatMap((kind) => {
    const { bytes } = totals[kind]
    const items = totals[kind].items - (kind === 'changed' ? Math.min(type.items, totals.changed.items) : 0)
    const size = kind === 'metadata' ? '' : ` (${formatBytes(bytes)})`
    return items === 0 ? [] : [`${formatCount(items)} ${CHANGE_WORDS[kind]}${size}`]
  })
  if (type.items > 0) told.push(`${formatCount(type.items)} ${CHANGE_WORDS.type}`)
  return told.length === 0 ? 'Nothing is different' : told.join(', ')
}

/**
 * Where a path that restic printed stands in a snapshot's tree. `pick`: `null` where it cannot be named, because what is no
 * text in it was replaced; `at` is then the deepest directory that can be, and `like` what the rest looks like.
 */
export function placeOf(printed: string): { at: string; pick: string | null; like: string | null } {
  const parts = printed.split('/').filter((part) => part !== '')
  const good = parts.findIndex((part) => part.includes('\ufffd'))
  const named = good === -1 ? parts : parts.slice(0, good)
  const below = (some: readonly string[]) => `/${pathOfText(some.join('/'))}`
  return good === -1
    ? { at: below(named.slice(0, -1)), pick: below(named), like: null }
    : { at: below(named), pick: null, like: parts.slice(good).join('/') }
}

/** As a person reads what restic printed. */
export const printedPath = (printed: string): string => shownPath(pathOfText(printed))
