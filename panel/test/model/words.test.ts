import { describe, expect, it } from 'vitest'
import { formatBytes, formatRate } from '../../src/model/bytes'
import { kitText, sameWord } from '../../src/model/kitText'
import { formatSort, parseSort, withParams } from '../../src/model/search'
import { formatDuration, formatRelative } from '../../src/model/time'

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [10 * 1024 ** 2, '10.0 MiB'],
    [1024 ** 3 - 1, '1.00 GiB'],
    [123.4 * 1024 ** 4, '123 TiB'],
    [-2048, '−2.00 KiB'],
    [Number.NaN, '–'],
  ])('%d is %s', (bytes, words) => expect(formatBytes(bytes)).toBe(words))
  it('rates', () => expect(formatRate(2048)).toBe('2.00 KiB/s'))
})

describe('times', () => {
  it.each([
    [0, '0 s'],
    [400, '< 1 s'],
    [59_999, '59 s'],
    [60_000, '1 m'],
    [75_000, '1 m 15 s'],
    [3_600_000, '1 h'],
    [90_061_000, '1 d 1 h'],
    [-5_000, '−5 s'],
  ])('%d ms lasts %s', (ms, words) => expect(formatDuration(ms)).toBe(words))

  const now = 1_795_187_040_000
  it.each([
    [0, 'just now'],
    [-9_000, 'just now'],
    [5_000, 'in a moment'],
    [-30_000, '30 seconds ago'],
    [-180_000, '3 minutes ago'],
    [7_200_000, 'in 2 hours'],
    [-3 * 86_400_000, '3 days ago'],
  ])('%d ms from now is %s', (difference, words) => expect(formatRelative(now + difference, now)).toBe(words))
})

describe('the address', () => {
  it('replaces, repeats and removes', () => {
    const before = new URLSearchParams('q=a&tag=x&tag=y&sort=name')
    expect(withParams(before, { tag: ['z'], q: '' }).toString()).toBe('sort=name&tag=z')
    expect(before.toString()).toBe('q=a&tag=x&tag=y&sort=name')
  })
  it('keeps a sort through the address', () => {
    const fallback = { id: 'name', desc: false }
    for (const sort of [fallback, { id: 'size', desc: true }])
      expect(parseSort(formatSort(sort), fallback)).toEqual(sort)
    expect(parseSort(null, fallback)).toBe(fallback)
    expect(parseSort('-', fallback)).toBe(fallback)
  })
})

describe('the kit on paper', () => {
  it('numbers every word, and says what it is', () => {
    const words = Array.from({ length: 24 }, (_, n) => `word${n}`)
    const text = kitText({
      words,
      coordinator: 'main',
      fingerprint: 'SHA256:ab',
      fingerprintWords: ['x'],
      date: '2026-11-20',
    })
    for (const [n, word] of words.entries()) expect(text).toMatch(new RegExp(`\\b${n + 1}\\. ${word}\\b`))
    expect(text).toContain('main')
    expect(text).toMatchSnapshot()
  })
  it('takes a word as people type it', () => {
    expect(sameWord(' Abandon ', 'abandon')).toBe(true)
    expect(sameWord('aband', 'abandon')).toBe(false)
  })
})
