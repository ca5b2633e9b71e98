// @vitest-environment jsdom
//
// Passkeys in browsers that speak JSON, and in those that want buffers.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { makePasskey, PasskeyError, passkeysHere, showPasskey } from '../../src/seal/passkey'

afterEach(() => vi.unstubAllGlobals())

const buffer = (...bytes: number[]) => new Uint8Array(bytes).buffer

function browser(credentials: object, statics: object = {}) {
  vi.stubGlobal('PublicKeyCredential', Object.assign(class {}, statics))
  vi.stubGlobal('isSecureContext', true)
  Object.defineProperty(navigator, 'credentials', { value: credentials, configurable: true })
}

describe('an older browser', () => {
  it('makes a passkey of buffers, and gives base64url', async () => {
    const given: CredentialCreationOptions[] = []
    browser({
      create: async (options: CredentialCreationOptions) => {
        given.push(options)
        return {
          id: 'BAUG',
          rawId: buffer(4, 5, 6),
          type: 'public-key',
          getClientExtensionResults: () => ({}),
          response: {
            clientDataJSON: buffer(1),
            attestationObject: buffer(2, 255),
            getTransports: () => ['internal'],
          },
        }
      },
    })
    const answer = await makePasskey({
      publicKey: {
        challenge: 'AQID',
        user: { id: 'BwgJ', name: 'ada', displayName: 'ada' },
        excludeCredentials: [{ type: 'public-key', id: 'BAUG' }],
        authenticatorSelection: { residentKey: 'required', authenticatorAttachment: null },
      },
    })
    expect(answer).toEqual({
      id: 'BAUG',
      rawId: 'BAUG',
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: 'AQ', attestationObject: 'Av8', transports: ['internal'] },
    })
    const options = given[0]?.publicKey
    const bytes = (value: unknown) => [...new Uint8Array(value as ArrayBuffer)]
    expect(bytes(options?.challenge)).toEqual([1, 2, 3])
    expect(bytes(options?.user.id)).toEqual([7, 8, 9])
    expect(bytes(options?.excludeCredentials?.[0]?.id)).toEqual([4, 5, 6])
    expect(options?.authenticatorSelection).toEqual({ residentKey: 'required' })
  })

  it('shows one', async () => {
    browser({
      get: async () => ({
        id: 'BAUG',
        rawId: buffer(4, 5, 6),
        type: 'public-key',
        getClientExtensionResults: () => ({}),
        response: {
          clientDataJSON: buffer(1),
          authenticatorData: buffer(2),
          signature: buffer(3),
          userHandle: null,
        },
      }),
    })
    expect(await showPasskey({ challenge: 'AQID' })).toEqual({
      id: 'BAUG',
      rawId: 'BAUG',
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw' },
    })
  })
})

it('leaves the work to a browser that speaks JSON', async () => {
  const parsed = { challenge: buffer(1) }
  const get = vi.fn(async () => ({ toJSON: () => ({ id: 'x' }) }))
  browser({ get }, { parseRequestOptionsFromJSON: () => parsed })
  expect(await showPasskey({ publicKey: { challenge: 'AQ' } })).toEqual({ id: 'x' })
  expect(get).toHaveBeenCalledWith({ publicKey: parsed })
})

it('tells a device that is known already from somebody who gave up', async () => {
  const failing = (name: string) =>
    browser({
      create: async () => {
        throw new DOMException('no', name)
      },
    })
  const options = { challenge: 'AQID', user: { id: 'AQ' } }
  failing('InvalidStateError')
  await expect(makePasskey(options)).rejects.toMatchObject({ trouble: 'known' })
  failing('NotAllowedError')
  await expect(makePasskey(options)).rejects.toMatchObject({ trouble: 'cancelled' })
  failing('UnknownError')
  await expect(makePasskey(options)).rejects.toBeInstanceOf(PasskeyError)
})

it('is not offered where the browser takes none', () => {
  vi.stubGlobal('PublicKeyCredential', undefined)
  expect(passkeysHere()).toBe(false)
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('isSecureContext', false)
  expect(passkeysHere()).toBe(false)
  vi.stubGlobal('isSecureContext', true)
  expect(passkeysHere()).toBe(true)
})
