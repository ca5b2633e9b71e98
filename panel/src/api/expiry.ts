// Did the session end while somebody works here? One value for the tab: the page stays as it is, with all that was typed,
// and asks for the password again. Knows no fetch and no page.

import { useSyncExternalStore } from 'react'

let expired = false
const listeners = new Set<() => void>()

export function setExpired(next: boolean): void {
  if (next === expired) return
  expired = next
  for (const listener of listeners) listener()
}

export function useExpired(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => expired,
  )
}
