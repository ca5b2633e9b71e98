// Three-way merge of plain JSON: what I changed since the base, laid on top of what is there now. Lists are merged item by
// item; tagged values (a destination) are taken whole. Knows no plan.

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
  if (same(base, theirs) || same(mine, theirs)) return mine
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
  if (Array.isArray(mine) && Array.isArray(theirs)) {
    return mergeLists(Array.isArray(base) ? base : [], mine, theirs, field, collisions)
  }
  collisions.push({ field, mine, theirs })
  return mine
}

/** What either side added is in, what either side took out is out; the order is mine where I changed it, else theirs. */
function mergeLists(
  base: Json[],
  mine: Json[],
  theirs: Json[],
  field: string,
  collisions: Collision[],
): Json[] {
  const [before, my, their] = [keyed(base), keyed(mine), keyed(theirs)]
  const items = new Map<string, Json>()
  for (const name of new Set([...their.keys(), ...my.keys()])) {
    const value = merge(before.get(name), my.get(name), their.get(name), `${field}[${name}]`, collisions)
    if (value !== undefined) items.set(name, value)
  }
  const iMoved = !sameOrder(before, my)
  if (iMoved && !sameOrder(before, their) && !sameOrder(my, their)) collisions.push({ field, mine, theirs })
  const [first, second] = iMoved ? [my, their] : [their, my]
  const order = woven([...first.keys()], [...second.keys()])
  return order.flatMap((name) => (items.has(name) ? [items.get(name)] : []))
}

/** The items by what they are: an agent's entry by its agent, others by their value; a repeated one by its number. */
function keyed(list: readonly Json[]): Map<string, Json> {
  const all = new Map<string, Json>()
  for (const item of list) {
    const name = isDict(item) && typeof item.agent === 'string' ? item.agent : text(item)
    let free = name
    for (let n = 2; all.has(free); n += 1) free = `${name} #${n}`
    all.set(free, item)
  }
  return all
}

function text(item: Json): string {
  return typeof item === 'string' ? item : JSON.stringify(item)
}

/** Whether the items that both have stand in the same order. */
function sameOrder(a: ReadonlyMap<string, Json>, b: ReadonlyMap<string, Json>): boolean {
  return same(
    [...a.keys()].filter((name) => b.has(name)),
    [...b.keys()].filter((name) => a.has(name)),
  )
}

/** `first` in its order, with what only `second` has after whatever stands before it there. */
function woven(first: readonly string[], second: readonly string[]): string[] {
  const order = [...first]
  for (const [n, name] of second.entries()) {
    if (order.includes(name)) continue
    const before = second.slice(0, n).findLast((one) => order.includes(one))
    order.splice(before === undefined ? 0 : order.indexOf(before) + 1, 0, name)
  }
  return order
}
