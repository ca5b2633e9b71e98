import { describe, expect, test } from 'vitest'
import type { Backend, Plan } from '../../src/api/types.gen'
import {
  credentialKinds,
  credentialSlots,
  missingCredentials,
  repositoryOfSlot,
} from '../../src/model/credentials'
import { type Draft, edited, secretProblems, secretsToSend, withTyped } from '../../src/model/draft'
import { USUAL_MAINTENANCE } from '../../src/model/plan'

const REST: Backend = { kind: 'rest', url: 'https://backup', path: 'web' }
const S3: Backend = { kind: 's3', endpoint: 'https://s3', bucket: 'b', prefix: '', region: null }
const AZURE: Backend = { kind: 'azure', container: 'c', prefix: '' }
const planOf = (repositories: Record<string, Backend>): Plan => ({
  repositories: Object.fromEntries(
    Object.entries(repositories).map(([name, backend]) => [name, { backend }]),
  ),
  groups: {},
  schedules: {},
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
})

test('a kind of destination has a password, and what its server asks for', () => {
  expect(credentialKinds('local')).toEqual(['password'])
  expect(credentialKinds('rest')).toEqual(['password', 'login'])
  expect(credentialKinds('b2')).toEqual(['password', 'environment'])
  expect(credentialSlots(planOf({ main: REST, off: S3 }))).toEqual([
    'repository/main/password',
    'repository/main/login',
    'repository/off/password',
    'repository/off/environment',
  ])
  expect(repositoryOfSlot('repository/off/password')).toBe('off')
  expect(repositoryOfSlot('hook/off/pre')).toBeNull()
})

describe('what a new or another destination lacks', () => {
  const password = 'repository/main/password'
  const keys = 'repository/main/environment'
  const moved = { ...S3, bucket: 'other' }
  test.each<[string, Backend | null, Backend, string[], string[], string[]]>([
    ['nothing, where it stays as it is', REST, REST, [], [], []],
    ['its password, when it is new', null, REST, [], [], [password]],
    ['nothing, when that is typed: a login may be none', null, REST, [], [password], []],
    ['nothing, when the host has the password', REST, { ...REST, url: 'https://other' }, [password], [], []],
    ['its keys, when they are of another storage', S3, AZURE, [password, keys], [], [keys]],
    ['nothing, when they are of the same', S3, moved, [password, keys], [], []],
  ])('%s', (_, before, after, held, typed, missing) => {
    const base = planOf(before === null ? {} : { main: before })
    const found = missingCredentials(base, planOf({ main: after }), new Set(held), new Set(typed))
    expect(found.map(({ slot }) => slot)).toEqual(missing)
    expect(found.every(({ field }) => field === 'repositories.main')).toBe(true)
  })
})

describe('a draft whose destination is another', () => {
  const basis = { revision: 4, plan: planOf({ main: S3 }) }
  const slot = 'repository/main/password'
  const login = 'repository/main/login'
  const draft = (...slots: string[]): Draft =>
    slots.reduce(
      (before, one) => withTyped(before, basis, one, true),
      edited(null, basis, () => planOf({ main: REST })),
    )

  test('sends what was typed for it', () => {
    expect(secretsToSend(draft(slot, login))).toEqual([slot, login])
    expect(secretsToSend(draft('repository/gone/password', 'repository/main/environment'))).toEqual([])
  })

  test('says what a reload took, and what one may do about it', () => {
    const told = (held: string[], typed: [string, string][]) =>
      secretProblems(draft(slot, login), new Set(held), new Map(typed))
    expect(
      told(
        [],
        [
          [slot, 'pw'],
          [login, '{}'],
        ],
      ),
    ).toEqual([])
    expect(told([slot], [[login, '{}']])).toMatchObject(
      [
        { field: 'repositories.main', message: /password .* was typed before .* or keep what the host has$/ },
      ].map(({ field, message }) => ({ field, message: expect.stringMatching(message) })),
    )
    const [missing, lost, ...more] = told([], [])
    expect(missing?.message).toBe('its password is not given yet: type it in')
    expect(lost?.message).toMatch(/login .* or go without$/)
    expect(more).toEqual([])
  })
})
