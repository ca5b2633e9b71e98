// An answer that comes in parts: read while it comes, told at a pace that the page can draw, stopped when nobody wants it.

import { useCallback, useEffect, useRef, useState } from 'react'
import type { Part } from '../api/types.gen'

export type AnswerState = 'coming' | 'done' | 'stopped' | 'failed'

export interface Answer<T> {
  /** All that came so far. The same object all the time: `version` tells of changes. */
  value: T
  version: number
  state: AnswerState
  error: unknown
  stop: () => void
  again: () => void
}

/** The page is drawn no more often than this while parts come. */
const DRAW_MS = 150

/**
 * `ask` begins it; another `ask` begins anew, so that it is to be kept by `useCallback`. `fresh` makes what parts are put
 * into, `take` puts one in.
 */
export function useAnswer<T>(
  ask: (signal: AbortSignal) => AsyncGenerator<Part>,
  fresh: () => T,
  take: (value: T, part: Part) => void,
): Answer<T> {
  const [round, setRound] = useState(0)
  const [shown, setShown] = useState(() => ({
    ...{ value: fresh(), version: 0, state: 'coming' as AnswerState, error: null as unknown },
  }))
  const abort = useRef<AbortController | null>(null)
  const how = useRef({ fresh, take })
  how.current = { fresh, take }

  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks the same once more
  useEffect(() => {
    const mine = new AbortController()
    abort.current = mine
    const value = how.current.fresh()
    let version = 0
    let drawn = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = (state: AnswerState, error: unknown = null) => {
      clearTimeout(timer)
      timer = undefined
      drawn = performance.now()
      version += 1
      setShown({ value, version, state, error })
    }
    const read = async () => {
      for await (const part of ask(mine.signal)) {
        how.current.take(value, part)
        if (timer !== undefined) continue
        timer = setTimeout(() => tell('coming'), Math.max(0, DRAW_MS - (performance.now() - drawn)))
      }
      tell('done')
    }
    tell('coming')
    read().catch((error: unknown) => (mine.signal.aborted ? tell('stopped') : tell('failed', error)))
    return () => {
      mine.abort()
      clearTimeout(timer)
    }
  }, [ask, round])

  const stop = useCallback(() => abort.current?.abort(), [])
  const again = useCallback(() => setRound((before) => before + 1), [])
  return { ...shown, stop, again }
}
