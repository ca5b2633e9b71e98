// Filters ↔ the query of a page's address. Pure.

/** Sets, replaces or (when empty) removes parameters; the order of the others stays. */
export function withParams(
  search: URLSearchParams,
  changes: Record<string, string | readonly string[] | null | undefined>,
): URLSearchParams {
  const next = new URLSearchParams(search)
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name)
    if (value === null || value === undefined || value === '') continue
    if (typeof value === 'string') next.set(name, value)
    else for (const one of value) next.append(name, one)
  }
  return next
}

export interface Sort {
  id: string
  desc: boolean
}

/** `?sort=name` ascending, `?sort=-name` descending. */
export function parseSort(text: string | null, fallback: Sort): Sort {
  if (text === null || text === '' || text === '-') return fallback
  return text.startsWith('-') ? { id: text.slice(1), desc: true } : { id: text, desc: false }
}

export function formatSort(sort: Sort): string {
  return sort.desc ? `-${sort.id}` : sort.id
}
