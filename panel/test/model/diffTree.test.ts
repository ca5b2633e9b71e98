// Changes as they stream in: a tree that adds up at every directory, whatever the order they come in.

import { describe, expect, it } from 'vitest'
import type { Change, ChangeKind } from '../../src/api/types.gen'
import {
  addChanges,
  addSizes,
  CHANGE_KINDS,
  countWords,
  type DiffFilter,
  type DiffNode,
  diffRows,
  emptyDiff,
  placeOf,
  printedPath,
  totalsWords,
} from '../../src/model/diffTree'

const change = (path: string, kind: ChangeKind): Change => ({ path, change: kind })
const ALL: DiffFilter = { kinds: [], text: '' }

const CHANGES = [
  change('/home/ada/', 'metadata'),
  change('/home/ada/new.txt', 'added'),
  change('/home/ada/sub/', 'removed'),
  change('/home/ada/sub/old.txt', 'removed'),
  change('/etc/hosts', 'changed'),
  change('/etc/link', 'type'),
]

function grown() {
  const tree = emptyDiff()
  addChanges(tree, CHANGES.slice(0, 3))
  addChanges(tree, CHANGES.slice(3))
  addSizes(tree, [
    { n: 1, after: 10 },
    { n: 3, before: 4 },
    { n: 4, before: 100, after: 130 },
  ])
  return tree
}

const seen = (tree = grown(), filter = ALL, open: (path: string) => boolean = () => true) =>
  diffRows(tree, filter, ({ path }) => open(path)).map(
    ({ node, level }) => `${'  '.repeat(level - 1)}${node.name}`,
  )

describe('the tree', () => {
  it('adds up at every directory', () => {
    const { root } = grown()
    const home = root.children.get('home') as DiffNode
    expect(countWords(home.counts)).toBe('1 added, 2 removed, 1 metadata only')
    expect([home.counts.added.bytes, home.counts.removed.bytes, home.growth]).toEqual([10, 4, 6])
    expect(countWords(root.counts)).toBe('1 added, 2 removed, 1 changed, 1 metadata only, 1 other type')
    expect([root.counts.changed.bytes, root.growth]).toEqual([130, 36])
    const sum = (one: DiffNode): number =>
      (one.change === null ? 0 : 1) + [...one.children.values()].reduce((n, below) => n + sum(below), 0)
    const items = (one: DiffNode) => CHANGE_KINDS.reduce((n, kind) => n + one.counts[kind].items, 0)
    for (const one of [root, home]) expect(items(one)).toBe(sum(one))
  })

  it('adds up to the same in restic’s sums as in the tree', () => {
    const { counts } = grown().root
    const total = (items: number) => ({ items, bytes: 0 })
    const sums = { added: total(1), removed: total(2), changed: total(2), metadata: total(1), untold: 0 }
    expect(totalsWords(sums, counts)).toBe(
      '1 added (0 B), 2 removed (0 B), 1 changed (0 B), 1 metadata only, 1 other type',
    )
    counts.added.items = 1_003
    expect(countWords(counts)).toMatch(/^1,003 added/)
  })

  it('counts a size once, and none of a change that never came', () => {
    const tree = grown()
    addSizes(tree, [
      { n: 1, after: 10 },
      { n: 99, after: 5 },
    ])
    expect(tree.root.growth).toBe(36)
  })

  it('shows what is open, by name', () => {
    expect(seen()).toEqual([
      ...['etc', '  hosts', '  link', 'home', '  ada', '    new.txt', '    sub', '      old.txt'],
    ])
    expect(seen(grown(), ALL, (path) => path === '/home')).toEqual(['etc', 'home', '  ada'])
    const [etc, hosts] = diffRows(grown(), ALL, () => true)
    expect([etc?.opens, etc?.place, etc?.of, hosts?.opens]).toEqual([true, 1, 2, false])
  })
})

describe('the filter', () => {
  it('leaves kinds', () => {
    expect(seen(grown(), { kinds: ['removed'], text: '' })).toEqual([
      ...['home', '  ada', '    sub', '      old.txt'],
    ])
    expect(seen(grown(), { kinds: ['changed', 'type'], text: '' })).toEqual(['etc', '  hosts', '  link'])
  })

  it('leaves what has a text in its name, with all below it', () => {
    expect(seen(grown(), { kinds: [], text: 'OLD' })).toEqual(['home', '  ada', '    sub', '      old.txt'])
    expect(seen(grown(), { kinds: [], text: 'ada/sub' })).toEqual([
      ...['home', '  ada', '    sub', '      old.txt'],
    ])
    expect(seen(grown(), { kinds: ['added'], text: 'home' })).toEqual(['home', '  ada', '    new.txt'])
    expect(seen(grown(), { kinds: ['added'], text: 'etc' })).toEqual([])
  })
})

describe('a path that restic printed', () => {
  it.each([
    ['/home/ada/letter', { at: '/home/ada', pick: '/home/ada/letter', like: null }],
    ['/home/ada/', { at: '/home', pick: '/home/ada', like: null }],
    ['/top', { at: '/', pick: '/top', like: null }],
    ['/a\\b/c', { at: '/a\\\\b', pick: '/a\\\\b/c', like: null }],
    ['/home/caf\ufffd/x', { at: '/home', pick: null, like: 'caf\ufffd/x' }],
    ['/caf\ufffd', { at: '/', pick: null, like: 'caf\ufffd' }],
  ])('%j stands at %j', (printed, place) => expect(placeOf(printed)).toEqual(place))

  it('is read as it is', () => expect(printedPath('/a\\b\n')).toBe('/a\\b\u240a'))
})
