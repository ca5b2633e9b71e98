// A snapshot's tree while it is opened: page by page, and never asked twice.

import { describe, expect, it } from 'vitest'
import type { Asked } from '../../src/api/trees'
import type { Node, TreeView } from '../../src/api/types.gen'
import { namesOf, rowsOf, SnapshotTree } from '../../src/pages/restore/tree'

const node = (name: string, kind: Node['kind'] = 'file'): Node => ({
  ...{ name, kind, mtime: 1, mode: 0o644, uid: 0, gid: 0 },
  ...(kind === 'directory' ? { tree: `tree-of-${name}` } : { size: 5 }),
})

const view = (nodes: Node[], change: Partial<TreeView> = {}): TreeView => ({
  ...{ trail: [], nodes, total: nodes.length, bytes: 0, next: null },
  ...change,
})

/** Answers by path and cursor, and keeps what was asked. */
function played(answers: Record<string, TreeView | Error>) {
  const asked: Asked[] = []
  const tree = new SnapshotTree(async (one) => {
    asked.push(one)
    const answer = answers[`${one.path}${one.name === undefined ? '' : `?${one.name}`}${one.cursor ?? ''}`]
    if (answer === undefined) throw new Error(`nobody plays ${one.path}`)
    if (answer instanceof Error) throw answer
    return answer
  })
  return { tree, asked }
}

/** Until all that was asked has come. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

const seen = (tree: SnapshotTree, root = '/', name = '') =>
  rowsOf(tree, root, name).map(
    (row) => `${'  '.repeat(row.level - 1)}${row.kind === 'node' ? row.node.name : `(${row.state})`}`,
  )

describe('the tree', () => {
  it('opens by itself what holds nothing but one directory', async () => {
    const { tree, asked } = played({
      '/': view([node('home', 'directory')]),
      '/home': view([node('ada', 'directory')]),
      '/home/ada': view([node('a'), node('sub', 'directory')]),
    })
    tree.show('/')
    expect(seen(tree)).toEqual(['(coming)'])
    await settled()
    expect(seen(tree)).toEqual(['home', '  ada', '    a', '    sub'])
    expect(asked.map(({ tree: id, path }) => id ?? path)).toEqual(['/', 'tree-of-home', 'tree-of-ada'])
  })

  it('is read page after page, each once', async () => {
    const { tree, asked } = played({
      '/': view([node('a'), node('b')], { total: 3, next: '#2' }),
      '/#2': view([node('c')], { total: 3 }),
    })
    tree.show('/')
    await settled()
    expect(seen(tree)).toEqual(['a', 'b', '(more)'])
    expect(namesOf(tree, '/')).toBeNull()
    tree.more('/')
    tree.more('/')
    tree.show('/')
    expect(seen(tree)).toEqual(['a', 'b', '(coming)'])
    await settled()
    expect(seen(tree)).toEqual(['a', 'b', 'c'])
    expect(namesOf(tree, '/')).toEqual(['a', 'b', 'c'])
    expect(asked).toHaveLength(2)
    const [row] = rowsOf(tree, '/', '')
    expect([row?.place, row?.of]).toEqual([1, 3])
  })

  it('says where it could not be read, keeps what is here, and asks again only when told', async () => {
    const answers: Record<string, TreeView | Error> = {
      '/': view([node('a')], { total: 2, next: '#1' }),
      '/#1': new Error('away'),
    }
    const { tree, asked } = played(answers)
    tree.show('/')
    await settled()
    tree.more('/')
    await settled()
    expect(seen(tree)).toEqual(['a', '(failed)'])
    tree.more('/')
    expect(asked).toHaveLength(2)
    answers['/#1'] = view([node('b')], { total: 2 })
    tree.more('/', '', true)
    await settled()
    expect(seen(tree)).toEqual(['a', 'b'])
  })

  it('tells an empty directory from one that is closed', async () => {
    const { tree } = played({ '/': view([node('a', 'directory'), node('b')]), '/a': view([]) })
    tree.show('/')
    await settled()
    expect(seen(tree)).toEqual(['a', 'b'])
    tree.setOpen('/a', true)
    await settled()
    expect(seen(tree)).toEqual(['a', '  (empty)', 'b'])
    tree.setOpen('/a', false)
    expect(seen(tree)).toEqual(['a', 'b'])
  })

  it('is filtered in the directory that is shown, by the host', async () => {
    const { tree } = played({ '/': view([node('a'), node('b')]), '/?b': view([node('b')]) })
    tree.show('/')
    tree.show('/', 'b')
    await settled()
    expect(seen(tree, '/', 'b')).toEqual(['b'])
    expect(namesOf(tree, '/')).toEqual(['a', 'b'])
  })
})
