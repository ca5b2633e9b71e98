import { expect, it } from 'vitest'
import { deviceInWords } from '../../src/model/device'
import { insidePath } from '../../src/model/inside'
import { readProvider } from '../../src/model/provider'

it('knows browsers by those that they pretend to be', () => {
  const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36'
  expect(deviceInWords(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome} Edg/130.0.0.0`)).toBe(
    'Edge on Windows',
  )
  expect(deviceInWords(`Mozilla/5.0 (X11; Linux x86_64) ${chrome}`)).toBe('Chrome on Linux')
  expect(deviceInWords('Mozilla/5.0 (Linux; Android 14; Pixel 8) Gecko/130.0 Firefox/130.0')).toBe(
    'Firefox on Android',
  )
  const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15'
  expect(deviceInWords(`${iphone} (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1`)).toBe(
    'Safari on iPhone',
  )
  expect(deviceInWords('curl/8.5.0')).toBe('curl')
})

it('does not claim to know what it does not', () => {
  expect(deviceInWords(null)).toBe('Unknown device')
  expect(deviceInWords(' ')).toBe('Unknown device')
  expect(deviceInWords('backup-bot/3')).toBe('backup-bot/3')
  expect(deviceInWords('x'.repeat(500))).toHaveLength(61)
})

it('goes on inside this site only', () => {
  expect(insidePath('/tokens?sort=name#search')).toBe('/tokens?sort=name#search')
  for (const outside of [
    null,
    '',
    'tokens',
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/\t/x',
  ])
    expect(insidePath(outside)).toBeNull()
})

it('reads what a provider gives back', () => {
  expect(readProvider('?code=a&state=b')).toMatchObject({ kind: 'code', request: { code: 'a', state: 'b' } })
  expect(readProvider('?code=a')).toEqual({ kind: 'nothing' })
  expect(readProvider('')).toEqual({ kind: 'nothing' })
  const unknown = readProvider('?error=strange_thing')
  expect(unknown).toMatchObject({ kind: 'refused', said: 'strange_thing' })
  expect(readProvider(`?error=server_error&error_description=${'x'.repeat(999)}`)).toMatchObject({
    title: 'The provider failed',
    said: 'x'.repeat(300),
  })
})
