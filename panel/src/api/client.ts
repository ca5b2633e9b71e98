// The only place that calls fetch: JSON in, JSON or an ApiError out. Knows whether the coordinator answers at all.
// Must not know which resources there are (calls.ts) nor what pages do with them.

import { fromProblem, isApiError, unreachable } from './error'
import { setExpired } from './expiry'
import { heard, lost } from './reachability'

/** Where the coordinator is, when it is not where this page comes from: what its index.html names. '' is here. */
function elsewhere(): string {
  if (typeof document === 'undefined') return ''
  const named = document.querySelector<HTMLMetaElement>('meta[name="coordinator"]')?.content.trim() ?? ''
  return named.replace(/\/+$/, '')
}

const site = elsewhere()

export const API = `${site}/api/v1`
/** Whether the session's cookie has to be sent to another origin. */
export const isElsewhere = site !== ''

type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>

interface Options {
  query?: Query
  body?: unknown
  /** The ETag that the edit is based on; another one there is `stale`. */
  ifMatch?: string
  /** Nothing may be there yet. */
  ifNone?: boolean
  /** What the answer is to be; JSON where nothing is said. */
  accept?: string
  signal?: AbortSignal | undefined
}

/** `?a=1&tag=x&tag=y`; what is null, undefined or empty is left out. */
export function queryString(query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    if (Array.isArray(value)) for (const one of value) search.append(name, one)
    else search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

interface Answer<T> {
  status: number
  body: T
}

async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  return (await ask<T>(method, path, options)).body
}

async function ask<T>(method: string, path: string, options: Options): Promise<Answer<T>> {
  const response = await send(method, path, options)
  return { status: response.status, body: (await parse(response)) as T }
}

/** The answer as it begins, whatever it is of; one that says no is thrown. */
async function send(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: options.accept ?? 'application/json' }
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (options.ifMatch !== undefined) headers['if-match'] = options.ifMatch
  if (options.ifNone === true) headers['if-none-match'] = '*'
  let response: Response
  try {
    response = await fetch(`${API}${path}${queryString(options.query)}`, {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: isElsewhere ? 'include' : 'same-origin',
      cache: 'no-store',
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    lost()
    throw unreachable()
  }
  if (response.ok) {
    heard()
    return response
  }
  const error = fromProblem(response.status, await parse(response))
  if (isApiError(error, 'unreachable')) lost()
  else heard()
  // Who asks for the session itself wants to know; for everything else somebody was signed in a moment ago.
  if (isApiError(error, 'not_signed_in') && path !== '/session') setExpired(true)
  throw error
}

async function parse(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined
  const text = await response.text().catch(() => '')
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    if (response.ok) throw fromProblem(response.status, undefined)
    return undefined
  }
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    call<T>('GET', path, query === undefined ? { signal } : { query, signal }),
  /** An answer that is read while it comes. */
  open: (path: string, query: Query, accept: string, signal?: AbortSignal): Promise<Response> =>
    send('GET', path, { query, accept, signal }),
  post: <T>(path: string, body: unknown = {}, ifMatch?: string): Promise<T> =>
    call<T>('POST', path, ifMatch === undefined ? { body } : { body, ifMatch }),
  /** For what answers in two ways, and says by its status in which. */
  postAsking: <T>(path: string, body: unknown = {}): Promise<Answer<T>> => ask<T>('POST', path, { body }),
  patch: <T>(path: string, body: unknown): Promise<T> => call<T>('PATCH', path, { body }),
  /** `before`: the ETag of what it replaces; null where nothing may be there. */
  put: <T>(path: string, body: unknown, before: string | null): Promise<T> =>
    call<T>('PUT', path, before === null ? { body, ifNone: true } : { body, ifMatch: before }),
  delete: <T>(path: string, ifMatch?: string, body?: unknown): Promise<T> =>
    call<T>('DELETE', path, {
      ...(ifMatch === undefined ? {} : { ifMatch }),
      ...(body === undefined ? {} : { body }),
    }),
  /** What is asked for by a signed order, and answered by bytes while they come. */
  openPost: (path: string, body: unknown, accept: string, signal?: AbortSignal): Promise<Response> =>
    send('POST', path, { body, accept, signal }),
}
