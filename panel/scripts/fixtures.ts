// Writes wire/fixtures/v1/from-panel.json: what the panel's own code signs, seals and derives, for Rust to verify
// (wire/tests/proofs/from_panel.rs). Run it once when a format is new; released fixtures are never written again.

import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import type { KeyBinding, Plan } from '../src/api/types.gen'
import { USUAL_MAINTENANCE } from '../src/model/plan'
import { type BoxContext, sealBox } from '../src/seal/box'
import { type Bytes, concat, toBase64Url, toHex, utf8 } from '../src/seal/bytes'
import { KEY_BINDING } from '../src/seal/domain'
import { seedSigner } from '../src/seal/ed25519'
import * as prints from '../src/seal/fingerprint'
import { kitFromSeed } from '../src/seal/kit'
import { sealSecret, signAdmission, signFoundation, signOrder, signToken } from '../src/seal/orders'
import { tokenFromSeed } from '../src/seal/token'
import { trustCompared, verifyChain } from '../src/seal/trust'

const NOW = 1_795_187_040_000
const seed = (byte: number): Bytes => new Uint8Array(32).fill(byte)
const ed = (byte: number) => toHex(ed25519.getPublicKey(seed(byte)))
const x = (byte: number) => toHex(x25519.getPublicKey(seed(byte)))

const plan: Plan = {
  repositories: {
    main: { backend: { kind: 'rest', url: 'https://backup.example.org:8000', path: 'web-1' } },
  },
  groups: {
    default: {
      repository: 'main',
      includes: ['/home', '/etc', '/srv/Grüße'],
      excludes: ['*.tmp'],
      exclude_if_present: ['CACHEDIR.TAG'],
      one_file_system: true,
      retention: {
        keep_last: 0,
        keep_hourly: 0,
        keep_daily: 7,
        keep_weekly: 4,
        keep_monthly: 12,
        keep_yearly: 0,
        keep_within: '14d',
      },
      retry: { max: 3, backoff_s: 60 },
    },
  },
  schedules: {
    nightly: { cron: '0 2 * * *', zone: 'Europe/Berlin', enabled: true, groups: ['default'], jitter_s: 900 },
  },
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: 2048, download_kib_s: null, nice: 10 },
  presence: 'always_on',
}

/** An agent, as its own side would make it. */
async function agent(): Promise<KeyBinding> {
  const unsigned = { id: ed(0xd1), seal: x(0xd2), channel: x(0xd3), generation: 1, sig: '' }
  const signature = await seedSigner(seed(0xd1)).sign(concat(KEY_BINDING, prints.bindingBytes(unsigned)))
  return { ...unsigned, sig: toBase64Url(signature) }
}

const kit = kitFromSeed(seed(0x42))
const operator = seedSigner(seed(0xa1))
const pen = { fleet: kit.fleet, person: 'ada', signer: operator }
const binding = await agent()
const statement = await signFoundation(
  {
    fleet: kit.fleet,
    rootKey: kit.rootKey,
    recoveryKey: kit.recoveryKey,
    coordinator: { id: ed(0xc1), channel: x(0xc2), name: 'main' },
    operator: { key: operator.key, name: 'ada · laptop' },
  },
  kit.rootSigner,
  NOW,
)
const trust = verifyChain([statement], null)
const fingerprint = prints.agentFingerprint(binding)
const to = trustCompared(trust, binding, fingerprint)
const secrets = [
  await sealSecret('repository/main/password', 1, 'correct horse battery staple', to),
  await sealSecret('repository/main/login', 1, JSON.stringify({ user: 'web-1', password: 'pä55' }), to),
]
const token = tokenFromSeed(seed(0xe1))

const contexts: (BoxContext & { plaintext: string; recipient_secret: string })[] = (
  ['agent', 'escrow', 'token'] as const
).map((purpose, n) => ({
  purpose,
  recipient: x(0xf0 + n),
  recipient_secret: toHex(seed(0xf0 + n)),
  fleet: kit.fleet,
  agent: purpose === 'token' ? token.token : binding.id,
  slot: 'hook/*/pre',
  revision: purpose === 'token' ? 1 : 2 ** 33 + n,
  plaintext: `pre-hook ${n}: Grüße aus dem Browser`,
}))

const out = {
  kit: {
    seed: toHex(seed(0x42)),
    words: kit.words,
    fleet: kit.fleet,
    root: kit.rootKey,
    recovery: kit.recoveryKey,
  },
  device: {
    key: operator.key,
    fingerprint: prints.deviceFingerprint(operator.key),
    shown: prints.fingerprintText(prints.deviceFingerprint(operator.key)),
    words: prints.fingerprintWords(prints.deviceFingerprint(operator.key)),
  },
  statement,
  agent: {
    seal_secret: toHex(seed(0xd2)),
    binding,
    fingerprint,
    shown: prints.fingerprintText(fingerprint),
    words: prints.fingerprintWords(fingerprint),
  },
  admission: await signAdmission({ fingerprint, name: 'web-1', tags: ['web', 'frankfurt'] }, pen, NOW),
  /** Its secrets are sealed to `agent`: "correct horse battery staple" and the login's JSON. */
  order: await signOrder({ do: 'set_plan', base_revision: 0, plan, secrets }, binding.id, pen, NOW),
  token: {
    seed: token.text,
    sign: token.token,
    seal: token.seal,
    signed: await signToken(
      token,
      {
        namePattern: 'web-*',
        tags: ['web'],
        uses: 3,
        expiresAt: NOW + 3_600_000,
        plan,
        secrets: [{ slot: 'repository/main/password', value: 'correct horse battery staple' }],
      },
      pen,
      NOW,
    ),
    plaintext: 'correct horse battery staple',
  },
  boxes: await Promise.all(
    contexts.map(async (context) => ({ ...context, box: await sealBox(context, utf8(context.plaintext)) })),
  ),
}

const path = resolve(import.meta.dirname, '../../wire/fixtures/v1/from-panel.json')
writeFileSync(path, `${JSON.stringify(out, null, 2)}\n`)
console.log(`wrote ${path}`)
