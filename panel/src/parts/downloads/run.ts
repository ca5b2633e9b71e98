// One download from order to file: a key for it alone, the signed order, the sealed stream opened here, the file handed to the
// browser. The coordinator carries bytes that it cannot read.

import { isApiError } from '../../api/error'
import { openDownload } from '../../api/recovery'
import type { ArchiveFormat } from '../../api/types.gen'
import { makeStreamKey, openStream, type Pen, StreamError, signErrand } from '../../seal'
import { saveFile } from '../saveFile'
import { openSink } from './sink'

/** What is wanted: the bytes of one file or, packed, a directory. */
export interface Wanted {
  agent: string
  repository: string
  /** 64 hex digits. */
  snapshot: string
  /** As the API spells paths. */
  path: string
  /** Absent: the bytes of one file. */
  archive?: ArchiveFormat
  /** What the file is called here. */
  name: string
  /** How many bytes will come, as far as anybody knows. */
  size?: number
}

/** Resolves when the browser has the file; rejects, also when `signal` stops it, with nothing of it left. */
export async function runDownload(
  wanted: Wanted,
  pen: Pen,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const key = makeStreamKey()
  try {
    const { agent, repository, snapshot, path, archive } = wanted
    const action = {
      do: 'download',
      repository,
      snapshot,
      path,
      ...(archive !== undefined && { archive }),
      to: key.recipient,
    } as const
    const { order, grave } = await signErrand(action, agent, pen)
    // An archive's own length nobody knows before.
    const sink = await openSink(order, archive === undefined ? wanted.size : undefined)
    try {
      const sealed = await openDownload(agent, grave, signal)
      const context = { recipient: key.recipient, fleet: pen.fleet, agent, order }
      await sealed
        .pipeThrough(openStream(context, key.secret))
        .pipeThrough(counting(onBytes))
        .pipeTo(sink.writable, { signal })
    } catch (error) {
      await sink.writable.abort(error).catch(() => {})
      await sink.drop()
      throw signal.aborted ? error : plain(error)
    }
    saveFile(wanted.name, await sink.file())
    await sink.drop('handed over')
  } finally {
    key.wipe()
  }
}

function counting(onBytes: (bytes: number) => void) {
  let bytes = 0
  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bytes += chunk.length
      onBytes(bytes)
      controller.enqueue(chunk)
    },
  })
}

/** A browser says of a connection that broke no more than that something about the network failed. */
function plain(error: unknown): unknown {
  if (isApiError(error) || !(error instanceof TypeError)) return error
  return new StreamError(
    'cut',
    'The connection was cut before everything was here.',
    'Nothing of it was kept. Start the download again.',
  )
}
