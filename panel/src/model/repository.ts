// A repository as a person fills it in: one draft with the fields of every kind, and what follows from it – the backend of
// the plan, the secrets by slot, restic's spelling, what is missing. One table of per-kind knowledge. Pure.

import type { Backend, PlanProblem } from '../api/types.gen'
import type { CredentialKind } from './credentials'
import { ENVIRONMENT, environmentProblems } from './environment'

export type BackendKind = Backend['kind']

export const KINDS: readonly { value: BackendKind; label: string }[] = [
  { value: 'rest', label: 'REST server' },
  { value: 's3', label: 'S3 or compatible' },
  { value: 'sftp', label: 'SFTP' },
  { value: 'local', label: 'Directory or mount of the host' },
  { value: 'b2', label: 'Backblaze B2' },
  { value: 'azure', label: 'Azure Blob Storage' },
  { value: 'gs', label: 'Google Cloud Storage' },
  { value: 'swift', label: 'OpenStack Swift' },
  { value: 'rclone', label: 'rclone remote' },
]

/** Text as typed; which of it counts depends on `kind`. */
export interface RepositoryDraft {
  kind: BackendKind
  path: string
  host: string
  port: string
  user: string
  url: string
  endpoint: string
  bucket: string
  prefix: string
  region: string
  remote: string
  loginUser: string
  loginPassword: string
  environment: Record<string, string>
  password: string
  /** Which credentials the host has, and whether each stays. Those that are not named it does not have. */
  held: Readonly<Partial<Record<CredentialKind, 'kept' | 'replaced'>>>
  /** The kind of destination that they were given for. */
  heldFor: BackendKind | null
}

export const EMPTY_REPOSITORY: RepositoryDraft = {
  kind: 'rest',
  path: '',
  host: '',
  port: '',
  user: '',
  url: '',
  endpoint: 'https://s3.amazonaws.com',
  bucket: '',
  prefix: '',
  region: '',
  remote: '',
  loginUser: '',
  loginPassword: '',
  environment: {},
  password: '',
  held: {},
  heldFor: null,
}

export type TextFieldName = Exclude<keyof RepositoryDraft, 'kind' | 'environment' | 'held' | 'heldFor'>

export interface FieldText {
  name: TextFieldName
  label: string
  help?: string
  placeholder?: string
  required: boolean
}

/** The fields of the destination, per kind, in the order one thinks of them. `field` is the plan's name of it. */
export const FIELDS: Record<BackendKind, readonly FieldText[]> = {
  local: [
    {
      name: 'path',
      label: 'Directory',
      required: true,
      placeholder: '/mnt/backup/restic',
      help: 'On the host itself: a mounted disk or share. A disk inside the same machine is no backup against its loss.',
    },
  ],
  sftp: [
    { name: 'host', label: 'Server', required: true, placeholder: 'backup.example.org' },
    { name: 'port', label: 'Port', required: false, placeholder: '22' },
    {
      name: 'user',
      label: 'User',
      required: true,
      placeholder: 'backup',
      help: 'The host’s root logs in by its own SSH key: put its public key on the server first.',
    },
    { name: 'path', label: 'Directory on the server', required: true, placeholder: 'restic/web-1' },
  ],
  rest: [
    {
      name: 'url',
      label: 'Address',
      required: true,
      placeholder: 'https://backup.example.org:8000',
      help: 'Without user and password.',
    },
    {
      name: 'path',
      label: 'Path below it',
      required: false,
      help: 'Empty: the user’s name, as servers with private repositories want it.',
    },
  ],
  s3: [
    { name: 'endpoint', label: 'Endpoint', required: true, placeholder: 'https://s3.amazonaws.com' },
    { name: 'bucket', label: 'Bucket', required: true },
    { name: 'prefix', label: 'Path in the bucket', required: false },
    { name: 'region', label: 'Region', required: false, placeholder: 'eu-central-1' },
  ],
  b2: [
    { name: 'bucket', label: 'Bucket', required: true },
    { name: 'prefix', label: 'Path in the bucket', required: false },
  ],
  azure: [
    { name: 'bucket', label: 'Container', required: true },
    { name: 'prefix', label: 'Path in the container', required: false },
  ],
  gs: [
    { name: 'bucket', label: 'Bucket', required: true },
    { name: 'prefix', label: 'Path in the bucket', required: false },
  ],
  swift: [
    { name: 'bucket', label: 'Container', required: true },
    { name: 'prefix', label: 'Path in the container', required: false },
  ],
  rclone: [
    {
      name: 'remote',
      label: 'Remote',
      required: true,
      placeholder: 'drive',
      help: 'A remote of the rclone configuration of the host’s root.',
    },
    { name: 'path', label: 'Path', required: true, placeholder: 'backups/web-1' },
  ],
}

