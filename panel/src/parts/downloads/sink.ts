// Where a download's bytes are put before the browser has them as a file: the site's own private file system where there is
// one, memory where there is not. Nothing stays in either.

import { formatBytes } from '../../model/bytes'

const DIRECTORY = 'downloads'
/** A tab that takes more is ended by some browsers, without a word. */
export const MOST_IN_MEMORY_BYTES = 512 * 1024 * 1024
/** The browser reads the file while it copies it to where downloads go; a slow disk copies this much per second. */
const COPIED_PER_MS = 20_000
const LEAST_KEPT_MS = 60_000

export interface Sink {
  writable: WritableStream<Uint8Array<ArrayBuffer>>
  /** Everything that was written, once it is. */
  file: () => Promise<Blob>
  /** Takes away what was written. `after`: the browser copies it still. */
  drop: (after?: 'handed over') => Promise<void>
}

export class SpaceError extends Error {
  override readonly name = 'SpaceError'
  readonly hint = 'Restore it into a directory of a host instead, or take less at once.'
}

/** `id`: the download's own. `size`: how much will come, as far as anybody knows. */
export async function openSink(id: string, size: number | undefined): Promise<Sink> {
  const directory = await privateDirectory()
  if (directory === null) return inMemory(size)
  await enoughRoom(size)
  // Before the file is there: another tab takes away what nobody holds.
  const release = await hold(id)
  const remove = async () => {
    await directory.removeEntry(id).catch(() => {})
    release()
  }
  const handle = await directory.getFileHandle(id, { create: true })
  const opened =
    typeof handle.createWritable === 'function' ? await handle.createWritable().catch(() => null) : null
  if (opened === null) {
    await remove()
    return inMemory(size)
  }
  return {
    writable: opened as WritableStream<Uint8Array<ArrayBuffer>>,
    file: async () => asBytes(await handle.getFile()),
    drop: async (after) => {
      if (after === undefined) return remove()
      const { size: bytes } = await handle.getFile()
      setTimeout(() => void remove(), Math.max(LEAST_KEPT_MS, bytes / COPIED_PER_MS))
    },
  }
}

async function privateDirectory(): Promise<FileSystemDirectoryHandle | null> {
  try {
    const root = await navigator.storage.getDirectory()
    return await root.getDirectoryHandle(DIRECTORY, { create: true })
  } catch {
    // Private windows of some browsers refuse it.
    return null
  }
}

async function enoughRoom(size: number | undefined): Promise<void> {
  const { quota, usage } = await navigator.storage.estimate().catch(() => ({}) as StorageEstimate)
  if (size === undefined || quota === undefined || usage === undefined || size <= quota - usage) return
  throw new SpaceError(
    `It has ${formatBytes(size)}, and this browser has room for ${formatBytes(Math.max(0, quota - usage))}.`,
  )
}

function inMemory(size: number | undefined): Sink {
  const tooLarge = () =>
    new SpaceError(
      `This browser can take ${formatBytes(MOST_IN_MEMORY_BYTES)} of a download at most, and this one has more.`,
    )
  if (size !== undefined && size > MOST_IN_MEMORY_BYTES) throw tooLarge()
  let parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  return {
    writable: new WritableStream({
      write(chunk) {
        bytes += chunk.length
        if (bytes > MOST_IN_MEMORY_BYTES) throw tooLarge()
        parts.push(chunk)
      },
    }),
    file: async () => asBytes(new Blob(parts)),
    drop: async () => {
      parts = []
    },
  }
}

/** Of no type a browser takes the file for text, and gives a name without an ending one of its own. */
const asBytes = (blob: Blob) => blob.slice(0, blob.size, 'application/octet-stream')

const lockOf = (id: string) => `restic-manager/downloads/${id}`

/** Says to other tabs that the file is in use, until it is released or this tab ends. */
async function hold(id: string): Promise<() => void> {
  if (navigator.locks === undefined) return () => {}
  return new Promise((held) => {
    void navigator.locks.request(lockOf(id), () => new Promise<void>((release) => held(() => release())))
  })
}

/** Takes away what tabs left that were closed in the middle. */
export async function sweep(): Promise<void> {
  if (navigator.locks === undefined || navigator.storage?.getDirectory === undefined) return
  const directory = await privateDirectory()
  if (directory === null) return
  for await (const id of directory.keys()) {
    await navigator.locks.request(lockOf(id), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await directory.removeEntry(id).catch(() => {})
    })
  }
}
