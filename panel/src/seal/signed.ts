// Signed documents: UTF-8 JSON whose exact bytes are signed and carried along, never serialised again (§1).

import type { Admission, Order, SignedDocument, Statement, Token } from '../api/types.gen'
import { type Bytes, concat, fromBase64Url, toBase64Url, toHex, utf8 } from './bytes'
import * as domains from './domain'
import { type Signer, verify } from './ed25519'

interface Documents {
  statement: Statement
  admission: Admission
  token: Token
  order: Order
}

export type DocumentKind = keyof Documents

const DOMAINS: Record<DocumentKind, Bytes> = {
  statement: domains.STATEMENT,
  admission: domains.ADMISSION,
  token: domains.TOKEN,
  order: domains.ORDER,
}

export class SignatureError extends Error {
  override readonly name = 'SignatureError'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

export async function sign<K extends DocumentKind>(
  kind: K,
  document: Documents[K],
  signer: Signer,
): Promise<SignedDocument> {
  const bytes = utf8(JSON.stringify(document))
  const signature = await signer.sign(concat(DOMAINS[kind], bytes))
  return { doc: toBase64Url(bytes), by: signer.key, sig: toBase64Url(signature) }
}

export interface Verified<T> {
  document: T
  by: string
  /** 64 hex digits of `SHA-256(domain ‖ bytes)`. */
  hash: string
}

/** Verifies the signature over the bytes as they came, then parses them. */
export function open<K extends DocumentKind>(kind: K, signed: SignedDocument): Verified<Documents[K]> {
  let bytes: Bytes
  let signature: Bytes
  try {
    bytes = fromBase64Url(signed.doc)
    signature = fromBase64Url(signed.sig)
  } catch {
    throw unreadable(kind)
  }
  if (!verify(signed.by, DOMAINS[kind], bytes, signature)) {
    throw new SignatureError(
      `The signature of the ${kind} does not hold.`,
      'It was changed on the way or made by another key. Do not go on; ask an admin to look at the coordinator.',
    )
  }
  try {
    const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Documents[K]
    return { document, by: signed.by, hash: toHex(domains.hash(DOMAINS[kind], bytes)) }
  } catch {
    throw unreadable(kind)
  }
}

function unreadable(kind: DocumentKind): SignatureError {
  return new SignatureError(
    `The ${kind} cannot be read.`,
    'It was made by another version: update the older side, then reload this page.',
  )
}