/** Under which name the server knows the host: what was typed, or the host's own name. */
export function restUser(draft: RepositoryDraft, hostname: string): string {
  return draft.loginUser.trim() || hostname
}

/** As the plan has it. `hostname` fills what a REST server's private repositories want. */
export function backendOf(draft: RepositoryDraft, hostname: string): Backend {
  const { kind } = draft
  const [path, prefix, bucket] = [draft.path.trim(), draft.prefix.trim(), draft.bucket.trim()]
  switch (kind) {
    case 'local':
      return { kind, path }
    case 'sftp':
      return { kind, host: draft.host.trim(), port: port(draft.port), user: draft.user.trim(), path }
    case 'rest':
      return { kind, url: draft.url.trim(), path: path || restUser(draft, hostname) }
    case 's3':
      return { kind, endpoint: draft.endpoint.trim(), bucket, prefix, region: draft.region.trim() || null }
    case 'b2':
    case 'gs':
      return { kind, bucket, prefix }
    case 'azure':
    case 'swift':
      return { kind, container: bucket, prefix }
    case 'rclone':
      return { kind, remote: draft.remote.trim(), path }
  }
}

/** The form of a destination as the plan has it: what {@link backendOf} makes of it is the same again. */
export function draftOf(backend: Backend): RepositoryDraft {
  const { kind } = backend
  const draft = { ...EMPTY_REPOSITORY, kind }
  switch (backend.kind) {
    case 'local':
    case 'rclone':
    case 'rest': {
      const { kind: _, ...typed } = backend
      return { ...draft, ...typed }
    }
    case 'sftp': {
      const { host, port, user, path } = backend
      return { ...draft, host, port: port === null ? '' : String(port), user, path }
    }
    case 's3': {
      const { endpoint, bucket, prefix, region } = backend
      return { ...draft, endpoint, bucket, prefix, region: region ?? '' }
    }
    case 'b2':
    case 'gs':
      return { ...draft, bucket: backend.bucket, prefix: backend.prefix }
    case 'azure':
    case 'swift':
      return { ...draft, bucket: backend.container, prefix: backend.prefix }
  }
}

/** Another kind of destination: the path of a disk that is backed up to is none of a server's. */
export function withKind(draft: RepositoryDraft, kind: BackendKind): RepositoryDraft {
  if (draft.heldFor === null || kind === draft.kind) return { ...draft, kind }
  const { loginUser, loginPassword, environment, password, held, heldFor } = draft
  return { ...EMPTY_REPOSITORY, kind, loginUser, loginPassword, environment, password, held, heldFor }
}

/** Whether the host has this credential, and it fits: a login or access keys are those of one kind of storage. */
export function mayKeep({ held, heldFor, kind }: RepositoryDraft, credential: CredentialKind): boolean {
  return held[credential] !== undefined && (credential === 'password' || kind === heldFor)
}

export function keeps(draft: RepositoryDraft, credential: CredentialKind): boolean {
  return mayKeep(draft, credential) && draft.held[credential] === 'kept'
}

function port(text: string): number | null {
  const value = Number.parseInt(text.trim(), 10)
  return Number.isInteger(value) ? value : null
}

