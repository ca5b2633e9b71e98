// Answers that come line by line while the host works: where is a file, what changed. Knows NDJSON and how such an answer
// ends; must not know what its parts mean.

import { api } from './client'
import { ApiError, cut, fromProblem } from './error'
import type { AnswerLine, End, Part } from './types.gen'

const at = encodeURIComponent

export interface Find {
  agent: string
  repository: string
  pattern: string
  ignoreCase: boolean
  group: string | null
}

/** Where a file is, snapshot by snapshot. */
export const find = ({ agent, repository, pattern, ignoreCase, group }: Find, signal: AbortSignal) =>
  answer(
    `/hosts/${at(agent)}/repositories/${at(repository)}/find`,
    { pattern, ignore_case: ignoreCase ? true : null, group },
    signal,
  )

export interface Diff {
  agent: string
  repository: string
  older: string
  newer: string
}

/** What is different between two snapshots. */
export const diff = ({ agent, repository, older, newer }: Diff, signal: AbortSignal) =>
  answer(`/hosts/${at(agent)}/repositories/${at(repository)}/diff`, { older, newer }, signal)

/**
 * The parts of an answer as they come. Ends when the host says that it is done; throws when it says that it cannot go on,
 * when the stream ends without a word, or when it is aborted.
 */
async function* answer(
  path: string,
  query: Record<string, string | boolean | null>,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const response = await api.open(path, query, 'application/x-ndjson', signal)
  if (response.body === null) throw cut()
  for await (const text of linesOf(response.body, signal)) {
    const line = read(text)
    if ('part' in line) {
      yield line.part
    } else {
      ended(line.end)
      return
    }
  }
  throw cut()
}

function ended(end: End): void {
  if (end.end === 'done') return
  const { message, hint } = end
  throw new ApiError({
    code: 'host_refused',
    status: 200,
    title: 'The host could not go on',
    detail: message,
    hint,
  })
}

function read(text: string): AnswerLine {
  try {
    const line = JSON.parse(text) as unknown
    if (typeof line === 'object' && line !== null && ('part' in line || 'end' in line))
      return line as AnswerLine
  } catch {
    // Told below.
  }
  throw fromProblem(200, undefined)
}

/** Whole lines; half a one waits for its rest. What stands after the last newline is no line: it was cut off. */
async function* linesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw signal.aborted || isAbort(error) ? new DOMException('stopped', 'AbortError') : cut()
      })
      if (done) return
      rest += decoder.decode(value, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') yield line
    }
  } finally {
    // Whoever reads no further wants nothing more: the host is told to stop.
    void reader.cancel().catch(() => {})
  }
}

const isAbort = (error: unknown) => error instanceof DOMException && error.name === 'AbortError'
