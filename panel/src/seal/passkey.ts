// Passkeys: WebAuthn's options and answers between JSON, as the coordinator speaks it, and the buffers that the browser's
// older half of the API wants. Knows the authenticator's door; touches no network.

import { fromBase64Url, toBase64Url } from './bytes'

/** `cancelled`: the person or the browser gave up. `known`: the authenticator has a passkey of this account already. */
export type PasskeyTrouble = 'cancelled' | 'known' | 'failed'

export class PasskeyError extends Error {
  override readonly name = 'PasskeyError'
  constructor(
    readonly trouble: PasskeyTrouble,
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

/** Whether this browser takes passkeys at this address at all. */
export function passkeysHere(): boolean {
  return globalThis.isSecureContext !== false && typeof globalThis.PublicKeyCredential === 'function'
}

/** Asks for a passkey. `options`: what the coordinator gave; the answer is what it takes. */
export async function showPasskey(options: unknown): Promise<unknown> {
  try {
    const publicKey = requestOptions(unwrapped(options))
    return toJson(await navigator.credentials.get({ publicKey }))
  } catch (error) {
    throw told(error, 'No passkey was shown.')
  }
}

/** Makes a new one. */
export async function makePasskey(options: unknown): Promise<unknown> {
  try {
    const publicKey = creationOptions(unwrapped(options))
    return toJson(await navigator.credentials.create({ publicKey }))
  } catch (error) {
    throw told(error, 'No passkey was made.')
  }
}

type Json = Record<string, unknown>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Libraries hand out `{publicKey: …}`, as the browser's call takes it. Absent members come as `null` from some. */
function unwrapped(options: unknown): Json {
  const inner = isObject(options) && 'publicKey' in options ? options.publicKey : options
  if (!isObject(inner)) throw new TypeError('The coordinator’s answer has no options for a passkey.')
  return withoutNulls(inner) as Json
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([name, one]) => [name, withoutNulls(one)]),
  )
}

function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function') {
    return PublicKeyCredential.parseRequestOptionsFromJSON(
      json as unknown as PublicKeyCredentialRequestOptionsJSON,
    )
  }
  return {
    ...json,
    challenge: buffer(json.challenge),
    allowCredentials: descriptors(json.allowCredentials),
  } as PublicKeyCredentialRequestOptions
}

function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  if (typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function') {
    return PublicKeyCredential.parseCreationOptionsFromJSON(
      json as unknown as PublicKeyCredentialCreationOptionsJSON,
    )
  }
  const user = isObject(json.user) ? json.user : {}
  return {
    ...json,
    challenge: buffer(json.challenge),
    user: { ...user, id: buffer(user.id) },
    excludeCredentials: descriptors(json.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions
}

function descriptors(list: unknown): PublicKeyCredentialDescriptor[] {
  if (!Array.isArray(list)) return []
  return list.filter(isObject).map((one) => ({ ...one, id: buffer(one.id) }) as PublicKeyCredentialDescriptor)
}

function buffer(text: unknown): ArrayBuffer {
  return fromBase64Url(String(text)).buffer
}

function toJson(credential: Credential | null): unknown {
  if (credential === null) throw new DOMException('nothing was chosen', 'NotAllowedError')
  const given = credential as PublicKeyCredential
  if (typeof given.toJSON === 'function') return given.toJSON()
  return {
    id: given.id,
    rawId: text(given.rawId),
    type: given.type,
    clientExtensionResults: given.getClientExtensionResults(),
    response: response(given.response),
  }
}

function response(given: AuthenticatorResponse): Json {
  const clientDataJSON = text(given.clientDataJSON)
  if ('attestationObject' in given) {
    const made = given as AuthenticatorAttestationResponse
    return {
      clientDataJSON,
      attestationObject: text(made.attestationObject),
      transports: made.getTransports?.() ?? [],
    }
  }
  const shown = given as AuthenticatorAssertionResponse
  return {
    clientDataJSON,
    authenticatorData: text(shown.authenticatorData),
    signature: text(shown.signature),
    ...(shown.userHandle === null ? {} : { userHandle: text(shown.userHandle) }),
  }
}

function text(bytes: ArrayBuffer): string {
  return toBase64Url(new Uint8Array(bytes))
}

function told(error: unknown, what: string): Error {
  const name = isObject(error) ? error.name : ''
  if (name === 'NotAllowedError' || name === 'AbortError') {
    return new PasskeyError('cancelled', what, 'The request was cancelled or took too long. Try again.')
  }
  if (name === 'InvalidStateError') {
    return new PasskeyError(
      'known',
      'This device has a passkey for this account already.',
      'Use the one that is there, or add one on another device.',
    )
  }
  if (name === 'SecurityError') {
    return new PasskeyError(
      'failed',
      what,
      'The browser takes passkeys only at the address that the coordinator calls its own (its public URL), over https or at localhost.',
    )
  }
  const reason = error instanceof Error ? ` The browser says: ${error.message}` : ''
  return new PasskeyError('failed', `${what}${reason}`, 'Try again, or use another way to sign in.')
}
