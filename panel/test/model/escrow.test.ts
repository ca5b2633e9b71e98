// Bundles as files, and what restic wants to hear.

import { describe, expect, it } from 'vitest'
import { BundleError, bundleFileName, matching, readBundle, resticVariables } from '../../src/model/escrow'
import { ownershipWarning, reachWarning } from '../../src/model/otherHost'

const HOST = {
  agent: 'ab'.repeat(32),
  name: 'web-1',
  hostname: 'web-1.example.org',
  repositories: { main: { kind: 'local', path: '/srv/repo' } },
  boxes: [{ slot: 'repository/main/password', revision: 1, recovery: 'cd'.repeat(32), box: 'AAAA' }],
}
const BUNDLE = {
  format: 'restic-manager escrow',
  version: 1,
  fleet: '1a2b3c4d'.repeat(8),
  made_at: Date.UTC(2026, 10, 20, 23, 59),
  hosts: [HOST],
}

describe('a bundle', () => {
  it('is read as it was written, and what is newer in it does no harm', () => {
    expect(readBundle(JSON.stringify(BUNDLE))).toEqual(BUNDLE)
    expect(readBundle(JSON.stringify({ ...BUNDLE, more: 1 })).hosts).toHaveLength(1)
    expect(bundleFileName(readBundle(JSON.stringify(BUNDLE)))).toBe('escrow-1a2b3c4d-2026-11-20.json')
  })

  it.each([
    ['no JSON', '{', /no escrow bundle/],
    ['a list', '[]', /no escrow bundle/],
    ['another file', JSON.stringify({ format: 'x' }), /no escrow bundle/],
    ['a newer version', JSON.stringify({ ...BUNDLE, version: 2 }), /version 2.*reads version 1/],
    ['no hosts', JSON.stringify({ ...BUNDLE, hosts: undefined }), /damaged/],
    ['a host without a name', JSON.stringify({ ...BUNDLE, hosts: [{ ...HOST, name: 1 }] }), /damaged/],
    ['a short id', JSON.stringify({ ...BUNDLE, hosts: [{ ...HOST, agent: 'ab' }] }), /damaged/],
    ['a box of numbers', JSON.stringify({ ...BUNDLE, hosts: [{ ...HOST, boxes: [1] }] }), /damaged/],
  ])('is not %s', (_, text, words) => {
    expect(() => readBundle(text)).toThrow(words)
    expect(() => readBundle(text)).toThrow(BundleError)
  })

  it('is searched by either name', () => {
    const { hosts } = readBundle(JSON.stringify(BUNDLE))
    expect(matching(hosts, ' EXAMPLE ')).toHaveLength(1)
    expect(matching(hosts, 'db')).toHaveLength(0)
    expect(matching(hosts, '')).toHaveLength(1)
  })
})

it('restic is told where, and by what it opens', () => {
  const backend = { kind: 'rest', url: 'https://b.example.org:8000', path: 'web-1' } as const
  const values = {
    'repository/main/password': 'p',
    'repository/main/login': '{"user":"","password":"l/$&@"}',
    'repository/main/environment': '{"AWS_ACCESS_KEY_ID":"1"}',
    'repository/other/password': 'not this one',
  }
  expect(resticVariables('main', backend, values, 'web')).toEqual([
    {
      name: 'RESTIC_REPOSITORY',
      value: 'rest:https://web:l%2F%24%26%40@b.example.org:8000/web-1/',
      secret: true,
    },
    { name: 'RESTIC_PASSWORD', value: 'p', secret: true },
  ])
  expect(resticVariables('main', backend, { 'repository/main/login': '{' }, 'web')).toEqual([
    { name: 'RESTIC_REPOSITORY', value: 'rest:https://b.example.org:8000/web-1/', secret: false },
  ])
})

it('nothing in an escrow becomes a variable that makes restic start a program', () => {
  const backend = {
    kind: 's3',
    endpoint: 'https://s3.example.org',
    bucket: 'b',
    prefix: '',
    region: 'eu',
  } as const
  const environment = '{"AWS_ACCESS_KEY_ID":"1","RESTIC_PASSWORD_COMMAND":"x","PATH":"x","AWS_X;evil":"x"}'
  const names = resticVariables('main', backend, { 'repository/main/environment': environment }, 'web')
  expect(names.map(({ name }) => name)).toEqual([
    'RESTIC_REPOSITORY',
    'AWS_DEFAULT_REGION',
    'AWS_ACCESS_KEY_ID',
  ])
})

describe('another machine', () => {
  const linux = { name: 'a', os: 'linux' }
  it.each([
    ['keep', { name: 'b', os: 'linux' }, /user 1000 of a may be somebody else on b/],
    ['by_name', { name: 'b', os: 'freebsd' }, /does not have by the same name/],
    ['keep', { name: 'b', os: 'windows' }, /owners and permissions cannot be kept/],
  ] as const)('warns of owners that are %s on %o', (ownership, target, words) => {
    expect(ownershipWarning(ownership, linux, target)).toMatch(words)
  })

  it('warns of nothing where owners are left out, and where what is lent is enough', () => {
    expect(ownershipWarning('drop', linux, { name: 'b', os: 'windows' })).toBeNull()
    expect(reachWarning({ kind: 'b2', bucket: 'b', prefix: '' }, 'a', 'b')).toBeNull()
    expect(reachWarning({ kind: 'local', path: '/srv/repo' }, 'a', 'b')).toMatch(/mount/)
    expect(reachWarning({ kind: 'rclone', remote: 'r', path: '' }, 'a', 'b')).toMatch(
      /a remote “r” of its own/,
    )
    const sftp = { kind: 'sftp', host: 'h', port: null, user: 'u', path: 'p' } as const
    expect(reachWarning(sftp, 'a', 'b')).toMatch(/SSH key of its own.*as u/)
  })
})
