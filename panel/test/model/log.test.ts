import { expect, test } from 'vitest'
import type { LogLine } from '../../src/api/types.gen'
import { LogLines, plainText } from '../../src/model/log'

const line = (n: number): LogLine => ({ n, at: n, stream: 'stdout', text: `line ${n}` })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => line(from + n))
const numbers = (log: LogLines) => log.all.map(({ n }) => n)

test('pages and live lines overlap, and every line stands there once', () => {
  const log = new LogLines()
  expect(log.add(range(0, 5))).toBe(5)
  expect(log.add(range(3, 8))).toBe(3)
  expect(log.add(range(0, 8))).toBe(0)
  expect(numbers(log)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(log.next).toBe(8)
  expect(log.gap).toBe(false)
})

test('live lines that come before the pages are shown, and the pages are put before them', () => {
  const log = new LogLines()
  expect(log.add(range(10, 12))).toBe(2)
  expect(numbers(log)).toEqual([10, 11])
  expect(log.gap).toBe(true)
  expect(log.next).toBe(0)
  expect(log.add(range(0, 9))).toBe(9)
  expect(log.gap).toBe(true)
  expect(log.next).toBe(9)
  expect(log.add(range(8, 12))).toBe(1)
  expect(log.gap).toBe(false)
  expect(log.next).toBe(12)
  expect(numbers(log)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
})

test('lines may come in any order', () => {
  const log = new LogLines()
  log.add([line(2), line(0), line(1)])
  expect(numbers(log)).toEqual([0, 1, 2])
})

test('at the end what never came is given up', () => {
  const log = new LogLines()
  log.add([line(0), line(4), line(3)])
  expect(log.gap).toBe(true)
  log.close()
  expect(numbers(log)).toEqual([0, 3, 4])
  expect(log.gap).toBe(false)
  expect(log.next).toBe(5)
})

test('every order of arrival ends in the same log', () => {
  const pages = [range(0, 4), range(2, 7), range(6, 9), range(9, 12), [line(11), line(5), line(0)]]
  const orders = pages.map((_, n) => [...pages.slice(n), ...pages.slice(0, n)])
  for (const order of [...orders, ...orders.map((one) => [...one].reverse())]) {
    const log = new LogLines()
    const added = order.reduce((sum, page) => sum + log.add(page), 0)
    expect(numbers(log)).toEqual(range(0, 12).map(({ n }) => n))
    expect([added, log.next, log.gap]).toEqual([12, 12, false])
  }
})

test('100,000 lines in pages of 2,000 before a live one are in place in well under a second', () => {
  const log = new LogLines()
  const pages = Array.from({ length: 50 }, (_, n) => range(n * 2_000, (n + 1) * 2_000))
  const from = performance.now()
  log.add([line(100_000)])
  for (const page of pages) log.add(page)
  expect(log.all).toHaveLength(100_001)
  expect(log.gap).toBe(false)
  expect(performance.now() - from).toBeLessThan(1_000)
})

test('what was meant for a terminal is taken out', () => {
  expect(plainText('\u001b[2Kunable to open: \u001b[31mdenied\u001b[0m\r')).toBe('unable to open: denied')
  expect(plainText('a\tb')).toBe('a\tb')
})

test('what would make a line read otherwise is shown, and does nothing', () => {
  expect(plainText('restored /a\u202egnp.exe')).toBe('restored /a\ufffdgnp.exe')
  expect(plainText('\u2066a\u2069 \u200eb\u200f')).toBe('\ufffda\ufffd \ufffdb\ufffd')
  expect(plainText('saved /a\b\b\u0007b\u009b\u007f')).toBe('saved /a\u2408\u2408\u2407b\ufffd\u2421')
  expect(plainText('50%\r100%')).toBe('50%\u240d100%')
  expect(plainText('/שלום/😀')).toBe('/שלום/😀')
})
