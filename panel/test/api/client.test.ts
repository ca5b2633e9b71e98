// @vitest-environment jsdom

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { api, queryString } from '../../src/api/client'
import { ApiError } from '../../src/api/error'

const answer = (status: number, body: unknown) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
const fetched = vi.fn<typeof fetch>()

beforeEach(() => vi.stubGlobal('fetch', fetched))
afterEach(() => {
  fetched.mockReset()
  vi.unstubAllGlobals()
})

async function failure(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(error instanceof ApiError)) throw new Error(`no ApiError but ${String(error)}`)
  return error
}

describe('the client', () => {
  it('repeats lists, leaves out what is empty', () => {
    expect(queryString({ tag: ['a', 'b'], q: '', cursor: null, limit: 5 })).toBe('?tag=a&tag=b&limit=5')
    expect(queryString({})).toBe('')
  })

  it('turns a problem into an error with what to do next, and its fields', async () => {
    const problem = {
      type: 'about:blank#invalid_field',
      code: 'invalid_field',
      title: 'Some fields are not valid',
      status: 422,
      detail: 'The user name is taken.',
      hint: 'Choose another.',
      fields: [{ field: 'user', message: 'is taken' }],
      retry_after_s: 7,
    }
    fetched.mockResolvedValueOnce(answer(422, problem))
    const error = await failure(api.post('/setup', {}))
    expect(error).toMatchObject({
      code: 'invalid_field',
      status: 422,
      hint: 'Choose another.',
      retryAfterS: 7,
    })
    expect(error.field('user')).toBe('is taken')
    expect(error.field('password')).toBeUndefined()
  })

  it('tells silence from nonsense', async () => {
    fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'))
    expect((await failure(api.get('/fleet'))).code).toBe('unreachable')
    fetched.mockResolvedValueOnce(answer(502, '<html>bad gateway</html>'))
    expect((await failure(api.get('/fleet'))).code).toBe('unreachable')
    fetched.mockResolvedValueOnce(answer(404, '<html>not here</html>'))
    expect((await failure(api.get('/fleet'))).code).toBe('malformed')
    fetched.mockResolvedValueOnce(answer(200, '<html>a captive portal</html>'))
    expect((await failure(api.get('/fleet'))).code).toBe('malformed')
  })

  it('sends JSON, the base of an edit, and takes an empty answer', async () => {
    fetched.mockResolvedValueOnce(new Response(null, { status: 204 }))
    await expect(api.post('/x', { a: 1 }, '"4"')).resolves.toBeUndefined()
    const [address, options] = fetched.mock.calls[0] ?? []
    expect(address).toBe('/api/v1/x')
    expect(options).toMatchObject({
      method: 'POST',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json', 'if-match': '"4"' },
    })
  })

  it('lets an abandoned question be', async () => {
    fetched.mockRejectedValueOnce(new DOMException('gone', 'AbortError'))
    await expect(api.get('/fleet')).rejects.toThrow(DOMException)
  })
})

describe('a session that ended', () => {
  const gone = {
    code: 'not_signed_in',
    status: 401,
    title: 'Not signed in',
    detail: 'The session is over.',
    hint: 'Sign in.',
  }

  it('is noticed by whatever asks first, but not by the question who one is', async () => {
    const { renderHook } = await import('@testing-library/react')
    const { setExpired, useExpired } = await import('../../src/api/expiry')
    setExpired(false)
    fetched.mockResolvedValueOnce(answer(401, gone))
    await failure(api.get('/session'))
    expect(renderHook(useExpired).result.current).toBe(false)
    fetched.mockResolvedValueOnce(answer(401, gone))
    await failure(api.post('/tokens', {}))
    expect(renderHook(useExpired).result.current).toBe(true)
  })
})

// Last: the modules are another set afterwards.
describe('a panel that is served from elsewhere', () => {
  it('asks the coordinator that its page names, with the session, where it is served from elsewhere', async () => {
    fetched.mockImplementation(async () => answer(200, {}))
    await api.get('/fleet')
    expect(fetched).toHaveBeenLastCalledWith(
      '/api/v1/fleet',
      expect.objectContaining({ credentials: 'same-origin' }),
    )
    const meta = document.createElement('meta')
    meta.name = 'coordinator'
    meta.content = 'https://backup.example.org/'
    document.head.append(meta)
    vi.resetModules()
    const there = await import('../../src/api/client')
    meta.remove()
    await there.api.get('/fleet')
    expect(fetched).toHaveBeenLastCalledWith(
      'https://backup.example.org/api/v1/fleet',
      expect.objectContaining({ credentials: 'include' }),
    )
  })
})
