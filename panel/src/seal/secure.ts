// May this page take secrets at all? Only in a secure context does the browser give us its cryptography, and only there
// has nobody on the way changed the page.

export class InsecureContextError extends Error {
  override readonly name = 'InsecureContextError'
  readonly hint: string
  constructor() {
    super('This page came over plain http, so this browser neither makes keys nor may take secrets here.')
    this.hint =
      'Open the panel over https (the coordinator makes itself a certificate when it listens beyond this machine), or through `ssh -L 7700:127.0.0.1:7700 HOST` at http://localhost:7700.'
  }
}

export function isSecure(): boolean {
  return globalThis.isSecureContext !== false && globalThis.crypto?.subtle !== undefined
}

export function requireSecure(): void {
  if (!isSecure()) throw new InsecureContextError()
}

export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length))
}
