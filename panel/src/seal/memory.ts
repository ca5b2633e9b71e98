// What this browser keeps in IndexedDB: its operator key per person, the highest statements it has seen, the seeds of
// tokens it made. Nothing here leaves the browser, and of the operator key not even this page sees the secret.

import { ed25519 } from '@noble/curves/ed25519.js'
import { type Bytes, toHex, wipe } from './bytes'
import { deviceSigner, type Signer } from './ed25519'
import { randomBytes, requireSecure } from './secure'
import type { Seen } from './trust'

const DATABASE = 'restic-manager'
const VERSION = 1

interface DeviceRecord {
  user: string
  name: string
  /** Ed25519 public key, 64 hex digits. */
  key: string
  createdAt: number
  secret:
    | { kind: 'native'; pair: CryptoKeyPair }
    | { kind: 'wrapped'; wrapping: CryptoKey; iv: Bytes; seed: ArrayBuffer }
}

export interface DeviceKey {
  user: string
  name: string
  signer: Signer
}

interface SeedRecord {
  token: string
  text: string
  expiresAt: number
}

type Store = 'devices' | 'fleets' | 'tokens'

let opened: Promise<IDBDatabase> | undefined

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('devices', { keyPath: 'user' })
      request.result.createObjectStore('fleets')
      request.result.createObjectStore('tokens', { keyPath: 'token' })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => {
      opened = undefined
      reject(new StorageError(request.error))
    }
  })
  return opened
}

export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly hint = 'Allow this site to store data, and do not use a private window: keys must outlive the tab.'
  constructor(cause: unknown) {
    super('This browser does not let the panel keep its keys.', { cause })
  }
}

async function run<T>(
  store: Store,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const transaction = (await database()).transaction(store, mode)
  const request = work(transaction.objectStore(store))
  return new Promise((resolve, reject) => {
    // What was written counts once the transaction is through, not before.
    transaction.oncomplete = () => resolve(request.result)
    transaction.onerror = () => reject(new StorageError(transaction.error))
    transaction.onabort = () => reject(new StorageError(transaction.error))
  })
}

/** Makes this browser's key for `user`. It replaces an earlier one of the same person only when `keepDevice` is called. */
export async function makeDevice(
  user: string,
  name: string,
): Promise<{ device: DeviceKey; keep: () => Promise<void> }> {
  requireSecure()
  const record: DeviceRecord = { user, name, createdAt: Date.now(), ...(await newSecret()) }
  return {
    device: asDevice(record),
    keep: async () => {
      await run('devices', 'readwrite', (store) => store.put(record))
      // A hint only: without it the browser may clear the key when the disk is full.
      await globalThis.navigator?.storage?.persist?.().catch(() => false)
    },
  }
}

async function newSecret(): Promise<Pick<DeviceRecord, 'key' | 'secret'>> {
  try {
    const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair
    const key = toHex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
    return { key, secret: { kind: 'native', pair } }
  } catch {
    // A browser without Ed25519: the seed rests under an AES key that cannot be taken out.
    const seed = randomBytes(32)
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ])
    const iv = randomBytes(12)
    const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, wrapping, seed)
    const key = toHex(ed25519.getPublicKey(seed))
    wipe(seed)
    return { key, secret: { kind: 'wrapped', wrapping, iv, seed: wrapped } }
  }
}

function asDevice({ user, name, key, secret }: DeviceRecord): DeviceKey {
  if (secret.kind === 'native') return { user, name, signer: deviceSigner(secret.pair, key) }
  return {
    user,
    name,
    signer: {
      key,
      sign: async (message) => {
        const { wrapping, iv } = secret
        const seed = new Uint8Array(
          await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, wrapping, secret.seed),
        )
        try {
          return ed25519.sign(message, seed) as Bytes
        } finally {
          wipe(seed)
        }
      },
    },
  }
}

/** This browser's key of that person, if it has one. */
export async function readDevice(user: string): Promise<DeviceKey | null> {
  const record = (await run('devices', 'readonly', (store) => store.get(user))) as DeviceRecord | undefined
  return record === undefined ? null : asDevice(record)
}

/** One coordinator per origin, so one fleet is remembered. */
const THIS_FLEET = 'this'

export async function readSeen(): Promise<Seen | null> {
  return ((await run('fleets', 'readonly', (store) => store.get(THIS_FLEET))) as Seen | undefined) ?? null
}

/** Never less of the same fleet than is kept: another tab may have seen more meanwhile. */
export async function keepSeen({ fleet, hashes }: Seen): Promise<void> {
  await run('fleets', 'readwrite', (store) => {
    const before = store.get(THIS_FLEET)
    before.onsuccess = () => {
      const kept = before.result as Seen | undefined
      if (kept?.fleet !== fleet || kept.hashes.length < hashes.length)
        store.put({ fleet, hashes: [...hashes] }, THIS_FLEET)
    }
    return before
  })
}

/** A person says that the coordinator was set up anew. */
export async function forgetFleet(): Promise<void> {
  await run('fleets', 'readwrite', (store) => store.delete(THIS_FLEET))
}

/** The maker's browser keeps a token's seed until it is used or expired, so that its page survives a reload. */
export async function keepTokenSeed(record: SeedRecord): Promise<void> {
  await run('tokens', 'readwrite', (store) => store.put(record))
}

export async function readTokenSeed(token: string, now = Date.now()): Promise<string | null> {
  const record = (await run('tokens', 'readonly', (store) => store.get(token))) as SeedRecord | undefined
  if (record === undefined) return null
  if (record.expiresAt <= now) {
    await dropTokenSeed(token)
    return null
  }
  return record.text
}

export async function dropTokenSeed(token: string): Promise<void> {
  await run('tokens', 'readwrite', (store) => store.delete(token))
}
