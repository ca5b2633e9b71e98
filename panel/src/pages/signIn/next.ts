// Where one wanted to go, over the way to a provider and back: the coordinator says it to whom it lets in at once, and not
// to whom it asks for a second factor.

import { insidePath } from '../../model/inside'

const NEXT = 'rm-next'

export function keepNext(path: string): void {
  try {
    sessionStorage.setItem(NEXT, path)
  } catch {
    // A full or forbidden store: one arrives at the fleet.
  }
}

/** Once: whoever comes another time begins anew. */
export function takeNext(): string | null {
  try {
    const path = sessionStorage.getItem(NEXT)
    sessionStorage.removeItem(NEXT)
    return insidePath(path)
  } catch {
    return null
  }
}
