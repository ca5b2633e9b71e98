// A job's lines in order, from two sources that overlap: pages that are read, and live ones that may come early, twice or
// not at all. Knows numbers of lines; must not know who fetches them.

import type { LogLine } from '../api/types.gen'

export class LogLines {
  readonly #lines: LogLine[] = []
  /** Live lines beyond a gap, by number. */
  readonly #ahead = new Map<number, LogLine>()

  /** In order and without a gap. The same array all the time: it only grows. */
  get all(): readonly LogLine[] {
    return this.#lines
  }

  /** The number of the first line that is missing: where reading goes on. */
  get next(): number {
    const last = this.#lines[this.#lines.length - 1]
    return last === undefined ? 0 : last.n + 1
  }

  /** Lines came that do not join on to the last one: something has to be read. */
  get gap(): boolean {
    return this.#ahead.size > 0
  }

  /** Takes lines in any order; returns how many could be appended. */
  add(lines: readonly LogLine[]): number {
    const before = this.#lines.length
    for (const line of lines) {
      if (line.n >= this.next) this.#ahead.set(line.n, line)
      this.#join()
    }
    return this.#lines.length - before
  }

  /** The log is over: what is missing will not come, what is there is shown. */
  close(): number {
    const rest = [...this.#ahead.values()].sort((a, b) => a.n - b.n)
    this.#ahead.clear()
    this.#lines.push(...rest)
    return rest.length
  }

  #join() {
    for (let line = this.#ahead.get(this.next); line !== undefined; line = this.#ahead.get(this.next)) {
      this.#ahead.delete(line.n)
      this.#lines.push(line)
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are taken out
const TERMINAL = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f]/g

/** A line as text: what was meant for a terminal (restic 0.18 clears lines on stderr) is taken out. */
export function plainText(text: string): string {
  return text.replace(TERMINAL, '')
}
