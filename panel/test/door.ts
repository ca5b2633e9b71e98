// A coordinator as far as a page asks it: each route answers as the test says, and what was sent is kept.

import { vi } from 'vitest'

export interface Sent {
  route: string
  body: unknown
  query: URLSearchParams
}

type Answer = unknown | Response | ((body: never, sent: Sent) => unknown)

/** `GET /session` → what it answers; a `Response` as it is, `undefined` as 204. What nobody plays fails the test. */
export function play(routes: Record<string, Answer>): Sent[] {
  const sent: Sent[] = []
  vi.stubGlobal('fetch', async (address: string, init?: RequestInit) => {
    const url = new URL(address, 'http://panel')
    const route = `${init?.method ?? 'GET'} ${decodeURIComponent(url.pathname.replace('/api/v1', ''))}`
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : null
    const one = { route, body, query: url.searchParams }
    sent.push(one)
    if (!(route in routes)) throw new Error(`nobody plays ${route}`)
    const answer = routes[route]
    const said = typeof answer === 'function' ? await answer(body as never, one) : answer
    if (said instanceof Response) return said.clone()
    return said === undefined ? new Response(null, { status: 204 }) : Response.json(said)
  })
  return sent
}

export function problem(status: number, code: string, extra: object = {}): Response {
  const words = { title: `title of ${code}`, detail: `Detail of ${code}.`, hint: `Hint of ${code}.` }
  return Response.json({ code, status, ...words, ...extra }, { status })
}

export const bodiesOf = (sent: readonly Sent[], route: string): unknown[] =>
  sent.filter((one) => one.route === route).map(({ body }) => body)

export const ME = { user: 'ada', role: 'admin', session_expires_at: 9e12, must_add_factor: false }
export const SETUP = {
  needed: false,
  coordinator: { id: 'i', channel: 'c', name: 'backups', public_url: 'http://panel' },
  password_min: 12,
  version: '1',
}
export const WAYS = { providers: [], passkeys: false }
