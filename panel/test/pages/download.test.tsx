// @vitest-environment jsdom
//
// A download from click to file: signed, sealed by a host that is played here, opened, handed to the browser; and what is
// said when it does not come whole.

import { Chacha20Poly1305 } from '@hpke/chacha20poly1305'
import { CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import { screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SignedDocument } from '../../src/api/types.gen'
import Downloads from '../../src/parts/Downloads'
import { useDownload, type Wanted } from '../../src/parts/download'
import { useOperator } from '../../src/parts/operator'
import { concat, fromHex, u32, utf8 } from '../../src/seal/bytes'
import { open } from '../../src/seal/signed'
import { streamInfo } from '../../src/seal/stream'
import { type Fleet, foundFleet } from '../fleet'
import { show } from '../stage'

const WANTED: Omit<Wanted, 'agent'> = {
  repository: 'main',
  snapshot: 'ab'.repeat(32),
  path: '/srv/letters',
  archive: 'tar',
  name: 'letters.tar',
  size: 10,
}

let fleet: Fleet
let handed: { name: string; file: Blob }[]
/** What the host does once the order is here. */
let answer: (
  send: (kind: number, text: string) => Promise<void>,
  end: (error?: Error) => void,
) => Promise<void>
let refusal: { code: string; detail: string; hint: string } | null

beforeEach(async () => {
  fleet = await foundFleet('ann')
  handed = []
  refusal = null
  vi.stubGlobal('fetch', vi.fn(played))
  URL.createObjectURL = vi.fn((file: Blob) => {
    handed.push({ name: '', file })
    return 'blob:it'
  }) as typeof URL.createObjectURL
  URL.revokeObjectURL = vi.fn()
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    const last = handed[handed.length - 1]
    if (last !== undefined) last.name = this.download
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

async function played(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const path = String(input).replace('/api/v1', '')
  if (path === '/session')
    return Response.json({ user: 'ann', role: 'admin', session_expires_at: 9e12, must_add_factor: false })
  if (path === '/fleet') return Response.json(fleet.view)
  if (path !== `/hosts/${fleet.binding.id}/download`) throw new Error(`nobody plays ${path}`)
  if (refusal !== null) return Response.json({ ...refusal, title: 'No', status: 409 }, { status: 409 })
  const { grave } = JSON.parse(String(init?.body)) as { grave: SignedDocument }
  return new Response(await stream(grave, init?.signal ?? null))
}

/** The host: seals to the key that the signed order names. */
async function stream(grave: SignedDocument, signal: AbortSignal | null): Promise<ReadableStream> {
  const { document, by } = open('order', grave)
  const { action } = document
  if (by !== fleet.device || action.do !== 'download') throw new Error('another order')
  expect(action).toMatchObject({ path: '/srv/letters', archive: 'tar', snapshot: 'ab'.repeat(32) })
  expect(document.expires_at - document.issued_at).toBeLessThanOrEqual(15 * 60_000)
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  })
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromHex(action.to).buffer)
  const context = { recipient: action.to, fleet: document.fleet, agent: document.agent, order: document.id }
  const sender = await suite.createSenderContext({ recipientPublicKey, info: streamInfo(context).buffer })
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(sender.enc))
      signal?.addEventListener('abort', () => controller.error(signal.reason))
      void answer(
        async (kind, text) => {
          const sealed = new Uint8Array(await sender.seal(utf8(text).buffer, new Uint8Array([kind]).buffer))
          controller.enqueue(concat(new Uint8Array([kind]), u32(sealed.length), sealed))
        },
        (error) => (error === undefined ? controller.close() : controller.error(error)),
      )
    },
  })
}

function Page() {
  const { start } = useDownload()
  const ready = useOperator().state === 'ready'
  return (
    <>
      <button
        type="button"
        disabled={!ready}
        onClick={() => void start({ ...WANTED, agent: fleet.binding.id })}
      >
        Go
      </button>
      <Downloads />
    </>
  )
}

async function begin() {
  const user = show(<Page />)
  // The key and the fleet's statements are read first.
  await waitFor(() => expect(screen.getByText<HTMLButtonElement>('Go').disabled).toBe(false))
  await user.click(screen.getByText('Go'))
  return user
}

describe('a download', () => {
  it('becomes a file of its name, with every byte', async () => {
    answer = async (send, end) => {
      await send(0, 'Grüße ')
      await send(0, '')
      await send(1, 'vom Wirt')
      end()
    }
    await begin()
    await screen.findByText('Downloaded: letters.tar')
    expect(handed.map(({ name }) => name)).toEqual(['letters.tar'])
    expect(await text(handed[0]?.file)).toBe('Grüße vom Wirt')
    expect(screen.queryByRole('region', { name: 'Downloads' })).toBeNull()
  })

  it('that is cut says so, and leaves nothing', async () => {
    answer = async (send, end) => {
      await send(0, 'half')
      end()
    }
    await begin()
    await screen.findByText('Not downloaded: letters.tar')
    await screen.findByText(/The connection was cut before everything was here/)
    expect(handed).toEqual([])
  })

  it('whose connection breaks says so in the same words', async () => {
    answer = async (send, end) => {
      await send(0, 'half')
      end(new TypeError('network error'))
    }
    await begin()
    await screen.findByText(/The connection was cut before everything was here.*Start the download again/)
    expect(handed).toEqual([])
  })

  it('that the host gives up has the host’s words', async () => {
    answer = async (send, end) => {
      await send(0, 'half')
      await send(2, JSON.stringify({ message: 'The repository is locked.', hint: 'Unlock it.' }))
      end()
    }
    await begin()
    await screen.findByText('The repository is locked. Unlock it.')
    expect(handed).toEqual([])
  })

  it('from a host that is away is refused at once', async () => {
    refusal = { code: 'host_absent', detail: 'web-1 is not connected.', hint: 'Start its agent.' }
    await begin()
    await screen.findByText('web-1 is not connected. Start its agent.')
  })

  it('is shown while it runs, and can be stopped', async () => {
    answer = async (send) => send(0, 'first')
    const user = await begin()
    await screen.findByRole('progressbar', { name: 'Download of letters.tar' })
    await user.click(screen.getByRole('button', { name: 'Stop the download of letters.tar' }))
    await screen.findByText('Stopped: letters.tar')
    expect(screen.queryByRole('progressbar')).toBeNull()
    expect(handed).toEqual([])
  })
})

const text = async (file: Blob | undefined) =>
  file === undefined
    ? null
    : new Promise((resolve) => {
        const reader = new FileReader()
        reader.onload = () => resolve(reader.result)
        reader.readAsText(file)
      })
