// A coordinator with a team, as far as its people, their keys and their programs' tokens go. Statements and proofs are
// checked as it would check them; what it refuses, each test says.

import type {
  AnnounceKeyRequest,
  ApiTokenRequest,
  ApiTokenView,
  DeviceKeyView,
  ErrorCode,
  InviteRequest,
  PersonEdit,
  PersonView,
  Role,
  SetupLinkView,
  SignedDocument,
} from '../src/api/types.gen'
import { verifyChain } from '../src/seal'
import { concat, fromBase64Url, fromHex, lp } from '../src/seal/bytes'
import { KEY_ANNOUNCEMENT } from '../src/seal/domain'
import { verify } from '../src/seal/ed25519'
import type { Fleet } from './fleet'

export const NOW = Date.now()

export function personOf(id: number, name: string, change: Partial<PersonView> = {}): PersonView {
  return {
    id,
    name,
    email: `${name}@example.org`,
    role: 'operator',
    state: 'active',
    provider: null,
    created_at: NOW - 86_400_000,
    signed_in_at: NOW - 60_000,
    factors: [],
    sessions: 1,
    ...change,
  }
}

export function keyOf(key: string, change: Partial<DeviceKeyView> = {}): DeviceKeyView {
  return {
    key,
    fingerprint: '',
    words: [],
    person: 'bob',
    person_id: 2,
    person_role: 'operator',
    person_disabled: false,
    name: 'Firefox on Linux',
    role: null,
    announced_at: NOW - 60_000,
    used_at: null,
    ...change,
  }
}

export function tokenOf(id: number, name: string, change: Partial<ApiTokenView> = {}): ApiTokenView {
  return {
    id,
    name,
    role: 'viewer',
    person: 'ann',
    created_at: NOW - 60_000,
    expires_at: NOW + 86_400_000,
    used_at: null,
    revoked_at: null,
    dead: false,
    ...change,
  }
}

interface Asked {
  method: string
  path: string
  body: unknown
}

interface Refusal {
  code: ErrorCode
  status?: number
  detail?: string
  hint?: string
  subject?: string
  fields?: { field: string; message: string }[]
}

export class Team {
  people: PersonView[] = [personOf(1, 'ann', { role: 'admin' }), personOf(2, 'bob')]
  keys: DeviceKeyView[] = []
  tokens: ApiTokenView[] = []
  openapi: unknown = {}
  /** Everything but reading, in order. */
  readonly asked: Asked[] = []
  /** By `POST /people`: said instead of doing it. */
  readonly refuses = new Map<string, Refusal>()

