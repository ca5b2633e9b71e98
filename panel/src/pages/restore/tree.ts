// A snapshot's tree as far as somebody has opened it: directories page by page, which of them are open, what went wrong.
// Knows how to ask; must not know how it is drawn.

import type { Asked } from '../../api/trees'
import type { Node, TreeView } from '../../api/types.gen'
import { joinPath } from '../../model/rawPath'
import type { TreeRow } from '../../ui'

export interface Directory {
  nodes: readonly Node[]
  total: number
  /** Of the files in it. */
  bytes: number
  next: string | null
  loading: boolean
  /** Why its next page is not here. */
  error: unknown
}

const UNREAD: Directory = { nodes: [], total: 0, bytes: 0, next: null, loading: true, error: null }

/** How deep directories that hold nothing but one directory are opened by themselves. */
const BY_ITSELF = 32

export class SnapshotTree {
  readonly #read: (asked: Asked) => Promise<TreeView>
  readonly #listeners = new Set<() => void>()
  readonly #open = new Set<string>()
  /** By path, and what is looked for in it. */
  #directories = new Map<string, Directory>()
  #trees = new Map<string, string>()
  #version = 0

  constructor(read: (asked: Asked) => Promise<TreeView>) {
    this.#read = read
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Another number whenever something is different. */
  readonly version = (): number => this.#version

  #tell() {
    this.#version += 1
    for (const listener of this.#listeners) listener()
  }

  directory(path: string, name = ''): Directory | undefined {
    return this.#directories.get(keyOf(path, name))
  }

  isOpen(path: string): boolean {
    return this.#open.has(path)
  }

  /** Reads the first page of a directory, unless it is here or comes. */
  show(path: string, name = ''): void {
    const here = this.directory(path, name)
    if (here === undefined || (here.error !== null && !here.loading && here.nodes.length === 0)) {
      void this.#page(path, name, UNREAD, BY_ITSELF)
    }
  }

  setOpen(path: string, open: boolean): void {
    if (open) {
      this.#open.add(path)
      this.show(path)
    } else this.#open.delete(path)
    this.#tell()
  }

  /** Reads the next page, unless it comes already or failed: then only `again`. */
  more(path: string, name = '', again = false): void {
    const here = this.directory(path, name)
    if (here === undefined || here.loading || (here.error !== null && !again)) return
    if (here.nodes.length === 0) void this.#page(path, name, UNREAD, BY_ITSELF)
    else if (here.next !== null) void this.#page(path, name, { ...here, loading: true, error: null }, 0)
  }

  async #page(path: string, name: string, before: Directory, byItself: number): Promise<void> {
    const key = keyOf(path, name)
    this.#directories.set(key, before)
    this.#tell()
    try {
      const cursor = before.next
      const page = await this.#read({
        path,
        ...(this.#trees.has(path) && { tree: this.#trees.get(path) }),
        ...(name !== '' && { name }),
        cursor,
      })
      for (const node of page.nodes)
        if (node.tree !== undefined) this.#trees.set(joinPath(path, node.name), node.tree)
      const { total, bytes, next } = page
      this.#directories.set(key, {
        nodes: cursor === null ? page.nodes : [...before.nodes, ...page.nodes],
        ...{ total, bytes, next, loading: false, error: null },
      })
      this.#onlyChild(path, name, page, byItself)
    } catch (error) {
      this.#directories.set(key, { ...before, loading: false, error })
    }
    this.#tell()
  }

  /** Whoever opens a directory that holds nothing but another wants that one. */
  #onlyChild(path: string, name: string, { nodes, next }: TreeView, left: number) {
    const [only] = nodes
    if (left === 0 || name !== '' || next !== null || nodes.length !== 1 || only?.kind !== 'directory') return
    const child = joinPath(path, only.name)
    this.#open.add(child)
    if (this.directory(child) === undefined) void this.#page(child, '', UNREAD, left - 1)
  }
}

const keyOf = (path: string, name: string) => `${name}\n${path}`

export type SnapshotRow = TreeRow &
  (
    | { kind: 'node'; path: string; above: string; node: Node }
    /** Stands where entries are not here: `state` says why. */
    | {
        kind: 'rest'
        path: string
        name: string
        state: 'coming' | 'more' | 'failed' | 'empty'
        directory: Directory
      }
  )

/** The rows below a directory, as deep as directories are open. Ticks are the drawer's. */
export function rowsOf(tree: SnapshotTree, root: string, name: string): SnapshotRow[] {
  const rows: SnapshotRow[] = []
  walk(root, name, 1)
  return rows

  function walk(path: string, filter: string, level: number) {
    const directory = tree.directory(path, filter)
    if (directory === undefined) return
    const { nodes, total } = directory
    nodes.forEach((node, at) => {
      const own = joinPath(path, node.name)
      const open = node.kind === 'directory' ? tree.isOpen(own) : null
      rows.push({
        ...{ kind: 'node', key: own, path: own, above: path, node, level, open },
        ...{ place: at + 1, of: total },
      })
      if (open === true) walk(own, '', level + 1)
    })
    const state = restOf(directory)
    if (state !== null) {
      rows.push({
        ...{ kind: 'rest', key: `${path}\n${state}`, path, name: filter, state, directory, level },
        ...{ open: null, place: -1, of: Math.max(1, total) },
      })
    }
  }
}

function restOf({ nodes, next, loading, error }: Directory): 'coming' | 'more' | 'failed' | 'empty' | null {
  if (loading) return 'coming'
  if (error !== null) return 'failed'
  if (next !== null) return 'more'
  return nodes.length === 0 ? 'empty' : null
}

const names = new WeakMap<readonly Node[], readonly string[]>()

/** The names of all entries of a directory, where all are here. */
export function namesOf(tree: SnapshotTree, path: string): readonly string[] | null {
  const here = tree.directory(path)
  if (here === undefined || here.loading || here.error !== null || here.next !== null) return null
  const known = names.get(here.nodes) ?? here.nodes.map((node) => node.name)
  names.set(here.nodes, known)
  return known
}
