// Paths are spelled as the wire spells them, whatever bytes they are.

import { describe, expect, it } from 'vitest'
import {
  bytesOfPath,
  commonOf,
  isIn,
  isNoText,
  isPlainAbsolute,
  joinPath,
  nameOf,
  parentOf,
  pathOfBytes,
  pathOfText,
  shownPath,
  trailOf,
} from '../../src/model/rawPath'

const utf8 = new TextEncoder()
const bytes = (text: string) => Uint8Array.from([...text].map((c) => c.charCodeAt(0)))

describe('the spelling', () => {
  const cases: [Uint8Array, string, string][] = [
    [bytes('/home/ada'), '/home/ada', '/home/ada'],
    [bytes('caf\xe9'), 'caf\\xE9', 'caf\ufffd'],
    [utf8.encode('café\n'), 'café\n', 'café\u240a'],
    [bytes('a\\b'), 'a\\\\b', 'a\\b'],
    [bytes('\\xE9'), '\\\\xE9', '\\xE9'],
    [utf8.encode('\ufffd'), '\ufffd', '\ufffd'],
    [utf8.encode('a\u202egnp.exe'), 'a\u202egnp.exe', 'a\ufffdgnp.exe'],
    [utf8.encode('\u2066a\u2069\u2028'), '\u2066a\u2069\u2028', '\ufffda\ufffd\ufffd'],
    [bytes('\xed\xa0\x80'), '\\xED\\xA0\\x80', '\ufffd\ufffd\ufffd'],
    [utf8.encode('\ufeffa'), '\ufeffa', '\ufeffa'],
  ]
  it.each(cases)('%s is %j', (raw, text, shown) => {
    expect(pathOfBytes(raw)).toBe(text)
    expect(bytesOfPath(text)).toEqual(raw)
    expect(shownPath(text)).toBe(shown)
    expect(isNoText(text)).toBe(/\\x/.test(text.replaceAll('\\\\', '')))
  })

  it.each(['\\', 'a\\', '\\x', '\\xE', '\\xe9', '\\x41', '\\xC3\\xA9', '\\n', '\\é', 'nul\0'])(
    '%j is none',
    (text) => expect(bytesOfPath(text)).toBeNull(),
  )

  it('of any bytes comes back to the byte', () => {
    let seed = 7
    const next = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed
    }
    for (let round = 0; round < 500; round += 1) {
      const raw = Uint8Array.from({ length: next() % 40 }, () => 1 + (next() % 255))
      expect(bytesOfPath(pathOfBytes(raw))).toEqual(raw)
    }
  })

  it('of text that restic printed has its backslashes twice', () => {
    expect(bytesOfPath(pathOfText('/a\\xE9'))).toEqual(bytes('/a\\xE9'))
  })
})

describe('places', () => {
  it.each([
    ['/a/b', '/a', true],
    ['/ab', '/a', false],
    ['/a', '/a', true],
    ['/a', '/', true],
    ['/a', '/a/b', false],
  ] as const)('%s in %s: %s', (inner, outer, within) => expect(isIn(inner, outer)).toBe(within))

  it.each([
    ['/', true],
    ['/a/b', true],
    ['a', false],
    ['/a/../b', false],
    ['/a//b', false],
    ['/a/', false],
    ['', false],
  ] as const)('%j plain and absolute: %s', (path, plain) => expect(isPlainAbsolute(path)).toBe(plain))

  it('are joined and taken apart', () => {
    expect(joinPath('/', 'a')).toBe('/a')
    expect(joinPath('/a', 'b')).toBe('/a/b')
    expect([parentOf('/'), parentOf('/a'), parentOf('/a/b')]).toEqual([null, '/', '/a'])
    expect([nameOf('/'), nameOf('/a/b')]).toEqual(['/', 'b'])
    expect(trailOf('/a/b')).toEqual(['/', '/a', '/a/b'])
    expect(trailOf('/')).toEqual(['/'])
    expect(commonOf(['/a/b/c', '/a/b/d', '/a/bb'])).toBe('/a')
    expect(commonOf(['/a/b', '/a/b/c'])).toBe('/a/b')
    expect(commonOf([])).toBe('/')
  })
})