  constructor(
    readonly fleet: Fleet,
    readonly user = 'ann',
    readonly role: Role = 'admin',
  ) {}

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const [address = '', query = ''] = String(input).replace('/api/v1', '').split('?')
    const path = decodeURIComponent(address)
    const method = init?.method ?? 'GET'
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
    if (method !== 'GET') this.asked.push({ method, path, body })
    const refusal = this.refuses.get(`${method} ${path}`)
    if (refusal !== undefined) return refused(refusal)
    const answer = this.#answer(method, path, body, new URLSearchParams(query))
    if (answer === undefined) throw new Error(`nobody plays ${method} ${path}`)
    return answer === null ? new Response(null, { status: 204 }) : new Response(JSON.stringify(answer))
  }

  #answer(method: string, path: string, body: unknown, query: URLSearchParams): unknown {
    const [, area, id, verb] = path.split('/')
    switch (area) {
      case 'session':
        return { user: this.user, role: this.role, session_expires_at: 9e12, must_add_factor: false }
      case 'fleet':
        return method === 'POST' ? this.#publish(body as SignedDocument) : this.fleet.view
      case 'account':
        return method === 'POST'
          ? this.#announce(body as AnnounceKeyRequest)
          : this.keys.filter(({ person }) => person === this.user)
      case 'keys':
        if (method === 'DELETE') this.keys = this.keys.filter(({ key }) => key !== id)
        return method === 'DELETE' ? null : this.keys
      case 'people':
        return this.#people(method, id, verb, body, query)
      case 'api-tokens':
        return this.#tokens(method, id, body as ApiTokenRequest)
      case 'openapi.json':
        return this.openapi
    }
    return undefined
  }

  #publish(signed: SignedDocument): null {
    const { view } = this.fleet
    const before = verifyChain(view.statements, null).statement.operators
    const trust = verifyChain([...view.statements, signed], null)
    for (const { key, name, role } of trust.statement.operators) {
      if (before.some((one) => one.key === key && one.name === name && one.role === role)) continue
      // As the real one: a key bears the name of the person who announced it.
      const held = this.keys.find((one) => one.key === key)
      if (held === undefined || held.person !== name) throw new Error(`the key is not ${name}’s`)
    }
    view.statements = [...view.statements, signed]
    this.keys = this.keys.map((one) => ({
      ...one,
      role: trust.statement.operators.find(({ key }) => key === one.key)?.role ?? null,
    }))
    return null
  }

  #announce({ key, name, proof }: AnnounceKeyRequest): DeviceKeyView {
    const message = concat(fromHex(this.fleet.view.fleet), lp(this.user))
    if (!verify(key, KEY_ANNOUNCEMENT, message, fromBase64Url(proof)))
      throw new Error('the proof does not hold')
    const me = this.people.find((one) => one.name === this.user)
    const view = keyOf(key, {
      name,
      person: this.user,
      person_id: me?.id ?? null,
      person_role: this.role,
    })
    this.keys = [...this.keys.filter((one) => one.key !== key), view]
    return view
  }

  #people(
    method: string,
    id: string | undefined,
    verb: string | undefined,
    body: unknown,
    query: URLSearchParams,
  ): unknown {
    if (id === undefined) {
      if (method === 'POST') return this.#invite(body as InviteRequest)
      return this.people.filter(({ state }) => state !== 'disabled' || query.get('disabled') === 'true')
    }
    const person = this.people.find((one) => one.id === Number(id))
    if (person === undefined) return undefined
    switch (`${method} ${verb ?? ''}`) {
      case 'GET ':
        return person
      case 'PATCH ':
        return this.#change(person, body as PersonEdit)
      case 'POST setup-link':
        return linkOf(person)
      case 'POST disable':
        return this.#change(person, { state: 'disabled', sessions: 0 })
      case 'POST enable':
        return this.#change(person, { state: 'active' })
      case 'DELETE sessions':
        this.#change(person, { sessions: 0 })
        return null
      case 'DELETE factors':
        this.#change(person, { factors: [] })
        return null
    }
    return undefined
  }

  #invite({ name, email, role }: InviteRequest): SetupLinkView {
    const id = this.people.length + 1
    const change = { role, state: 'setup_pending', signed_in_at: null, sessions: 0 } as const
    const person = personOf(id, name, { ...change, email: email ?? null })
    this.people = [...this.people, person]
    return linkOf(person)
  }

  #change(person: PersonView, change: Partial<PersonView>): PersonView {
    const changed = { ...person, ...change }
    this.people = this.people.map((one) => (one.id === person.id ? changed : one))
    return changed
  }

  #tokens(method: string, id: string | undefined, request: ApiTokenRequest): unknown {
    if (method === 'GET') return this.tokens
    if (method === 'DELETE') {
      this.tokens = this.tokens.map((one) =>
        one.id === Number(id) ? { ...one, revoked_at: NOW, dead: true } : one,
      )
      return null
    }
    const expires = request.days === undefined ? null : NOW + request.days * 86_400_000
    const token = tokenOf(this.tokens.length + 1, request.name, {
      role: request.role,
      expires_at: expires,
      person: this.user,
    })
    this.tokens = [...this.tokens, token]
    return { token, secret: 'rma_once' }
  }
}

function linkOf(person: PersonView): SetupLinkView {
  return { person, link: `https://home.example/welcome#${person.name}-1`, expires_at: NOW + 3_600_000 }
}

function refused({
  code,
  status = 409,
  detail = 'It was refused.',
  hint = 'Do otherwise.',
  ...more
}: Refusal) {
  const problem = { type: `about:blank#${code}`, code, title: 'Refused', status, detail, hint, ...more }
  return new Response(JSON.stringify(problem), { status })
}
