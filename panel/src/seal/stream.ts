// Sealed streams: the bytes of a download, from one host to this browser, whoever carries them (§4). HPKE base mode, its
// context used for many messages: `enc(32)`, then chunks `kind(u8) ‖ length(u32) ‖ ciphertext`, the kind being the associated
// data. A stream that does not end by itself was cut.

import { x25519 } from '@noble/curves/ed25519.js'
import { suite } from './box'
import { type Bytes, concat, FormatError, fromHex, toHex, wipe } from './bytes'
import { DOWNLOAD } from './domain'
import { randomBytes, requireSecure } from './secure'

const ENC_BYTES = 32
const HEAD_BYTES = 5
const TAG_BYTES = 16
/** Plaintext of a chunk at most. */
const CHUNK_BYTES = 64 * 1024

/** Kinds of chunks: 0 more comes, 1 the last, 2 failed. */
const MORE = 0
const FAILED = 2

/** A key pair for one download alone. */
export interface StreamKey {
  /** X25519 public key, 64 hex digits. */
  recipient: string
  secret: Bytes
  wipe: () => void
}

export function makeStreamKey(): StreamKey {
  requireSecure()
  const secret = randomBytes(32)
  return { recipient: toHex(x25519.getPublicKey(secret)), secret, wipe: () => wipe(secret) }
}

/** Everything that a stream is bound to: the host, and the order that asked for it. */
export interface StreamContext {
  recipient: string
  fleet: string
  agent: string
  /** A UUID, as the order has it. */
  order: string
}

export function streamInfo({ recipient, fleet, agent, order }: StreamContext): Bytes {
  return concat(
    DOWNLOAD,
    fromHex(recipient),
    fromHex(fleet),
    fromHex(agent),
    fromHex(order.replaceAll('-', ''), 16),
  )
}

/** `cut`: it ended in the middle. `failed`: the host says so itself. `forged`: it is not what that host sealed for this order. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly kind: 'cut' | 'failed' | 'forged'
  readonly hint: string
  constructor(kind: StreamError['kind'], message: string, hint: string) {
    super(message)
    this.kind = kind
    this.hint = hint
  }
}

const cut = () =>
  new StreamError(
    'cut',
    'The connection was cut before everything was here.',
    'Nothing of it was kept. Start the download again.',
  )

const forged = () =>
  new StreamError(
    'forged',
    'What arrives was not sealed by this host for this download, or was changed on the way.',
    'Nothing of it was kept. Start it again; if it happens twice, look at the coordinator and the proxy before it.',
  )

type Opener = Awaited<ReturnType<ReturnType<typeof suite>['createRecipientContext']>>

async function begin(context: StreamContext, secret: Bytes, enc: Bytes): Promise<Opener> {
  const hpke = suite()
  const recipientKey = await hpke.kem.deserializePrivateKey(secret.slice().buffer)
  return hpke.createRecipientContext({ recipientKey, enc: enc.buffer, info: streamInfo(context).buffer })
}

/** Sealed bytes in, cut anywhere; plain bytes out, in order. It errs where the stream fails, is changed, or ends too early. */
export function openStream(
  context: StreamContext,
  secret: Bytes,
): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let held: Uint8Array = new Uint8Array(0)
  let opener: Opener | null = null
  let ended = false

  /** The first chunk of what is held, taken off it; null: it is not whole yet. */
  async function next(): Promise<{ kind: number; plain: Bytes } | null> {
    if (opener === null) {
      if (held.length < ENC_BYTES) return null
      opener = await begin(context, secret, held.slice(0, ENC_BYTES) as Bytes).catch(() => {
        throw forged()
      })
      held = held.subarray(ENC_BYTES)
    }
    if (held.length < HEAD_BYTES) return null
    const [kind = 0] = held
    const length = new DataView(held.buffer, held.byteOffset).getUint32(1)
    if (kind > FAILED || length > CHUNK_BYTES + TAG_BYTES) throw forged()
    if (held.length < HEAD_BYTES + length) return null
    const sealed = held.slice(HEAD_BYTES, HEAD_BYTES + length)
    held = held.subarray(HEAD_BYTES + length)
    const plain = await opener.open(sealed.buffer as ArrayBuffer, new Uint8Array([kind]).buffer).catch(() => {
      throw forged()
    })
    return { kind, plain: new Uint8Array(plain) }
  }

  return new TransformStream({
    async transform(bytes, controller) {
      held = held.length === 0 ? bytes : concat(held, bytes)
      for (let chunk = await next(); chunk !== null; chunk = await next()) {
        // Whatever follows the end was put there by somebody else.
        if (ended) throw forged()
        if (chunk.kind === FAILED) throw failure(chunk.plain)
        if (chunk.plain.length > 0) controller.enqueue(chunk.plain)
        ended = chunk.kind !== MORE
      }
      if (ended && held.length > 0) throw forged()
    },
    flush() {
      if (!ended) throw cut()
    },
  })
}

/** The host's own words of why it could not go on. */
function failure(plain: Bytes): StreamError {
  const said = saidIn(plain)
  return new StreamError(
    'failed',
    said.message ?? 'The host could not send all of it.',
    said.hint ?? 'Look at the agent’s log on the host, then start the download again.',
  )
}

function saidIn(plain: Bytes): { message?: string; hint?: string } {
  try {
    const said = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain)) as unknown
    if (typeof said !== 'object' || said === null) throw new FormatError('not an object')
    const text = (name: string) => {
      const value = (said as Record<string, unknown>)[name]
      return typeof value === 'string' && value !== '' ? { [name]: value } : {}
    }
    return { ...text('message'), ...text('hint') }
  } catch {
    return {}
  }
}
