// A job's log while its page is open: live lines are subscribed to first, then pages are read until they meet. Knows the
// API and model/log; must not know how lines look.

import { useCallback, useEffect, useRef, useState } from 'react'
import { useLive } from '../../api/events'
import { readLog } from '../../api/queries'
import type { LogLine } from '../../api/types.gen'
import { LogLines } from '../../model/log'

/** How often to look again where live lines are missing: a gap, no connection, an end that has not come yet. */
const LOOK_AGAIN_MS = 1_500
/** Otherwise every so many times: what was printed before the subscription is stored some seconds later. */
const LOOK_ANYWAY = 3

export interface JobLogState {
  lines: readonly LogLine[]
  count: number
  /** The first page is here. */
  ready: boolean
  /** Every line there will ever be is here. */
  done: boolean
  error: unknown
  retry: () => void
  /** Live lines, as they come. */
  take: (lines: readonly LogLine[]) => void
  /** Reads what is missing; call after a reconnection. */
  catchUp: () => void
}

export function useJobLog(agent: string, job: string, over: boolean): JobLogState {
  const log = useRef(new LogLines())
  const reading = useRef<AbortController | null>(null)
  const [count, setCount] = useState(0)
  const [ready, setReady] = useState(false)
  const [done, setDone] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { connected } = useLive()

  const catchUp = useCallback(() => {
    if (reading.current !== null) return
    const abort = new AbortController()
    reading.current = abort
    readAll(agent, job, log.current, abort.signal, () => {
      setCount(log.current.all.length)
      setReady(true)
    })
      .then((complete) => {
        setError(null)
        setReady(true)
        if (complete) setDone(true)
      })
      .catch((failure: unknown) => {
        if (!abort.signal.aborted) setError(failure)
      })
      .finally(() => {
        if (reading.current === abort) reading.current = null
      })
  }, [agent, job])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of the job is read at once
  useEffect(() => {
    catchUp()
    return () => {
      reading.current?.abort()
      reading.current = null
    }
  }, [catchUp, over])

  const behind = !done && (over || !connected || error !== null)
  useEffect(() => {
    if (done) return
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
      if (behind || log.current.gap || turns % LOOK_ANYWAY === 0) catchUp()
    }, LOOK_AGAIN_MS)
    return () => clearInterval(timer)
  }, [behind, done, catchUp])

  const take = useCallback((lines: readonly LogLine[]) => {
    if (log.current.add(lines) > 0) setCount(log.current.all.length)
  }, [])

  // `count` changes with every line, so the list is read anew whenever it grew.
  return { lines: log.current.all, count, ready, done, error, retry: catchUp, take, catchUp }
}

/** Reads page after page up to the newest line; true when there will be no more. */
async function readAll(agent: string, job: string, log: LogLines, signal: AbortSignal, grown: () => void) {
  for (;;) {
    const page = await readLog(agent, job, log.next, signal)
    const added = log.add(page.lines)
    const complete = page.next === null
    if (complete) log.close()
    if (added > 0 || complete) grown()
    if (complete || page.lines.length === 0) return complete
  }
}
