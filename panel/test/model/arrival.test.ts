import { describe, expect, it } from 'vitest'
import type { HostView, JobView, OrderView } from '../../src/api/types.gen'
import { arrivalOf } from '../../src/model/arrival'

const host = (changes: Partial<HostView['row']>, repositories = 1) =>
  ({
    row: {
      last_seen: 1,
      presence: 'online',
      repository: 'unknown',
      snapshots: 0,
      last_backup: null,
      ...changes,
    },
    replaces: null,
    repositories: Array.from({ length: repositories }),
  }) as HostView
const job = (kind: JobView['kind'], state: JobView['state']) => ({ kind, state }) as JobView
const order = (changes: Partial<OrderView>) =>
  ({ action: 'set_plan', state: 'waiting', outcome: null, ...changes }) as OrderView

const steps = (...given: Parameters<typeof arrivalOf>) => {
  const { connected, planned, repository, snapshot } = arrivalOf(...given)
  return [connected, planned, repository, snapshot].join(' ')
}

describe('how far a host has come', () => {
  it.each([
    [
      'approved, never connected',
      host({ last_seen: null, presence: 'never_seen' }, 0),
      [],
      [order({})],
      'now now open open',
    ],
    ['without a plan', host({}, 0), [], [], 'done open open open'],
    ['with a plan, nobody looked yet', host({}), [], [], 'done done now open'],
    ['waits for a secret', host({ repository: 'needs_secret' }), [], [], 'done done open open'],
    ['makes the repository', host({}), [job('init', 'running')], [], 'done done now open'],
    [
      'could not make it',
      host({ repository: 'unusable' }),
      [job('init', 'failed')],
      [],
      'done done failed open',
    ],
    [
      'tries again',
      host({ repository: 'unusable' }),
      [job('init', 'running'), job('init', 'failed')],
      [],
      'done done now open',
    ],
    [
      'backs up',
      host({ repository: 'ready' }),
      [job('backup', 'running'), job('init', 'succeeded')],
      [],
      'done done done now',
    ],
    [
      'backed up, list not read yet',
      host({ repository: 'ready' }),
      [job('backup', 'succeeded')],
      [],
      'done done done now',
    ],
    ['failed to', host({ repository: 'ready' }), [job('backup', 'failed')], [], 'done done done failed'],
    [
      'has arrived',
      host({ repository: 'ready', snapshots: 1 }),
      [job('backup', 'incomplete')],
      [],
      'done done done done',
    ],
  ])('%s', (_, view, jobs, orders, expected) => expect(steps(view, jobs, orders)).toBe(expected))

  it('is not backed up by what it brought along', () => {
    const taken = { agent: 'a', name: 'web' }
    const heir = (last_backup: HostView['row']['last_backup']) => ({
      ...host({ repository: 'ready', snapshots: 7, last_backup }),
      replaces: taken,
    })
    expect(arrivalOf(heir(null), [], [])).toMatchObject({ snapshot: 'open', adopted: 7 })
    const own = { at: 1, outcome: 'succeeded' } as unknown as HostView['row']['last_backup']
    expect(arrivalOf(heir(own), [], [])).toMatchObject({ snapshot: 'done', adopted: 0 })
  })

  it('says why the host did not take the plan', () => {
    const refused = order({
      state: 'answered',
      outcome: {
        outcome: 'refused',
        code: 'policy',
        message: 'remote destinations are forbidden',
        hint: 'edit agent.toml',
      },
    })
    const arrival = arrivalOf(host({}, 0), [], [refused])
    expect(arrival.planned).toBe('failed')
    expect(arrival.refusal).toEqual({ message: 'remote destinations are forbidden', hint: 'edit agent.toml' })
    // Once there is a plan, an old refusal is of no interest.
    expect(arrivalOf(host({}), [], [refused]).refusal).toBeNull()
  })
})
