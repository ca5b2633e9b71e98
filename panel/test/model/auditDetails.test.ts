// No record shows the coordinator's own data format: each thing is said once, in words.

import { describe, expect, it } from 'vitest'
import type { AuditView } from '../../src/api/types.gen'
import { detailsOf } from '../../src/model/auditDetails'

const tell = { time: (at: number) => `at ${at}`, fingerprint: (key: string) => `words of ${key}` }
const told = (part: Partial<AuditView> & Pick<AuditView, 'action'>) =>
  detailsOf({ seq: 1, hash: '0', at: 1, actor: { kind: 'console' }, ...part }, tell).map((one) =>
    one.kind === 'fact'
      ? `${one.label}: ${one.text}`
      : `${one.label}: ${one.before ?? '+'} → ${one.after ?? '-'}`,
  )

describe('a statement', () => {
  const ada = { key: 'a', name: 'ada', role: 'admin' }
  const bob = { key: 'b', name: 'bob', role: 'operator' }
  it('says who came, who went, who changed and who stayed, each once', () => {
    const action = 'statement_publish'
    expect(told({ action, before: [ada], after: [ada, bob] })).toEqual([
      'Added: + → bob, operator, words of b',
      'Kept: ada, admin, words of a',
    ])
    expect(told({ action, before: [ada, bob], after: [bob] })).toEqual([
      'Removed: ada, admin, words of a → -',
      'Kept: bob, operator, words of b',
    ])
    expect(told({ action, before: [{ ...bob, role: 'admin' }], after: [bob] })).toEqual([
      'Changed: bob, admin → bob, operator, words of b',
    ])
  })
})

describe('an order', () => {
  it('of a plan says what changed', () => {
    const changes = [
      { what: 'repository_changed', repository: 'main' },
      { what: 'hooks_changed', group: null },
      { more: 3 },
    ]
    const after = { order: 'id', action: 'set_plan', base_revision: 4, changes, note: null }
    const secrets = [{ slot: 'repository/main/password', revision: 2 }]
    const record = { action: 'order_give', before: { revision: 4 }, after: { ...after, secrets } } as const
    expect(told(record)).toEqual([
      'Asked for: Change the plan',
      'Changes: repository main changed, hooks changed, and 3 more',
      'Secrets: repository/main/password, revision 2',
      'Made on: revision 4 of the plan',
      'Order: id',
    ])
  })

  it('of a restore says what a dry run in place would differ by from the real one', () => {
    const after = {
      ...{ order: 'id', action: 'restore', repository: 'main', snapshot: 'abc', source: null },
      target: { to: 'in_place', host: 'web-1' },
      paths: [{ path: '/home', take: true }, { path: '/home/x', take: false }, { more: 2 }],
    }
    const of = (options: object) => told({ action: 'order_give', after: { ...after, ...options } })
    expect(of({ overwrite: 'never', ownership: 'keep', verify: true, dry_run: false })).toEqual([
      'Asked for: Restore',
      'Repository: main',
      'Snapshot: abc',
      'What: /home, 2 more, in or left out',
      'Left out: /home/x',
      'Where to: where the files were, on web-1',
      'Files that are there: files that are there already stay as they are',
      'Owners: owners are kept',
      'Verified: every file is read again and compared',
      'Order: id',
    ])
    expect(of({ dry_run: true })).toContain('Dry run: nothing is written')
    const elsewhere = { target: { to: 'directory', path: '/srv', base: '/home' }, paths: [], source: 'db-1' }
    expect(of(elsewhere)).toEqual([
      ...['Asked for: Restore', 'Repository: main', 'Snapshot: abc', 'From the repository of: db-1'],
      ...['What: everything', 'Where to: /srv, without /home above the files', 'Order: id'],
    ])
  })

  it('of a name says the old one too, and one that is withdrawn what it was', () => {
    const before = { name: 'web', tags: [] }
    const after = { order: 'id', action: 'rename', name: 'web-1', tags: [] }
    expect(told({ action: 'order_give', before, after })).toEqual([
      'Asked for: Rename the host',
      'Name: web → web-1',
      'Order: id',
    ])
    expect(told({ action: 'order_withdraw', before: { order: 'id', action: 'run' } })).toEqual([
      'Asked for: Back up now',
      'Order: id',
    ])
  })
})

it('a refusal says how many like it were left out, besides its reason', () => {
  expect(told({ action: 'refused', after: 'no', before: { left_out: 5 } })).toEqual(['Left out: 5'])
})

it('what was not there before is a fact, and a list is no code', () => {
  expect(told({ action: 'host_approve', after: { tags: ['x'] } })).toEqual(['Tags: x'])
  expect(told({ action: 'token_make', after: { uses: [{ name: 'n', count: 2 }] } })).toEqual([
    'Uses: name n, count 2',
  ])
})
