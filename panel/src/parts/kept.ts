// What a tab keeps of what a person typed and did not send yet, over its pages and reloads. It is theirs alone: under their
// name, and gone when they sign out or somebody else signs in. Secrets are not among it.

import { useQuery } from '@tanstack/react-query'
import { type SetStateAction, useCallback, useEffect, useState } from 'react'
import { sessionQuery } from '../api/queries'

const KEPT = 'rm-kept/'

function placeOf(person: string): string {
  return `${KEPT}${encodeURIComponent(person)}/`
}

/** Who is signed in; `null` until that is known. */
export function usePerson(): string | null {
  return useQuery(sessionQuery).data?.user ?? null
}

/** The name under which a tab keeps `what` of one person. */
export function keptName(person: string, what: string): string {
  return `${placeOf(person)}${what}`
}

/** A state that outlives the page. `read` makes it of what was kept, whatever that is; `isNothing`: there is nothing to keep. */
export function useKept<T>(name: string, read: (text: string | null) => T, isNothing: (value: T) => boolean) {
  const [kept, setKept] = useState(() => ({ name, value: read(sessionStorage.getItem(name)) }))
  const now = kept.name === name ? kept : { name, value: read(sessionStorage.getItem(name)) }
  if (now !== kept) setKept(now)
  const { value } = now
  const nothing = isNothing(value)
  useEffect(() => {
    try {
      if (nothing) sessionStorage.removeItem(name)
      else sessionStorage.setItem(name, JSON.stringify(value))
    } catch {
      // A full or forbidden store: it stays as long as the page.
    }
  }, [name, nothing, value])
  const set = useCallback(
    (next: SetStateAction<T>) =>
      setKept((before) => ({
        name: before.name,
        value: typeof next === 'function' ? (next as (value: T) => T)(before.value) : next,
      })),
    [],
  )
  return [value, set] as const
}

/** Forgets what was kept, but for what is this person's. */
export function forgetKept(but: string | null = null): void {
  const own = but === null ? null : placeOf(but)
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(KEPT) && (own === null || !name.startsWith(own))) sessionStorage.removeItem(name)
    }
  } catch {
    // A forbidden store keeps nothing.
  }
}
