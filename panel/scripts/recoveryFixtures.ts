// What the panel's own code seals and signs to get things back, for wire's tests (`golden_recovery.rs`). Everything is from
// fixed seeds but the boxes, which HPKE makes anew. `npm run fixtures:recovery`; a released file is never written again.

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import type { Backend, KeyBinding } from '../src/api/types.gen'
import { sealBox } from '../src/seal/box'
import { type Bytes, concat, toBase64Url, toHex, utf8 } from '../src/seal/bytes'
import { KEY_BINDING } from '../src/seal/domain'
import { seedSigner } from '../src/seal/ed25519'
import { lentFrom, openEscrow, sealLent } from '../src/seal/escrow'
import * as prints from '../src/seal/fingerprint'
import { kitFromSeed } from '../src/seal/kit'
import { newJobId, signAdmission, signErrand, signFoundation, signOrder } from '../src/seal/orders'
import { streamInfo } from '../src/seal/stream'
import { trustCompared, verifyChain } from '../src/seal/trust'

const NOW = 1_795_187_040_000
const seed = (byte: number): Bytes => new Uint8Array(32).fill(byte)
const ed = (byte: number) => toHex(ed25519.getPublicKey(seed(byte)))
const x = (byte: number) => toHex(x25519.getPublicKey(seed(byte)))

async function bindingOf(byte: number): Promise<KeyBinding> {
  const unsigned = { id: ed(byte), seal: x(byte + 1), channel: x(byte + 2), generation: 1, sig: '' }
  const signature = await seedSigner(seed(byte)).sign(concat(KEY_BINDING, prints.bindingBytes(unsigned)))
  return { ...unsigned, sig: toBase64Url(signature) }
}

const kit = kitFromSeed(seed(0x42))
const signer = seedSigner(seed(0xa1))
const pen = { fleet: kit.fleet, person: 'ada', signer }
const statement = await signFoundation(
  {
    fleet: kit.fleet,
    rootKey: kit.rootKey,
    recoveryKey: kit.recoveryKey,
    coordinator: { id: ed(0xc1), channel: x(0xc2), name: 'main' },
    operator: { key: signer.key, name: 'ada' },
  },
  kit.rootSigner,
  NOW,
)
const trust = verifyChain([statement], null)
const source = ed(0xb1)
const target = await bindingOf(0xd1)
const fingerprint = prints.agentFingerprint(target)
const to = trustCompared(trust, target, fingerprint)
const backend: Backend = { kind: 'rest', url: 'https://backup.example.org:8000', path: 'web-1' }

/** As an agent seals what it uses to the kit. */
async function escrowed(slot: string, plaintext: string) {
  const context = { purpose: 'escrow', recipient: kit.recoveryKey, fleet: kit.fleet, agent: source } as const
  const box = await sealBox({ ...context, slot, revision: 1 }, utf8(plaintext))
  return { slot, revision: 1, recovery: kit.recoveryKey, box }
}

const opened = await openEscrow(kit, kit.fleet, {
  agent: source,
  name: 'web-1',
  hostname: 'web-1',
  repositories: { main: backend },
  boxes: [
    await escrowed('repository/main/password', 'correct horse battery staple'),
    await escrowed('repository/main/login', JSON.stringify({ user: 'web-1', password: 'pä55' })),
  ],
})
const job = newJobId(NOW)
const about = { job, source, repository: 'main' }
const box = await sealLent(lentFrom(opened, 'web-1', { ...about, backend }), to)
const lend = { do: 'lend', repository: 'main', to: target, to_name: 'web-2', job } as const
const download = await signErrand(
  {
    do: 'download',
    repository: 'main',
    snapshot: 'ab'.repeat(32),
    path: '/srv/\\xFF',
    archive: 'tar',
    to: x(0x7a),
  },
  source,
  pen,
  NOW,
)
const context = { recipient: x(0x7a), fleet: kit.fleet, agent: source, order: download.order }

const out = {
  fleet: kit.fleet,
  source,
  target,
  target_seal_secret: toHex(seed(0xd2)),
  download_secret: toHex(seed(0x7a)),
  download_recipient: x(0x7a),
  download_info: toHex(streamInfo(context)),
  admission: await signAdmission({ fingerprint, name: 'web-1', tags: ['web'], replaces: source }, pen, NOW),
  orders: {
    lend: await signOrder(lend, source, pen, NOW),
    download: download.grave,
    restore: await signOrder(
      {
        do: 'restore',
        repository: 'main',
        snapshot: 'ab'.repeat(32),
        picks: [{ path: '/srv/Grüße', take: true }],
        target: { to: 'directory', path: '/srv/back', base: '/srv' },
        overwrite: 'always',
        ownership: 'keep',
        verify: true,
        dry_run: false,
        meanwhile: 'wait',
        lent: { source, source_name: 'web-1', job, box },
      },
      target.id,
      pen,
      NOW,
    ),
  },
}

const path = resolve(import.meta.dirname, '../../wire/fixtures/v1/recovery-from-panel.json')
writeFileSync(path, `${JSON.stringify(out, null, 2)}\n`)
console.log(`wrote ${path}`)
