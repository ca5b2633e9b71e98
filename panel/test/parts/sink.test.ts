// Where downloads are kept while they come: in the site's private files, which are empty again afterwards, or in memory up to
// a bound.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MOST_IN_MEMORY_BYTES, openSink, SpaceError, sweep } from '../../src/parts/downloads/sink'

/** The site's private file system, its quota, and the locks of all tabs. */
class Site {
  readonly files = new Map<string, Uint8Array>()
  readonly locks = new Set<string>()
  quota = 1_000
  refuses = false

  get navigator() {
    return {
      storage: {
        getDirectory: async () => {
          if (this.refuses) throw new DOMException('no', 'SecurityError')
          return { getDirectoryHandle: async () => this.directory }
        },
        estimate: async () => ({ quota: this.quota, usage: 0 }),
      },
      locks: { request: this.request },
    }
  }

  readonly directory = {
    getFileHandle: async (name: string) => {
      this.files.set(name, new Uint8Array())
      return {
        createWritable: async () =>
          new WritableStream<Uint8Array>({
            write: (chunk) => {
              this.files.set(name, new Uint8Array([...(this.files.get(name) ?? []), ...chunk]))
            },
          }),
        getFile: async () => new Blob([new Uint8Array(this.files.get(name) ?? [])]),
      }
    },
    removeEntry: async (name: string) => void this.files.delete(name),
    keys: async function* (this: unknown) {
      yield* [...site.files.keys()]
    },
  }

  readonly request = async (name: string, ...rest: unknown[]) => {
    const work = rest.at(-1) as (lock: object | null) => Promise<unknown>
    if (rest.length === 2 && this.locks.has(name)) return work(null)
    this.locks.add(name)
    try {
      return await work({ name })
    } finally {
      this.locks.delete(name)
    }
  }
}

let site: Site

beforeEach(() => {
  site = new Site()
  vi.stubGlobal('navigator', site.navigator)
  vi.useFakeTimers({ toFake: ['setTimeout'] })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function write(sink: Awaited<ReturnType<typeof openSink>>, ...chunks: Uint8Array<ArrayBuffer>[]) {
  const writer = sink.writable.getWriter()
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close()
}

const bytes = (...all: number[]) => new Uint8Array(all)

describe('the private file system', () => {
  it('has the file until the browser has copied it, and nothing afterwards', async () => {
    const sink = await openSink('one', 3)
    await write(sink, bytes(1, 2), bytes(3))
    expect(new Uint8Array(await (await sink.file()).arrayBuffer())).toEqual(bytes(1, 2, 3))
    expect((await sink.file()).type).toBe('application/octet-stream')
    await sink.drop('handed over')
    expect([...site.files.keys()]).toEqual(['one'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect([site.files.size, site.locks.size]).toEqual([0, 0])
  })

  it('has nothing left of one that failed', async () => {
    const sink = await openSink('one', undefined)
    await sink.writable.abort(new Error('cut'))
    await sink.drop()
    expect([site.files.size, site.locks.size]).toEqual([0, 0])
  })

  it('is swept of what closed tabs left, and of nothing that is in use', async () => {
    site.files.set('left behind', bytes(1))
    const sink = await openSink('in use', undefined)
    await sweep()
    expect([...site.files.keys()]).toEqual(['in use'])
    await sink.drop()
  })

  it('is not begun where there is no room', async () => {
    await expect(openSink('one', 1_001)).rejects.toThrow(SpaceError)
    expect(site.files.size).toBe(0)
  })
})

describe('memory, where there is no such file system', () => {
  beforeEach(() => {
    site.refuses = true
  })

  it('takes what fits', async () => {
    const sink = await openSink('one', undefined)
    await write(sink, bytes(1), bytes(2))
    expect(await sink.file()).toMatchObject({ size: 2, type: 'application/octet-stream' })
    await sink.drop()
    expect((await sink.file()).size).toBe(0)
  })

  it('is never begun with more than its bound, nor goes beyond', async () => {
    await expect(openSink('one', MOST_IN_MEMORY_BYTES + 1)).rejects.toThrow(/512 MiB of a download at most/)
    const sink = await openSink('one', undefined)
    const half = new Uint8Array(MOST_IN_MEMORY_BYTES / 2)
    await expect(write(sink, half, half, bytes(1))).rejects.toThrow(SpaceError)
  })
})
