// Waiting for a value, never for a time. Who gives up says what was seen last.

import { setTimeout as pause } from 'node:timers/promises'

const PATIENCE_MS = 30_000
const LOOK_EVERY_MS = 50

/** Asks again until `wanted` takes the answer. An answer that throws is one that is not wanted yet. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  wanted: (seen: T) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + patienceMs
  let last: unknown
  do {
    try {
      const seen = await look()
      last = seen
      if (wanted(seen)) return seen
    } catch (error) {
      last = error
    }
    await pause(LOOK_EVERY_MS)
  } while (performance.now() < end)
  const shown = last instanceof Error ? last.message : typeof last === 'string' ? last : JSON.stringify(last)
  throw new Error(
    `${what}: not within ${patienceMs / 1_000} s; the last seen was: ${String(shown).slice(0, 2_000)}`,
  )
}
