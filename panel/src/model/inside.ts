// Where one wanted to go, when that is a page of this panel. Pure.

/** The path, or `null` where it leads elsewhere: `//host`, a scheme, or what a browser reads as one of them. */
export function insidePath(next: string | null | undefined): string | null {
  if (next === null || next === undefined) return null
  const inside = next.startsWith('/') && !next.startsWith('//') && !/[\\\p{Cc}]/u.test(next)
  return inside ? next : null
}
