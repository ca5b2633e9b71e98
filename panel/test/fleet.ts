// A fleet founded in a test: kit, device key, admitted agents, all signed for real.

import { x25519 } from '@noble/curves/ed25519.js'
import type { FleetView, KeyBinding, SignedDocument } from '../src/api/types.gen'
import {
  forgetFleet,
  makeDevice,
  makeKit,
  signAdmission,
  signFoundation,
  signSuccession,
  verifyChain,
} from '../src/seal'
import { openBox } from '../src/seal/box'
import { type Bytes, concat, toBase64Url, toHex } from '../src/seal/bytes'
import { KEY_BINDING } from '../src/seal/domain'
import { seedSigner } from '../src/seal/ed25519'
import { agentFingerprint, bindingBytes } from '../src/seal/fingerprint'

export interface Member {
  binding: KeyBinding
  admission: SignedDocument
  /** Opens what was sealed to it, as the agent would. */
  unseal: (slot: string, revision: number, box: string, purpose?: 'agent' | 'lent') => Promise<string>
}

export interface Fleet extends Member {
  view: FleetView
  /** The operator's public key. */
  device: string
  /** Of its recovery kit. */
  words: readonly string[]
  /** One more agent, of another seed; `replaces`: the id of the host whose place it takes. */
  admit: (seed: number, name: string, replaces?: string) => Promise<Member>
}

interface Options {
  /** This browser's key becomes that of the new fleet. */
  keep?: boolean
  /** What this browser's key may do in the end; it founded the fleet as an admin. */
  role?: 'admin' | 'operator'
}

export async function foundFleet(
  user: string,
  { keep = true, role = 'admin' }: Options = {},
): Promise<Fleet> {
  const kit = makeKit()
  const { device, keep: keepDevice } = await makeDevice(user, 'a browser')
  if (keep) {
    await forgetFleet()
    await keepDevice()
  }
  const coordinator = { id: '1'.repeat(64), channel: '2'.repeat(64), name: 'home' }
  const own = { key: device.signer.key, name: 'a browser' }
  const { fleet, rootKey, recoveryKey } = kit
  const first = await signFoundation(
    { fleet, rootKey, recoveryKey, coordinator, operator: own },
    kit.rootSigner,
  )
  const statements = [first]
  if (role === 'operator') {
    const { statement, hashes } = verifyChain([first], null)
    const other = { key: seedSigner(seed(99)).key, name: 'another browser', role: 'admin' as const }
    const operators = [other, { ...own, role }]
    const next = { ...statement, version: 2, previous: hashes[0] ?? '', operators }
    statements.push(await signSuccession(next, kit.rootSigner))
  }

  const admit: Fleet['admit'] = async (number, name, replaces) => {
    const signer = seedSigner(seed(number))
    const secret = seed(number + 100)
    const unsigned = {
      id: signer.key,
      seal: toHex(x25519.getPublicKey(secret)),
      channel: toHex(x25519.getPublicKey(seed(number + 50))),
      generation: 1,
      sig: '',
    }
    const signature = await signer.sign(concat(KEY_BINDING, bindingBytes(unsigned)))
    const binding = { ...unsigned, sig: toBase64Url(signature) }
    const pen = { fleet, person: user, signer: device.signer }
    const fingerprint = agentFingerprint(binding)
    const admission = await signAdmission({ fingerprint, name, tags: [], replaces: replaces ?? null }, pen)
    const unseal: Member['unseal'] = async (slot, revision, box, purpose = 'agent') => {
      const context = {
        purpose,
        recipient: binding.seal,
        fleet,
        agent: binding.id,
        slot,
        revision,
      } as const
      return new TextDecoder().decode(await openBox(context, secret, box))
    }
    return { binding, admission, unseal }
  }

  const view: FleetView = {
    fleet,
    fingerprint: '',
    words: [],
    coordinator: { ...coordinator, public_url: '' },
    statements,
    operators: [],
    version: '0.1.0',
  }
  return { view, device: own.key, words: kit.words, admit, ...(await admit(7, 'web-1')) }
}

function seed(byte: number): Bytes {
  return new Uint8Array(32).fill(byte)
}
