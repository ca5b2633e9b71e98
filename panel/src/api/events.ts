// One EventSource for the whole tab. An event only says what is stale; whoever shows it reads it again. Progress and log
// lines of watched jobs carry themselves and go to their watchers. Knows query keys; must not know pages.

import type { QueryClient, QueryKey } from '@tanstack/react-query'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { API, isElsewhere, queryString } from './client'
import { setExpired } from './expiry'
import { key } from './queries'
import { heard } from './reachability'
import type { Event as FleetEvent, Live } from './types.gen'

/** Stale keys are gathered this long, so that a storm of events is one reading. */
const GATHER_MS = 250
/** After a reading, so many times as long as it took: ten thousand hosts are read again less often than ten. */
const REST = 4
/** A reading that does not end holds up the next no longer than this. */
const READING_MOST_MS = 15_000
const RETRY_FIRST_MS = 1_000
const RETRY_MOST_MS = 30_000

export interface LiveState {
  /** The person's switch: off means that lists stay as they are. */
  on: boolean
  connected: boolean
}

type Watcher = (live: Live) => void

let state: LiveState = { on: true, connected: false }
const listeners = new Set<() => void>()
/** `agent/job` → who wants its progress and lines. */
const watchers = new Map<string, Set<Watcher>>()
/** Called when the connection is (back) up: events before that are lost. */
const reconnected = new Set<() => void>()

let client: QueryClient | null = null
let source: EventSource | null = null
let reopening: ReturnType<typeof setTimeout> | undefined
let gathering: ReturnType<typeof setTimeout> | undefined
let retryMs = RETRY_FIRST_MS
let missed = false
/** What was stale is being read, or was a moment ago. A reading that is begun again and again never ends. */
let reading: symbol | null = null
const stale = new Map<string, { queryKey: QueryKey; exact: boolean }>()

function setState(change: Partial<LiveState>) {
  const next = { ...state, ...change }
  if (next.on === state.on && next.connected === state.connected) return
  state = next
  for (const listener of listeners) listener()
}

/** Starts listening; call when somebody is signed in. Returns what stops it. */
export function listen(queryClient: QueryClient): () => void {
  client = queryClient
  open()
  return () => {
    client = null
    close()
    clearTimeout(reopening)
    clearTimeout(gathering)
    gathering = undefined
    reading = null
    setState({ connected: false })
  }
}

function close() {
  source?.close()
  source = null
}

function open() {
  close()
  clearTimeout(reopening)
  if (client === null) return
  const mine = new EventSource(`${API}/events${queryString({ watch: [...watchers.keys()] })}`, {
    withCredentials: isElsewhere,
  })
  source = mine
  mine.onopen = () => {
    heard()
    retryMs = RETRY_FIRST_MS
    setState({ connected: true })
    if (missed) markAll()
    missed = false
    for (const back of reconnected) back()
  }
  mine.onmessage = (message: MessageEvent<string>) => take(message.data)
  mine.onerror = () => {
    if (source !== mine) return
    missed = true
    setState({ connected: false })
    // The browser retries by itself unless it was told to go away; then the session tells whether it makes sense.
    if (mine.readyState === EventSource.CLOSED) {
      reopening = setTimeout(open, retryMs)
      retryMs = Math.min(retryMs * 2, RETRY_MOST_MS)
      void client?.invalidateQueries({ queryKey: key.session })
    }
  }
}

function take(data: string) {
  let event: FleetEvent
  try {
    event = JSON.parse(data) as FleetEvent
  } catch {
    return
  }
  switch (event.event) {
    case 'live':
      for (const watcher of watchers.get(`${event.agent}/${event.live.job}`) ?? []) watcher(event.live)
      return
    case 'signed_out':
      setExpired(true)
      return
    case 'lagged':
      markAll()
      return
    default:
      for (const queryKey of staleAfter(event)) mark(queryKey)
      // A host's header and rows follow its jobs, but its plan and snapshots have events of their own.
      if (event.event === 'job') {
        mark(key.host(event.agent), true)
        mark([...key.host(event.agent), 'schedules'])
        mark(key.maintenance(event.agent))
      }
  }
}

function staleAfter(event: Exclude<FleetEvent, { event: 'live' | 'lagged' | 'signed_out' }>): QueryKey[] {
  switch (event.event) {
    case 'host':
      return [key.host(event.agent), key.hosts, key.tiles]
    case 'job':
      return [key.job(event.agent, event.job), key.jobs(event.agent), key.hosts, key.tiles]
    case 'pending':
      // Also told of a new fleet statement: whose keys count is another thing then.
      return [key.pending, key.tiles, key.fleet, key.keys]
    case 'tokens':
      return [key.tokens]
    case 'order':
      return [key.orders(event.agent), key.host(event.agent), key.hosts]
  }
}

function mark(queryKey: QueryKey, exact = false) {
  stale.set(`${exact}:${JSON.stringify(queryKey)}`, { queryKey, exact })
  gather()
}

function markAll() {
  mark([])
}

function gather() {
  if (gathering === undefined && reading === null) gathering = setTimeout(flush, GATHER_MS)
}

function flush() {
  clearTimeout(gathering)
  gathering = undefined
  if (!state.on || reading !== null || client === null || stale.size === 0) return
  const queries = client
  const filters = [...stale.values()]
  stale.clear()
  const mine = Symbol('reading')
  reading = mine
  const began = performance.now()
  const read = Promise.allSettled(filters.map((filter) => queries.invalidateQueries(filter)))
  const enough = new Promise((resolve) => setTimeout(resolve, READING_MOST_MS))
  void Promise.race([read, enough]).then(() => {
    setTimeout(
      () => {
        if (reading !== mine) return
        reading = null
        if (stale.size > 0) gather()
      },
      REST * (performance.now() - began),
    )
  })
}

/** The switch "live" of every list. Turning it on again reads what became stale meanwhile. */
export function setLive(on: boolean): void {
  setState({ on })
  if (on) flush()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function useLive(): LiveState {
  return useSyncExternalStore(subscribe, () => state)
}

/** Progress and log lines of one job while the component lives. `onReconnect`: what came in between is lost, re-read. */
export function useWatch(
  agent: string,
  job: string,
  enabled: boolean,
  onLive: Watcher,
  onReconnect: () => void,
): void {
  const calls = useRef({ onLive, onReconnect })
  useEffect(() => {
    calls.current = { onLive, onReconnect }
  })
  useEffect(() => {
    if (!enabled) return
    const id = `${agent}/${job}`
    const watcher: Watcher = (live) => calls.current.onLive(live)
    const back = () => calls.current.onReconnect()
    const set = watchers.get(id) ?? new Set<Watcher>()
    set.add(watcher)
    watchers.set(id, set)
    reconnected.add(back)
    if (set.size === 1) reopenSoon()
    return () => {
      reconnected.delete(back)
      set.delete(watcher)
      if (set.size === 0) {
        watchers.delete(id)
        reopenSoon()
      }
    }
  }, [agent, job, enabled])
}

/** The watch list is part of the address, so a change of it opens a new connection, once for all changes of a tick. */
function reopenSoon() {
  if (client === null) return
  clearTimeout(reopening)
  reopening = setTimeout(() => {
    missed = true
    open()
  }, 0)
}
