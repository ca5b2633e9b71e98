// Getting it back, as far as it is not an order like others: what one host lends another, downloads, the escrow bundle.

import { api } from './client'
import { cut } from './error'
import type { EscrowBundle, LentView, SignedDocument } from './types.gen'

const at = encodeURIComponent

/** What opens the source's repository, sealed to the host that the order names. */
export const lend = (source: string, grave: SignedDocument) =>
  api.post<LentView>(`/hosts/${at(source)}/lend`, { grave })

/** The sealed stream that answers a `download`. The coordinator cannot read it. */
export async function openDownload(
  agent: string,
  grave: SignedDocument,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const path = `/hosts/${at(agent)}/download`
  const { body } = await api.openPost(path, { grave }, 'application/octet-stream', signal)
  if (body === null) throw cut()
  return body
}

/** The escrow boxes of these hosts; of all where none is named. Every call is in the audit. */
export const readEscrow = (hosts: readonly string[] = []) =>
  api.post<EscrowBundle>('/fleet/escrow', { hosts: [...hosts] })
