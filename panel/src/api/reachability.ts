// Does the coordinator answer? One value for the whole tab, for the banner. Knows no fetch and no page.

import { useSyncExternalStore } from 'react'

export interface Reachability {
  reachable: boolean
  /** When it was lost, milliseconds since the epoch. */
  since: number | null
}

let current: Reachability = { reachable: true, since: null }
const listeners = new Set<() => void>()

function set(next: Reachability) {
  current = next
  for (const listener of listeners) listener()
}

/** An answer came, whatever it said. */
export function heard(): void {
  if (!current.reachable) set({ reachable: true, since: null })
}

/** No answer came. */
export function lost(): void {
  if (current.reachable) set({ reachable: false, since: Date.now() })
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Calls `back` each time the coordinator answers again after silence. */
export function onReturn(back: () => void): () => void {
  let was = current.reachable
  return subscribe(() => {
    if (current.reachable && !was) back()
    was = current.reachable
  })
}

export function useReachability(): Reachability {
  return useSyncExternalStore(subscribe, () => current)
}