/** restic's spelling, without credentials; as `Backend::location` in Rust. */
export function locationOf(backend: Backend): string {
  const plain = (prefix: string) => prefix.replace(/^\/+/, '')
  switch (backend.kind) {
    case 'local':
      return backend.path.startsWith('/') ? shortest(backend.path) : backend.path
    case 'sftp':
      return `sftp://${backend.user}@${backend.host}${backend.port === null ? '' : `:${backend.port}`}/${backend.path}`
    case 'rest': {
      const path = backend.path.replace(/^\/+|\/+$/g, '')
      return `rest:${backend.url.replace(/\/+$/, '')}/${path === '' ? '' : `${path}/`}`
    }
    case 's3':
      return `s3:${backend.endpoint.replace(/\/+$/, '')}/${backend.bucket}/${plain(backend.prefix)}`
    case 'b2':
      return `b2:${backend.bucket}:${plain(backend.prefix)}`
    case 'azure':
      return `azure:${backend.container}:/${plain(backend.prefix)}`
    case 'gs':
      return `gs:${backend.bucket}:/${plain(backend.prefix)}`
    case 'swift':
      return `swift:${backend.container}:/${plain(backend.prefix)}`
    case 'rclone':
      return `rclone:${backend.remote}:${backend.path}`
  }
}

/** Without what means nothing in an absolute path. */
function shortest(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`
}

/** What is to be sealed, by slot. Empty values are no secrets, and what the host keeps is none that is given. */
export function secretsOf(
  draft: RepositoryDraft,
  hostname: string,
  repository = 'main',
): { slot: string; value: string }[] {
  const slot = (what: string) => `repository/${repository}/${what}`
  const secrets = keeps(draft, 'password') ? [] : [{ slot: slot('password'), value: draft.password }]
  if (draft.kind === 'rest' && draft.loginPassword !== '' && !keeps(draft, 'login')) {
    secrets.push({
      slot: slot('login'),
      value: JSON.stringify({ user: restUser(draft, hostname), password: draft.loginPassword }),
    })
  }
  const names = keeps(draft, 'environment') ? [] : ENVIRONMENT[draft.kind]
  const environment = names.flatMap(({ name }): [string, string][] => {
    const value = draft.environment[name]?.trim() ?? ''
    return value === '' ? [] : [[name, value]]
  })
  if (environment.length > 0) {
    secrets.push({ slot: slot('environment'), value: JSON.stringify(Object.fromEntries(environment)) })
  }
  return secrets
}

/** Missing or unusable, by the names of the form's fields. Whether a plan is valid is the coordinator's word. */
export function draftProblems(draft: RepositoryDraft): Record<string, string> {
  const problems: Record<string, string> = {}
  for (const field of FIELDS[draft.kind]) {
    if (field.required && draft[field.name].trim() === '') problems[field.name] = 'This is needed.'
  }
  if (!keeps(draft, 'environment')) {
    Object.assign(problems, environmentProblems(draft.kind, draft.environment))
  }
  if (
    draft.kind === 'rest' &&
    mayKeep(draft, 'login') &&
    !keeps(draft, 'login') &&
    draft.loginPassword === ''
  ) {
    problems.loginPassword = 'Type the new login’s password, or keep the one that the host has.'
  }
  if (draft.kind === 'sftp' && draft.port.trim() !== '' && !/^\d{1,5}$/.test(draft.port.trim())) {
    problems.port = 'A port is a number up to 65535.'
  }
  if (keeps(draft, 'password')) return problems
  if (draft.password === '') problems.password = 'Type the repository’s password, or let one be made.'
  else if (/[\r\n]/.test(draft.password)) problems.password = 'A password is one line.'
  return problems
}

/** The coordinator's words about a backend, by the names of the form's fields; the rest under ''. */
export function fromPlanProblems(
  problems: readonly PlanProblem[],
  repository = 'main',
): Record<string, string> {
  const start = `repositories.${repository}.backend.`
  const found: Record<string, string> = {}
  for (const { field, message } of problems) {
    const name = field.startsWith(start) ? field.slice(start.length) : null
    const key = name === null ? null : name === 'container' ? 'bucket' : name
    if (key !== null) found[key] = sentence(message)
  }
  return found
}

function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
