// @vitest-environment jsdom

import { act, renderHook, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogLine, LogView } from '../../src/api/types.gen'
import { useJobLog } from '../../src/pages/job/useJobLog'

const line = (n: number): LogLine => ({ n, at: n, stream: 'stdout', text: `line ${n}` })
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => line(from + n))

/** The coordinator's side: what it stores, and whether the job is over. */
const stored = { lines: [] as LogLine[], over: false, fails: false, asked: [] as number[] }
const PAGE = 2_000

beforeEach(() => {
  Object.assign(stored, { lines: [], over: false, fails: false, asked: [] })
  vi.stubGlobal('fetch', async (input: RequestInfo | URL) => {
    const after = Number(new URL(String(input), 'http://x').searchParams.get('after') ?? '0')
    stored.asked.push(after)
    if (stored.fails) return new Response(null, { status: 502 })
    const lines = stored.lines.filter(({ n }) => n >= after).slice(0, PAGE)
    const next = (lines.at(-1)?.n ?? after - 1) + 1
    const end = stored.over && next >= stored.lines.length
    return new Response(JSON.stringify({ lines, next: end ? null : next, complete: true } satisfies LogView))
  })
})
afterEach(() => vi.unstubAllGlobals())

const show = (over: boolean) =>
  renderHook((props: { over: boolean }) => useJobLog('a', 'j', props.over), { initialProps: { over } })

describe('a job’s log', () => {
  it('of a job that is over is read to its end, page by page, once', async () => {
    Object.assign(stored, { lines: range(0, 4_500), over: true })
    const { result } = show(true)
    await waitFor(() => expect(result.current.done).toBe(true))
    expect(result.current.count).toBe(4_500)
    expect(stored.asked).toEqual([0, 2_000, 4_000])
  })

  it('puts live lines that came first behind those that are read', async () => {
    stored.lines = range(0, 3)
    const { result } = show(false)
    act(() => result.current.take(range(2, 5)))
    await waitFor(() => expect(result.current.count).toBe(5))
    expect(result.current.lines.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4])
  })

  it('looks again while a line is missing, until the store has it', async () => {
    const { result } = show(false)
    await waitFor(() => expect(result.current.ready).toBe(true))
    act(() => result.current.take([line(1)]))
    expect(result.current.lines.map(({ n }) => n)).toEqual([1])
    stored.lines = range(0, 2)
    await waitFor(() => expect(result.current.lines.map(({ n }) => n)).toEqual([0, 1]), { timeout: 6_000 })
  })

  it('reads the rest when the job ends', async () => {
    stored.lines = range(0, 2)
    const { result, rerender } = show(false)
    await waitFor(() => expect(result.current.count).toBe(2))
    Object.assign(stored, { lines: range(0, 4), over: true })
    rerender({ over: true })
    await waitFor(() => expect(result.current.done).toBe(true), { timeout: 6_000 })
    expect(result.current.count).toBe(4)
  })

  it('says when it cannot be read, and goes on when it can', async () => {
    stored.fails = true
    const { result } = show(false)
    await waitFor(() => expect(result.current.error).toBeInstanceOf(Error))
    Object.assign(stored, { fails: false, lines: range(0, 2) })
    act(() => result.current.retry())
    await waitFor(() => expect(result.current.count).toBe(2))
    expect(result.current.error).toBeNull()
  })
})
