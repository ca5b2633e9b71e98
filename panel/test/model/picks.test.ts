// Ticks over a tree that nobody knows all of: what is sent says of every path what was ticked.

import { describe, expect, it } from 'vitest'
import type { Pick } from '../../src/api/types.gen'
import {
  orderedPicks,
  picked,
  pickedNames,
  tickOf,
  tickShown,
  tidied,
  tooMany,
  totalOf,
  withTick,
} from '../../src/model/picks'
import { isIn, joinPath } from '../../src/model/rawPath'

const take = (path: string): Pick => ({ path, take: true })
const leave = (path: string): Pick => ({ path, take: false })
const tick = (picks: readonly Pick[], path: string) => tickOf(picked(picks), path)

describe('a tick', () => {
  it('is of a path with all below, and partly of what is above', () => {
    const picks = withTick([], '/home/ada', true)
    expect(picks).toEqual([take('/home/ada')])
    const states = ['/', '/home', '/home/ada', '/home/ada/x', '/home/bob', '/home/adam']
    expect(states.map((path) => tick(picks, path))).toEqual(['partly', 'partly', 'on', 'on', 'off', 'off'])
  })

  it('is taken away below, and given back there', () => {
    let picks = withTick([], '/a', true)
    picks = withTick(picks, '/a/b', false)
    picks = withTick(picks, '/a/b/c', true)
    expect(picks).toEqual([take('/a'), leave('/a/b'), take('/a/b/c')])
    expect(['/a', '/a/b', '/a/b/c', '/a/b/d', '/a/e'].map((path) => tick(picks, path))).toEqual([
      ...['partly', 'partly', 'on', 'off', 'on'],
    ])
    expect(withTick(picks, '/a/b', true)).toEqual([take('/a')])
    expect(withTick(picks, '/a', false)).toEqual([])
  })

  it('on every known entry of a directory looks like one on it, and is none', () => {
    const names = (path: string) => ({ '/d': ['a', 'b'], '/d/b': ['x', 'y'] })[path] ?? null
    const shown = (picks: readonly Pick[], path: string) => tickShown(picked(picks), path, names)
    const some = [take('/d/a'), take('/d/b/x')]
    expect([shown(some, '/d/b'), shown(some, '/d')]).toEqual(['partly', 'partly'])
    const every = withTick(some, '/d/b/y', true)
    expect([shown(every, '/d/b'), shown(every, '/d'), shown(every, '/')]).toEqual(['on', 'on', 'partly'])
    expect(every).toEqual([take('/d/a'), take('/d/b/x'), take('/d/b/y')])
    // The directory itself comes back, if empty.
    expect(shown([take('/d'), leave('/d/a'), leave('/d/b')], '/d')).toBe('partly')
  })

  it('on any node in any order says what a whole tree of ticks would', () => {
    const names = ['a', 'b', 'ab']
    const nodes = ['/']
    for (const one of names) {
      nodes.push(`/${one}`)
      for (const two of names) {
        nodes.push(`/${one}/${two}`)
        for (const three of names) nodes.push(`/${one}/${two}/${three}`)
      }
    }
    const leaves = nodes.filter((path) => path.split('/').length === 4)
    let seed = 11
    const next = (n: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((seed / 2_147_483_648) * n)
    }
    for (let round = 0; round < 60; round += 1) {
      let picks: Pick[] = []
      const truth = new Map(leaves.map((path) => [path, false]))
      for (let step = 0; step < 12; step += 1) {
        const path = nodes[next(nodes.length)] ?? '/'
        const on = next(2) === 1
        picks = withTick(picks, path, on)
        for (const leaf of leaves) if (isIn(leaf, path)) truth.set(leaf, on)
      }
      // What the wire reads: the last pick that a path lies in decides.
      const said = (path: string) => picks.findLast((pick) => isIn(path, pick.path))?.take ?? false
      for (const leaf of leaves) {
        expect(said(leaf)).toBe(truth.get(leaf))
        expect(tick(picks, leaf)).toBe(truth.get(leaf) ? 'on' : 'off')
      }
      for (const node of nodes) {
        const below = leaves.filter((leaf) => isIn(leaf, node)).map((leaf) => truth.get(leaf))
        const state = tick(picks, node)
        if (state !== 'partly') expect(new Set(below)).toEqual(new Set([state === 'on']))
      }
      for (const pick of picks) {
        const without = picks.filter((one) => one !== pick)
        expect(without.findLast((one) => isIn(pick.path, one.path))?.take ?? false).toBe(!pick.take)
      }
      expect(tidied(picks)).toEqual(picks)
    }
  })
})

describe('what is sent', () => {
  it('is nothing for all of it', () => {
    expect(orderedPicks([take('/')])).toEqual([])
    expect(orderedPicks([take('/'), leave('/a')])).toEqual([take('/'), leave('/a')])
  })

  it('has its bounds', () => {
    const many = (n: number, path: string) =>
      Array.from({ length: n }, (_, at) => take(joinPath(path, `${at}`)))
    expect(tooMany(many(5_000, '/d'))).toBeNull()
    expect(tooMany(many(5_001, '/d'))).toMatch(/tick the directories/)
    expect(tooMany(many(200, `/${'x'.repeat(4_000)}`))).toMatch(/tick the directories/)
  })

  it('is named shortly', () => {
    const same = (text: string) => text
    expect(pickedNames([take('/a')], same)).toBe('/a')
    expect(pickedNames([take('/docs'), take('/x/docs')], same)).toBe('/docs and /x/docs')
    expect(pickedNames([take('/a'), take('/b'), leave('/a/q'), take('/c'), take('/d')], same)).toBe(
      '/a, /b and 2 more without /a/q',
    )
    expect(pickedNames([take('/'), leave('/a')], same)).toBe('everything without /a')
  })
})

describe('the running total', () => {
  const weights: Record<string, { files: number; directories: number; bytes: number }> = {
    '/a': { files: 10, directories: 2, bytes: 100 },
    '/a/b': { files: 4, directories: 1, bytes: 40 },
    '/a/b/c': { files: 1, directories: 0, bytes: 7 },
    '/f': { files: 1, directories: 0, bytes: 5 },
  }
  const total = (...picks: Pick[]) => totalOf(picks, (path) => weights[path])

  it('adds what is ticked, less what is left out, with what is taken again', () => {
    expect(total(take('/a'), take('/f'), leave('/a/b'), take('/a/b/c'))).toEqual({
      ...{ files: 8, directories: 1, bytes: 72, more: [], less: [] },
    })
  })

  it('says what is not measured yet, and subtracts nothing from it', () => {
    expect(total(take('/f'), take('/new'), leave('/new/x'))).toEqual({
      ...{ files: 1, directories: 0, bytes: 5, more: ['/new'], less: [] },
    })
    expect(total(take('/a'), leave('/a/x'), take('/a/x/y'))).toEqual({
      ...{ files: 10, directories: 2, bytes: 100, more: [], less: ['/a/x'] },
    })
  })
})
