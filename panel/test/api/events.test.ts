// @vitest-environment jsdom

import { QueryClient } from '@tanstack/react-query'
import { act, renderHook } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listen, setLive, useLive, useWatch } from '../../src/api/events'
import type { Event as FleetEvent } from '../../src/api/types.gen'

/** What a browser's EventSource does, by hand. */
class FakeSource {
  static readonly CLOSED = 2
  static all: FakeSource[] = []
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  readyState = 0
  readonly url: string
  constructor(url: string) {
    this.url = url
    FakeSource.all.push(this)
  }
  close() {
    this.readyState = FakeSource.CLOSED
  }
  say(event: FleetEvent) {
    this.onmessage?.({ data: JSON.stringify(event) })
  }
  static get open(): FakeSource {
    const open = FakeSource.all.filter((source) => source.readyState !== FakeSource.CLOSED)
    expect(open).toHaveLength(1)
    return open[0] as FakeSource
  }
}

const AGENT = 'ab'.repeat(32)
const JOB = '0192f0c1-7a3b-7c1e-9f00-000000000001'
let stop: () => void
let stale: unknown[]
let takesMs: number

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', FakeSource)
  FakeSource.all = []
  stale = []
  takesMs = 0
  const client = new QueryClient()
  vi.spyOn(client, 'invalidateQueries').mockImplementation(async (filter) => {
    stale.push(filter?.queryKey)
    if (takesMs > 0) await new Promise((resolve) => setTimeout(resolve, takesMs))
  })
  stop = listen(client)
  FakeSource.open.onopen?.()
})

afterEach(() => {
  act(() => setLive(true))
  stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('events', () => {
  it('say what is stale, once for a storm', () => {
    for (let n = 0; n < 50; n += 1) FakeSource.open.say({ event: 'host', agent: AGENT })
    expect(stale).toEqual([])
    vi.advanceTimersByTime(300)
    expect(stale).toEqual([['host', AGENT], ['hosts'], ['tiles']])
  })

  it('read everything again after a gap', async () => {
    FakeSource.open.say({ event: 'lagged' })
    await vi.advanceTimersByTimeAsync(300)
    expect(stale).toEqual([[]])
    FakeSource.open.onerror?.()
    FakeSource.open.onopen?.()
    await vi.advanceTimersByTimeAsync(300)
    expect(stale).toEqual([[], []])
  })

  it('let a long reading end before the next begins, and rest after it', async () => {
    takesMs = 1_000
    FakeSource.open.say({ event: 'pending' })
    await vi.advanceTimersByTimeAsync(300)
    expect(stale).toEqual([['pending'], ['tiles'], ['fleet'], ['keys']])
    for (let n = 0; n < 40; n += 1) {
      FakeSource.open.say({ event: 'tokens' })
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(stale).toEqual([['pending'], ['tiles'], ['fleet'], ['keys']])
    await vi.advanceTimersByTimeAsync(1_500)
    expect(stale).toEqual([['pending'], ['tiles'], ['fleet'], ['keys'], ['tokens']])
  })

  it('hold still while the switch is off, and catch up when it is on again', () => {
    act(() => setLive(false))
    FakeSource.open.say({ event: 'pending' })
    vi.advanceTimersByTime(1_000)
    expect(stale).toEqual([])
    act(() => setLive(true))
    expect(stale).toEqual([['pending'], ['tiles'], ['fleet'], ['keys']])
  })

  it('keep one connection, with the watched job in its address', () => {
    const heard: unknown[] = []
    const hook = renderHook(() =>
      useWatch(
        AGENT,
        JOB,
        true,
        (live) => heard.push(live.live),
        () => {},
      ),
    )
    vi.advanceTimersByTime(1)
    expect(decodeURIComponent(FakeSource.open.url)).toContain(`watch=${AGENT}/${JOB}`)
    FakeSource.open.say({ event: 'live', agent: AGENT, live: { live: 'log', job: JOB, lines: [] } })
    FakeSource.open.say({
      event: 'live',
      agent: AGENT,
      live: { live: 'log', job: JOB.replace('1', '2'), lines: [] },
    })
    expect(heard).toEqual(['log'])
    hook.unmount()
    vi.advanceTimersByTime(1)
    expect(FakeSource.open.url).not.toContain('watch')
  })

  it('come back by themselves after the server closed for good', () => {
    const { result } = renderHook(useLive)
    expect(result.current.connected).toBe(true)
    const first = FakeSource.open
    first.close()
    act(() => first.onerror?.())
    expect(result.current.connected).toBe(false)
    vi.advanceTimersByTime(1_000)
    act(() => FakeSource.open.onopen?.())
    expect(result.current.connected).toBe(true)
  })

  it('ignore what they cannot read', () => {
    FakeSource.open.onmessage?.({ data: '{' })
    vi.advanceTimersByTime(300)
    expect(stale).toEqual([])
  })
})
