// Answers that stream: whatever pieces they come in, and however they end.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { isApiError } from '../../src/api/error'
import { diff, find } from '../../src/api/lines'
import type { Part } from '../../src/api/types.gen'

afterEach(() => vi.unstubAllGlobals())

const HITS = { part: { part: 'hits', snapshot: 'ab', hits: [{ path: '/é', kind: 'file', mtime: 1 }] } }
const DONE = { end: { end: 'done' } }
const text = (...lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

let stopped = false

/** Answers with these bytes, so many at a time; `hang`: and never ends. */
function answers(body: string, { size = 7, hang = false, status = 200, breaks = false } = {}) {
  const bytes = new TextEncoder().encode(body)
  const asked: string[] = []
  stopped = false
  vi.stubGlobal('fetch', async (input: string, init: RequestInit) => {
    asked.push(input)
    let at = 0
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        init.signal?.addEventListener('abort', () => {
          if (at < bytes.length || hang) controller.error(new DOMException('x', 'AbortError'))
        })
      },
      pull(controller) {
        if (at < bytes.length) {
          controller.enqueue(bytes.subarray(at, at + size))
          at += size
        } else if (breaks) controller.error(new TypeError('network error'))
        else if (!hang) controller.close()
        else return new Promise(() => {})
      },
      cancel() {
        stopped = true
      },
    })
    return new Response(stream, { status })
  })
  return asked
}

const WANTED = { agent: 'a', repository: 'main', pattern: '*.txt', ignoreCase: true, group: 'etc' }

async function all(signal = new AbortController().signal): Promise<Part[]> {
  const parts: Part[] = []
  for await (const part of find(WANTED, signal)) parts.push(part)
  return parts
}

describe('an answer', () => {
  it.each([1, 3, 1_000])(
    'comes whole in pieces of %d bytes, cut in the middle of a character',
    async (size) => {
      const asked = answers(text(HITS, HITS, DONE), { size })
      expect(await all()).toEqual([HITS.part, HITS.part])
      expect(asked).toEqual([
        '/api/v1/hosts/a/repositories/main/find?pattern=*.txt&ignore_case=true&group=etc',
      ])
    },
  )

  it('ends where the host says so, whatever comes after', async () => {
    answers(text(DONE, HITS), { hang: true })
    expect(await all()).toEqual([])
    await vi.waitFor(() => expect(stopped).toBe(true))
  })

  it.each([
    ['without an end', text(HITS), {}],
    ['in the middle of a line', `${text(HITS)}{"end":{"end":"do`, {}],
    ['by a broken line', text(HITS), { breaks: true }],
    ['before it began', '', {}],
  ])('that ends %s was cut', async (_, body, how) => {
    answers(body, how)
    const error = await all().catch((one: unknown) => one)
    expect(isApiError(error, 'cut') && error.message).toMatch(/connection was lost/)
  })

  it('says what the host could not', async () => {
    answers(text(HITS, { end: { end: 'failed', code: 'busy', message: 'Too much.', hint: 'Wait.' } }))
    const error = await all().catch((one: unknown) => one)
    expect(isApiError(error, 'host_refused') && [error.message, error.hint]).toEqual(['Too much.', 'Wait.'])
  })

  it('that is none of the API’s is told as such', async () => {
    answers('<html>\n')
    expect(isApiError(await all().catch((one: unknown) => one), 'malformed')).toBe(true)
  })

  it('that is a refusal is told in its words', async () => {
    const problem = { code: 'host_absent', title: 't', detail: 'web-1 is away.', hint: 'h', status: 409 }
    answers(JSON.stringify(problem), { status: 409 })
    const error = await all().catch((one: unknown) => one)
    expect(isApiError(error, 'host_absent') && error.message).toBe('web-1 is away.')
  })

  it('is stopped by whoever asked', async () => {
    answers(text(HITS), { hang: true })
    const stop = new AbortController()
    const parts: Part[] = []
    const reading = (async () => {
      for await (const part of diff({ agent: 'a', repository: 'r', older: '1', newer: '2' }, stop.signal)) {
        parts.push(part)
        stop.abort()
      }
    })()
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
    expect(parts).toHaveLength(1)
  })
})
