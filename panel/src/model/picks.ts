// What is ticked of a snapshot's tree, of which nobody knows all. A list of picks as the wire has it: of the picks that a
// path lies in, the last decides. Kept as short as it can be: each one says the opposite of what holds around it. Pure.

import type { Pick } from '../api/types.gen'
import { isIn, joinPath, parentOf, ROOT, trailOf } from './rawPath'

export type Tick = 'on' | 'off' | 'partly'

const utf8 = new TextEncoder()

/** So many picks an order may have, and so many bytes of paths together (wire/src/restore.rs). */
const MOST_PICKS = 5_000
const MOST_PICK_BYTES = 512 * 1024

/** The picks, made quick to ask. */
export interface Picked {
  readonly picks: readonly Pick[]
  readonly takes: ReadonlyMap<string, boolean>
  /** How many picks lie below a path. */
  readonly below: ReadonlyMap<string, number>
}

export function picked(picks: readonly Pick[]): Picked {
  const takes = new Map<string, boolean>()
  const below = new Map<string, number>()
  for (const { path, take } of picks) {
    takes.set(path, take)
    for (let above = parentOf(path); above !== null; above = parentOf(above)) {
      below.set(above, (below.get(above) ?? 0) + 1)
    }
  }
  return { picks, takes, below }
}

/** Whether a path comes back, by itself or with what it lies in. */
function isTaken({ takes }: Picked, path: string | null): boolean {
  for (let at = path; at !== null; at = parentOf(at)) {
    const take = takes.get(at)
    if (take !== undefined) return take
  }
  return false
}

export function tickOf(all: Picked, path: string): Tick {
  if ((all.below.get(path) ?? 0) > 0) return 'partly'
  return isTaken(all, path) ? 'on' : 'off'
}

/** Ticks a path with all that lies in it, or takes the tick away. */
export function withTick(picks: readonly Pick[], path: string, take: boolean): Pick[] {
  const others = picks.filter((pick) => !isIn(pick.path, path))
  const around = isTaken(picked(others), parentOf(path))
  return sorted(around === take ? others : [...others, { path, take }])
}

/**
 * As the eye wants it: a directory all of whose entries are known and ticked looks ticked, although it is not taken itself –
 * its own mode and times stay as they are. `namesOf`: of all entries, `null` where not all are known.
 */
export function tickShown(
  all: Picked,
  path: string,
  namesOf: (path: string) => readonly string[] | null,
): Tick {
  const tick = tickOf(all, path)
  if (tick !== 'partly' || isTaken(all, path)) return tick
  const names = namesOf(path)
  if (names === null || names.length === 0 || (all.below.get(path) ?? 0) < names.length) return tick
  return names.every((name) => tickShown(all, joinPath(path, name), namesOf) === 'on') ? 'on' : tick
}

/** Directories before what lies in them. */
function sorted(picks: readonly Pick[]): Pick[] {
  return picks
    .map((pick) => ({ pick, depth: pick.path === ROOT ? 0 : trailOf(pick.path).length }))
    .sort((a, b) => a.depth - b.depth || (a.pick.path < b.pick.path ? -1 : 1))
    .map(({ pick }) => pick)
}

/** Any list, such as one from an address, as one is kept here. */
export function tidied(picks: readonly Pick[]): Pick[] {
  return picks.reduce<Pick[]>((before, { path, take }) => withTick(before, path, take), [])
}

/** As an order has it: all of the snapshot is no pick at all. */
export function orderedPicks(picks: readonly Pick[]): Pick[] {
  const [only] = picks
  return picks.length === 1 && only?.path === ROOT && only.take ? [] : [...picks]
}

/** Why an order cannot have so many, or nothing. */
export function tooMany(picks: readonly Pick[]): string | null {
  const bytes = picks.reduce((sum, { path }) => sum + utf8.encode(path).length, 0)
  return picks.length > MOST_PICKS || bytes > MOST_PICK_BYTES
    ? 'These are too many to name one by one: tick the directories that hold them.'
    : null
}

/** What lies in a path, itself included. */
export interface Weight {
  files: number
  directories: number
  bytes: number
}

export interface Total extends Weight {
  /** Ticked, and not measured: what they hold comes on top. */
  more: string[]
  /** Left out below a ticked directory, and not measured: what they hold goes off again. */
  less: string[]
}

/** What all picks add up to, as far as it is known. */
export function totalOf(picks: readonly Pick[], weightOf: (path: string) => Weight | undefined): Total {
  const total: Total = { files: 0, directories: 0, bytes: 0, more: [], less: [] }
  /** Paths whose weight is in the total. */
  const counted = new Set<string>()
  const takes = picked(picks).takes
  for (const { path, take } of picks) {
    const weight = weightOf(path)
    const outer = around(takes, path)
    // Below what is not counted there is nothing to leave out, and below what is not left out nothing to add again.
    if (take ? total.less.includes(outer) : !counted.has(outer)) continue
    if (weight === undefined) {
      ;(take ? total.more : total.less).push(path)
      continue
    }
    counted.add(path)
    const sign = take ? 1 : -1
    total.files += sign * weight.files
    total.directories += sign * weight.directories
    total.bytes += sign * weight.bytes
  }
  return total
}

/** The pick that a pick lies in. */
function around(takes: ReadonlyMap<string, boolean>, path: string): string {
  for (let at = parentOf(path); at !== null; at = parentOf(at)) if (takes.has(at)) return at
  return ''
}

/**
 * "/a", "/a and /b", "/a, /b and 3 more without /a/x": what is ticked, and what in it is not. Whole paths, for two
 * directories of one name look alike otherwise.
 */
export function pickedNames(picks: readonly Pick[], shown: (path: string) => string): string {
  const of = (wanted: boolean) =>
    fewOf(
      picks
        .filter(({ take }) => take === wanted)
        .map(({ path }) => (path === ROOT ? 'everything' : shown(path))),
    )
  const left = of(false)
  return left === '' ? of(true) : `${of(true)} without ${left}`
}

function fewOf(names: readonly string[]): string {
  const [first = '', second = '', ...rest] = names
  if (names.length <= 1) return first
  return rest.length === 0 ? `${first} and ${second}` : `${first}, ${second} and ${rest.length} more`
}
