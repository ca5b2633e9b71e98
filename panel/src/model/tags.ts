// Tags of hosts and snapshots as they come out of a field. Pure.

const BETWEEN = /[\s,;]+/

/**
 * The tags of a field after a change. What came is taken apart at blanks, commas and semicolons, however it came: a field
 * that splits while one types takes a dropped or filled-in text as one tag. What was there stays as it is.
 */
export function tagsAfter(before: readonly string[], after: readonly string[]): string[] {
  const old = new Set(before)
  const apart = after.flatMap((tag) => (old.has(tag) ? [tag] : tag.split(BETWEEN)))
  return [...new Set(apart.filter((tag) => tag !== ''))]
}
