// Snapshots of a played host: their trees page by page, measures, and answers that stream.

import type { AnswerLine, MeasureView, Node, Role, SnapshotRow, TreeView } from '../src/api/types.gen'
import { joinPath } from '../src/model/rawPath'
import type { Played } from './played'

export const ID = (letter: string) => letter.repeat(64)

export function snapshotRow(
  letter: string,
  time: number,
  change: Partial<SnapshotRow['snapshot']> = {},
): SnapshotRow {
  return {
    repository: 'main',
    snapshot: {
      ...{ id: ID(letter), time, hostname: 'web-1', paths: ['/home'], tags: ['default'], group: 'default' },
      ...{ size_bytes: 5_000, files: 50, added_bytes: 10 },
      ...change,
    },
  }
}

export function file(name: string, size = 5, change: Partial<Node> = {}): Node {
  return { name, kind: 'file', size, mtime: 1_700_000_000_000, mode: 0o644, uid: 0, gid: 0, ...change }
}

export function directory(name: string): Node {
  return {
    name,
    kind: 'directory',
    mtime: 1_700_000_000_000,
    mode: 0o755,
    uid: 0,
    gid: 0,
    tree: `tree of ${name}`,
  }
}

interface Snapshots {
  /** Entries by the path of their directory. */
  entries?: Record<string, Node[]>
  measures?: Record<string, MeasureView>
  lines?: (what: 'find' | 'diff', query: URLSearchParams) => AnswerLine[]
  role?: Role
  /** The host does not answer questions. */
  absent?: boolean
  /** How many entries a page has. */
  page?: number
}

/** What the API answers, for `fetch`; what was asked of snapshots is kept. */
export function snapshotsOf(played: Played, play: Snapshots) {
  const { entries = {}, measures = {}, role = 'admin', page = 500 } = play
  const asked: string[] = []
  /** By the id of a tree. */
  const trees = new Map<string, string>()
  for (const [path, nodes] of Object.entries(entries))
    for (const node of nodes) if (node.tree !== undefined) trees.set(node.tree, joinPath(path, node.name))

  function tree(query: URLSearchParams): Response {
    const path = query.get('path') ?? trees.get(query.get('tree') ?? '') ?? '?'
    const all = entries[path]
    if (all === undefined) return problem(404, 'not_found', `There is no ${path} in it.`)
    const wanted = query.get('name')?.toLowerCase() ?? ''
    const fits = all.filter(({ name }) => name.toLowerCase().includes(wanted))
    const from = Number(query.get('cursor') ?? 0)
    const next = from + page < fits.length ? String(from + page) : null
    const view: TreeView = {
      trail: [],
      nodes: fits.slice(from, from + page),
      total: fits.length,
      bytes: 0,
      next,
    }
    return new Response(JSON.stringify(view))
  }

  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const [address = '', text = ''] = String(input).split('?')
    const query = new URLSearchParams(text)
    const path = decodeURIComponent(address.replace('/api/v1', ''))
    if (path === '/session') {
      return new Response(
        JSON.stringify({ user: played.user, role, session_expires_at: 9e12, must_add_factor: false }),
      )
    }
    const what = path.split('/').at(-1) ?? ''
    if (!['tree', 'measure', 'find', 'diff'].includes(what)) return played.fetch(input, init)
    asked.push(`${what}?${text}`)
    if (play.absent === true) return problem(409, 'host_absent', 'web-1 is not connected.')
    if (what === 'tree') return tree(query)
    if (what === 'measure') {
      const measure = measures[query.get('path') ?? '']
      return measure === undefined
        ? problem(504, 'host_silent', 'No answer.')
        : new Response(JSON.stringify(measure))
    }
    const lines = play.lines?.(what as 'find' | 'diff', query) ?? []
    return new Response(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }
  return { fetch, asked }
}

function problem(status: number, code: string, detail: string): Response {
  const body = { type: 'about:blank', title: 'No', status, code, detail, hint: 'Try it again.' }
  return new Response(JSON.stringify(body), { status })
}
