// An order in a list says what it asks for, in one line; one that an older coordinator kept says no more than its name.

import { describe, expect, it } from 'vitest'
import type { OrderAbout } from '../../src/api/types.gen'
import { aboutWords } from '../../src/model/orderAbout'

const words = (action: string, about?: OrderAbout) =>
  aboutWords(about === undefined ? { action } : { action, about })

describe('an order says', () => {
  const snapshot = { repository: 'main', snapshots: ['abababab'] }
  it.each<[string, OrderAbout, string]>([
    [
      'restore',
      { ...snapshot, paths: ['/etc', '/home', '/srv'], more: 2, left_out: 1, target: { to: 'fresh' } },
      '/etc, /home, /srv and 2 more without 1 of what lies there from snapshot abababab of main into a new directory',
    ],
    [
      'restore',
      { ...snapshot, source: 'db-1', target: { to: 'in_place', host: 'web-1' } },
      'everything from snapshot abababab of db-1’s main to where it was',
    ],
    [
      'restore',
      { ...snapshot, paths: ['/a\u202eb'], target: { to: 'directory', path: '~/back' } },
      '/a\ufffdb from snapshot abababab of main into ~/back',
    ],
    ['download', { ...snapshot, paths: ['/etc/fstab'] }, '/etc/fstab from snapshot abababab of main'],
    ['lend', { repository: 'main', to: 'web-2', job: 'j' }, 'main for one restore to web-2'],
    ['run', { groups: ['home', 'etc', 'srv'], more: 1 }, 'home, etc, srv and 1 more'],
    ['cancel', { job: 'j-1' }, 'job j-1'],
    ['copy', { groups: ['home'], to: 'away' }, 'home to away'],
    [
      'copy',
      { groups: ['home'], to: 'away', snapshots: ['aa', 'bb', 'cc'], more: 4 },
      'home snapshots aa, bb, cc and 4 more to away',
    ],
    ['adopt', { ...snapshot }, 'snapshot abababab of main'],
    ['unlock', { repository: 'main' }, 'main'],
    ['maintain', { repository: 'main', task: 'forget', groups: ['home'] }, 'Forget home of main'],
    ['set_secret', { slot: 'repository/main/password' }, 'the password of repository main'],
    ['set_plan', { note: 'a new disk' }, '“a new disk”'],
    ['rename', { to: 'db-1' }, 'as db-1'],
    ['rename', { to: 'db-1', tags: [] }, 'as db-1, without tags'],
    ['rename', { to: 'db-1', tags: ['a', 'b', 'c'], more: 2 }, 'as db-1, tagged a, b, c and 2 more'],
  ])('%s: %j', (action, about, said) => expect(words(action, about)).toBe(said))

  it('nothing where nothing is known', () => {
    expect(words('restore')).toBeNull()
    expect(words('retire', {})).toBeNull()
  })
})
