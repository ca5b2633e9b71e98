// The escrow bundle as a file, and what is in it as a person can use it. Pure: nothing is opened here.

import type { Backend, EscrowBundle, EscrowHost } from '../api/types.gen'
import { ENVIRONMENT } from './environment'
import { locationOf } from './repository'

const FORMAT = 'restic-manager escrow'
const VERSION = 1

export class BundleError extends Error {
  override readonly name = 'BundleError'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** A bundle from the text of a file, or why it is none. What it says of hosts is believed only as far as its boxes open. */
export function readBundle(text: string): EscrowBundle {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notOne()
  }
  if (!isObject(value) || value.format !== FORMAT) throw notOne()
  if (value.version !== VERSION) {
    throw new BundleError(
      `The bundle is of version ${String(value.version)}, and this panel reads version ${VERSION}.`,
      'Open it with a panel, or a coordinator’s `kit open`, that is as new as the one that made it.',
    )
  }
  const sound =
    isHex(value.fleet) &&
    typeof value.made_at === 'number' &&
    Array.isArray(value.hosts) &&
    value.hosts.every(isHost)
  if (!sound) {
    throw new BundleError(
      'The bundle is damaged: parts of it are missing or changed.',
      'Look for another copy: every backup of the coordinator has one.',
    )
  }
  return value as unknown as EscrowBundle
}

function notOne(): BundleError {
  return new BundleError(
    'That file is no escrow bundle.',
    'It is the file that this page downloads, or escrow.json out of a backup of the coordinator.',
  )
}

function isHost(value: unknown): boolean {
  return (
    isObject(value) &&
    isHex(value.agent) &&
    typeof value.name === 'string' &&
    typeof value.hostname === 'string' &&
    isObject(value.repositories) &&
    Object.values(value.repositories).every((one) => isObject(one) && typeof one.kind === 'string') &&
    Array.isArray(value.boxes) &&
    value.boxes.every(isBox)
  )
}

function isBox(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.slot === 'string' &&
    Number.isSafeInteger(value.revision) &&
    isHex(value.recovery) &&
    typeof value.box === 'string'
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isHex(value: unknown): boolean {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

/** `escrow-1a2b3c4d-2026-11-20.json`. */
export function bundleFileName({ fleet, made_at }: Pick<EscrowBundle, 'fleet' | 'made_at'>): string {
  return `escrow-${fleet.slice(0, 8)}-${new Date(made_at).toISOString().slice(0, 10)}.json`
}

export interface Variable {
  name: string
  value: string
  secret: boolean
}

/**
 * What restic wants in its environment to open the repository, as `kit open` prints it; `values`: what was opened, by slot;
 * `hostname`: the user of a login that names none.
 */
export function resticVariables(
  repository: string,
  backend: Backend,
  values: Readonly<Record<string, string>>,
  hostname: string,
): Variable[] {
  const value = (kind: string) => values[`repository/${repository}/${kind}`]
  const password = value('password')
  const login = textFields(value('login'))
  const location = locationOf(backend)
  const region = backend.kind === 's3' && backend.region ? { AWS_DEFAULT_REGION: backend.region } : {}
  const environment = Object.entries({ ...region, ...textFields(value('environment')) })
  return [
    login.password === undefined
      ? { name: 'RESTIC_REPOSITORY', value: location, secret: false }
      : {
          name: 'RESTIC_REPOSITORY',
          value: withLogin(location, login.user || hostname, login.password),
          secret: true,
        },
    ...(password === undefined ? [] : [{ name: 'RESTIC_PASSWORD', value: password, secret: true }]),
    ...environment
      .filter(([name]) => isOf(backend, name))
      .map(([name, text]) => ({ name, value: text, secret: true })),
  ]
}

/** `rest:https://user:password@host/…`, which every version of restic reads. */
function withLogin(location: string, user: string, password: string): string {
  return location.replace('://', () => `://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`)
}

/** A host that is a stranger's by now could name any variable: some make restic start a program. */
function isOf({ kind }: Backend, name: string): boolean {
  return /^\w+$/.test(name) && ENVIRONMENT[kind].some((one) => name.startsWith(one.name.replace(/_.*/, '_')))
}

function textFields(json: string | undefined): Record<string, string> {
  if (json === undefined) return {}
  try {
    const value = JSON.parse(json) as unknown
    if (!isObject(value)) return {}
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return {}
  }
}

/** Hosts whose name, or whose snapshots' name, contains the text. */
export function matching(hosts: readonly EscrowHost[], text: string): EscrowHost[] {
  const wanted = text.trim().toLowerCase()
  return hosts.filter(
    ({ name, hostname }) => name.toLowerCase().includes(wanted) || hostname.toLowerCase().includes(wanted),
  )
}
