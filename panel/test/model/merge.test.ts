import { describe, expect, test } from 'vitest'
import { onTop } from '../../src/model/plan'

const list = (base: unknown[], mine: unknown[], theirs: unknown[]) => {
  const { merged, collisions } = onTop({ x: base }, { x: mine }, { x: theirs })
  return { merged: merged.x, fields: collisions.map(({ field }) => field) }
}

describe('lists, item by item', () => {
  test.each<[what: string, base: string[], mine: string[], theirs: string[], merged: string[]]>([
    ['both added', ['a'], ['a', 'm'], ['a', 't'], ['a', 'm', 't']],
    ['both added the same', ['a'], ['a', 'n'], ['a', 'n'], ['a', 'n']],
    ['I removed, they added', ['a', 'b'], ['a'], ['a', 'b', 't'], ['a', 't']],
    ['they removed, I added', ['a', 'b'], ['a', 'b', 'm'], ['a'], ['a', 'm']],
    ['both removed different ones', ['a', 'b', 'c'], ['b', 'c'], ['a', 'b'], ['b']],
    ['both removed everything', ['a'], [], [], []],
    ['each replaced another', ['a', 'b'], ['m', 'b'], ['a', 't'], ['m', 't']],
    ['I put first what they keep', ['a', 'b'], ['b', 'a'], ['a', 'b', 't'], ['b', 't', 'a']],
    ['they reordered, I added', ['a', 'b'], ['a', 'b', 'm'], ['b', 'a'], ['b', 'm', 'a']],
    ['only they changed', ['a'], ['a'], ['t'], ['t']],
    ['only I changed', ['a'], ['m'], ['a'], ['m']],
    ['one item twice', ['a', 'a'], ['a', 'a', 'm'], ['a', 'a', 't'], ['a', 'a', 'm', 't']],
  ])('%s', (_, base, mine, theirs, merged) => {
    const result = list(base, mine, theirs)
    expect([...(result.merged as string[])].sort()).toEqual([...merged].sort())
    expect(result.fields).toEqual([])
  })

  test('the order is mine where I changed it, else theirs', () => {
    expect(list(['a', 'b', 'c'], ['c', 'a', 'b'], ['a', 'b', 'c', 't']).merged).toEqual(['c', 't', 'a', 'b'])
    expect(list(['a', 'b', 'c'], ['a', 'b', 'c', 'm'], ['c', 'a', 'b']).merged).toEqual(['c', 'm', 'a', 'b'])
  })

  test('two new orders are a collision, and mine stands', () => {
    expect(list(['a', 'b', 'c'], ['c', 'a', 'b'], ['b', 'a', 'c'])).toEqual({
      merged: ['c', 'a', 'b'],
      fields: ['x'],
    })
  })

  test('entries of agents are told apart by their agent', () => {
    const ward = (agent: string, revision: number) => ({ agent, revision })
    const result = list([ward('a', 1)], [ward('a', 1), ward('b', 1)], [ward('a', 2)])
    expect(result.merged).toEqual([ward('a', 2), ward('b', 1)])
    expect(list([ward('a', 1)], [ward('a', 2)], [ward('a', 3)]).fields).toEqual(['x[a].revision'])
  })
})
