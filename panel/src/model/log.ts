// A job's lines in order, from two sources that overlap: pages that are read, and live ones that may come early, twice or
// not at all. What is here is shown at once; what is missing in between is put in its place when it comes. Knows numbers; must not know who fetches them.

import type { LogLine } from '../api/types.gen'
import { shownText } from './rawPath'

export class LogLines {
  /** By number. Beyond `next` there may be holes. */
  #lines: LogLine[] = []
  #next = 0
  readonly #beyond = new Set<number>()

  /** Every line that is here, in order. */
  get all(): readonly LogLine[] {
    return this.#lines
  }

  /** The number of the first line that is missing: where reading goes on. */
  get next(): number {
    return this.#next
  }

  /** Lines are here that do not join on to those before: something has to be read. */
  get gap(): boolean {
    return this.#beyond.size > 0
  }

  /** Takes lines in any order; returns how many were new. */
  add(lines: readonly LogLine[]): number {
    const fresh = new Map<number, LogLine>()
    for (const line of lines) {
      if (line.n >= this.#next && !this.#beyond.has(line.n)) fresh.set(line.n, line)
    }
    if (fresh.size === 0) return 0
    const sorted = [...fresh.values()].sort((a, b) => a.n - b.n)
    const last = this.#lines[this.#lines.length - 1]
    if (last === undefined || (sorted[0] as LogLine).n > last.n) this.#lines.push(...sorted)
    else this.#lines = merged(this.#lines, sorted)
    for (const { n } of sorted) this.#beyond.add(n)
    while (this.#beyond.delete(this.#next)) this.#next += 1
    return sorted.length
  }

  /** The log is over: what is missing will not come. */
  close(): void {
    const last = this.#lines[this.#lines.length - 1]
    this.#beyond.clear()
    if (last !== undefined) this.#next = Math.max(this.#next, last.n + 1)
  }
}

function merged(one: readonly LogLine[], two: readonly LogLine[]): LogLine[] {
  const all: LogLine[] = []
  let next = 0
  for (const line of one) {
    for (let other = two[next]; other !== undefined && other.n < line.n; other = two[next]) {
      all.push(other)
      next += 1
    }
    all.push(line)
  }
  return all.concat(two.slice(next))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are taken out
const TERMINAL = /\u001b\[[0-9;?]*[A-Za-z]|\r+$/g

/**
 * A line as text: colours and cleared lines that were meant for a terminal (restic 0.18 does so on stderr) are taken out. What else
 * would act on what is read – whoever names a file decides about such – is shown as a mark; tabs stay.
 */
export function plainText(text: string): string {
  return text.replace(TERMINAL, '').split('\t').map(shownText).join('\t')
}

/** A line that a hook printed, without its mark; `null`: it is none. */
export function hookLine(text: string): { hook: 'pre' | 'post'; text: string } | null {
  const marked = /^hook\((pre|post)\): ?/.exec(text)
  return marked === null ? null : { hook: marked[1] as 'pre' | 'post', text: text.slice(marked[0].length) }
}
