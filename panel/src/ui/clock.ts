// The panel's one clock: relative times of a page tick together. The only room of ui/ that reads the time.

import { useEffect, useState } from 'react'

const listeners = new Map<number, Set<() => void>>()
const timers = new Map<number, ReturnType<typeof setInterval>>()

function every(ms: number, listener: () => void): () => void {
  const set = listeners.get(ms) ?? new Set()
  set.add(listener)
  listeners.set(ms, set)
  if (!timers.has(ms)) {
    timers.set(
      ms,
      setInterval(() => {
        for (const tick of listeners.get(ms) ?? []) tick()
      }, ms),
    )
  }
  return () => {
    set.delete(listener)
    if (set.size === 0) {
      clearInterval(timers.get(ms))
      timers.delete(ms)
    }
  }
}

/** The time, new every `ms` milliseconds. */
export function useNow(ms: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    // Drawn a moment ago: the time it began with is still good enough, and drawing twice is not for nothing.
    setNow((before) => (Date.now() - before < ms / 2 ? before : Date.now()))
    return every(ms, () => setNow(Date.now()))
  }, [ms])
  return now
}
