// A fleet founded in a test: kit, device key, one admitted agent, all signed for real.

import type { FleetView, KeyBinding, SignedDocument } from '../src/api/types.gen'
import { forgetFleet, makeDevice, makeKit, signAdmission, signFoundation } from '../src/seal'
import { concat, toBase64Url } from '../src/seal/bytes'
import { KEY_BINDING } from '../src/seal/domain'
import { seedSigner } from '../src/seal/ed25519'
import { agentFingerprint, bindingBytes } from '../src/seal/fingerprint'

export interface Fleet {
  view: FleetView
  /** The operator's public key. */
  device: string
  binding: KeyBinding
  admission: SignedDocument
}

/** `keep`: this browser's key becomes that of the new fleet. */
export async function foundFleet(user: string, { keep = true } = {}): Promise<Fleet> {
  const kit = makeKit()
  const { device, keep: keepDevice } = await makeDevice(user, 'a browser')
  if (keep) {
    await forgetFleet()
    await keepDevice()
  }
  const coordinator = { id: '1'.repeat(64), channel: '2'.repeat(64), name: 'home' }
  const statement = await signFoundation(
    {
      fleet: kit.fleet,
      rootKey: kit.rootKey,
      recoveryKey: kit.recoveryKey,
      coordinator,
      operator: { key: device.signer.key, name: 'a browser' },
    },
    kit.rootSigner,
  )
  const agent = seedSigner(new Uint8Array(32).fill(7))
  const unsigned = { id: agent.key, seal: kit.recoveryKey, channel: '3'.repeat(64), generation: 1, sig: '' }
  const binding = {
    ...unsigned,
    sig: toBase64Url(await agent.sign(concat(KEY_BINDING, bindingBytes(unsigned)))),
  }
  const admission = await signAdmission(
    { fingerprint: agentFingerprint(binding), name: 'web-1', tags: [] },
    { fleet: kit.fleet, person: user, signer: device.signer },
  )
  const view: FleetView = {
    fleet: kit.fleet,
    fingerprint: '',
    words: [],
    coordinator: { ...coordinator, public_url: '' },
    statements: [statement],
    operators: [],
    version: '0.1.0',
  }
  return { view, device: device.signer.key, binding, admission }
}
