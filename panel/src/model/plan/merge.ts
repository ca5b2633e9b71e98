// Three-way merge of plain JSON: what I changed since the base, laid on top of what is there now. Lists and tagged values
// (a destination) are taken whole. Knows no plan.

type Json = unknown
type Dict = Record<string, Json>

function isDict(value: Json): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('kind' in value)
}

/** Equal as JSON; a missing field is the same as an undefined one. */
export function same(a: Json, b: Json): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [one, two] = [a as Dict, b as Dict]
  return [...new Set([...Object.keys(one), ...Object.keys(two)])].every((name) => same(one[name], two[name]))
}

/** A field that both sides changed, differently: mine covers theirs. */
export interface Collision {
  field: string
  mine: Json
  theirs: Json
}

export function onTop<T>(base: T, mine: T, theirs: T): { merged: T; collisions: Collision[] } {
  const collisions: Collision[] = []
  return { merged: merge(base, mine, theirs, '', collisions) as T, collisions }
}

function merge(base: Json, mine: Json, theirs: Json, field: string, collisions: Collision[]): Json {
  if (same(base, mine)) return theirs
  if (isDict(mine) && isDict(theirs)) {
    const before = isDict(base) ? base : {}
    const merged: Dict = {}
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const at = field === '' ? name : `${field}.${name}`
      const value = merge(before[name], mine[name], theirs[name], at, collisions)
      if (value !== undefined) merged[name] = value
    }
    return merged
  }
  if (!same(base, theirs) && !same(mine, theirs)) collisions.push({ field, mine, theirs })
  return mine
}
