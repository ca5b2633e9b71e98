// What is chosen on the restore page: kept by the tab for each snapshot, so that a reload loses no tick. What an address or
// an earlier job asks for comes on top, once.

import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect } from 'react'
import { useSearchParams } from 'react-router'
import { jobQuery } from '../../api/queries'
import type { Place } from '../../api/trees'
import type { Pick } from '../../api/types.gen'
import { tidied, withTick } from '../../model/picks'
import { isIn, isPlainAbsolute } from '../../model/rawPath'
import { NO_WISH, readWish, type Wish, wishOf } from '../../model/restore'
import { withParams } from '../../model/search'
import { keptName, useKept, usePerson } from '../../parts/kept'

interface Chosen {
  wish: Wish
  /** Of ticked files, by path: a size that was seen need not be measured. */
  sizes: Readonly<Record<string, number>>
}

export interface Wishing extends Chosen {
  set: (change: Partial<Wish>) => void
  /** Ticks or unticks a path; `size`: where it is a file's. */
  tick: (path: string, take: boolean, size?: number) => void
  /** Takes all that is chosen along to another snapshot. */
  carryTo: (place: Place) => void
  /** It is given: nothing is chosen any more. */
  forget: () => void
  /** Why what an earlier job was asked for is not here. */
  again: { error: unknown; retry: () => void } | null
}

const NOTHING: Chosen = { wish: NO_WISH, sizes: {} }

function read(text: string | null): Chosen {
  if (text === null) return NOTHING
  try {
    const kept = JSON.parse(text) as { wish?: unknown; sizes?: Record<string, number> } | null
    return { wish: readWish(JSON.stringify(kept?.wish ?? null)), sizes: kept?.sizes ?? {} }
  } catch {
    return NOTHING
  }
}

const isNothing = (chosen: Chosen) => JSON.stringify(chosen.wish) === JSON.stringify(NO_WISH)

const nameFor = (person: string, { agent, repository, snapshot }: Place) =>
  keptName(person, `restore/${agent}/${repository}/${snapshot}`)

export function useWish(place: Place): Wishing {
  const person = usePerson() ?? ''
  const name = nameFor(person, place)
  const [chosen, setChosen] = useKept(name, read, isNothing)
  const tick = useCallback(
    (path: string, take: boolean, size?: number) =>
      setChosen(({ wish, sizes }) => {
        const others = Object.entries(sizes).filter(([one]) => !isIn(one, path))
        const own = take && size !== undefined ? [[path, size] as const] : []
        return {
          wish: { ...wish, picks: withTick(wish.picks, path, take) },
          sizes: Object.fromEntries([...others, ...own]),
        }
      }),
    [setChosen],
  )
  const whole = useCallback((wish: Wish) => setChosen({ wish, sizes: {} }), [setChosen])
  const again = useAsked(person !== '', whole)
  return {
    ...chosen,
    set: (change) => setChosen((before) => ({ ...before, wish: { ...before.wish, ...change } })),
    tick,
    carryTo: (other) => {
      // Sizes are of this snapshot.
      keep(nameFor(person, other), { wish: chosen.wish, sizes: {} })
    },
    forget: () => {
      setChosen(NOTHING)
      // The page is left in the same breath.
      keep(name, null)
    },
    again,
  }
}

function keep(name: string, chosen: Chosen | null): void {
  try {
    if (chosen === null || isNothing(chosen)) sessionStorage.removeItem(name)
    else sessionStorage.setItem(name, JSON.stringify(chosen))
  } catch {
    // A forbidden store keeps nothing.
  }
}

function askedPicks(asked: readonly string[]): Pick[] {
  return tidied(asked.filter(isPlainAbsolute).map((path) => ({ path, take: true })))
}

/**
 * `?pick=` and `?again=` of the address: taken over once, then gone from it, so that a reload does not do it again. Either
 * begins anew: what was ticked on an earlier visit, and where it should have gone, belongs to another restore.
 */
function useAsked(ready: boolean, whole: (wish: Wish) => void): Wishing['again'] {
  const [search, setSearch] = useSearchParams()
  // A name may have any character: only JSON keeps them apart.
  const picks = JSON.stringify(search.getAll('pick'))
  const [agent = '', job = ''] = (search.get('again') ?? '').split('/')
  const before = useQuery({ ...jobQuery(agent, job), enabled: agent !== '' && job !== '' })
  useEffect(() => {
    if (!ready || picks === '[]') return
    whole({ ...NO_WISH, picks: askedPicks(JSON.parse(picks) as string[]) })
    setSearch((now) => withParams(now, { pick: null }), { replace: true })
  }, [ready, picks, whole, setSearch])
  const restore = before.data?.options.restore
  useEffect(() => {
    if (!ready || restore === undefined) return
    whole(wishOf(restore))
    setSearch((now) => withParams(now, { again: null }), { replace: true })
  }, [ready, restore, whole, setSearch])
  return before.isError && job !== '' ? { error: before.error, retry: () => void before.refetch() } : null
}
