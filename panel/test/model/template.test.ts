import { describe, expect, test } from 'vitest'
import type { Hooks, Plan } from '../../src/api/types.gen'
import { emptyGroup, same, USUAL_MAINTENANCE } from '../../src/model/plan'
import {
  applyTemplate,
  type Recipient,
  templateNamed,
  templateNameProblem,
  templateOf,
  templateSecrets,
  templateWords,
} from '../../src/model/template'

const OWN_PRE: Hooks = { pre: 'secret', post: 'inherit', timeout_s: 60 }

const SOURCE: Plan = {
  repositories: {
    main: { backend: { kind: 'rest', url: 'https://secret.example', path: 'web-1' } },
    unused: { backend: { kind: 'local', path: '/elsewhere' } },
  },
  groups: { default: { ...emptyGroup('main'), includes: ['/etc'], hooks: OWN_PRE } },
  schedules: {
    nightly: { cron: '0 2 * * *', zone: null, enabled: true, groups: ['default'], jitter_s: 600 },
  },
  maintenance: { ...USUAL_MAINTENANCE, prune: null },
  limits: { upload_kib_s: 512, download_kib_s: null, nice: 10 },
  presence: 'intermittent',
  pings: { hc: { start: true, success: true, failure: true, groups: [] } },
}
const TEMPLATE = templateOf(SOURCE)

const HOST: Plan = {
  repositories: { main: { backend: { kind: 'local', path: '/srv/repo' } } },
  groups: { photos: { ...emptyGroup('main'), includes: ['/photos'] } },
  schedules: { weekly: { cron: '0 4 * * 0', zone: null, enabled: true, groups: ['photos'], jitter_s: 0 } },
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}
const to = (change: Partial<Recipient> = {}): Recipient => ({
  plan: HOST,
  held: new Set(['hook/default/pre']),
  policy: { refuse_hooks: false, refuse_orders: [], keep_at_least: null },
  readOnly: null,
  ...change,
})
const ADD = { exact: false }

describe('what a template keeps', () => {
  test('no destination, no secret, nothing of the host alone', () => {
    const text = JSON.stringify(TEMPLATE)
    for (const private_ of ['secret.example', 'web-1', 'elsewhere', 'hc'])
      expect(text).not.toContain(private_)
    expect(Object.keys(TEMPLATE.repositories)).toEqual(['main'])
    expect(TEMPLATE.presence).toBe('always_on')
    expect(templateSecrets(TEMPLATE)).toEqual(['hook/default/pre'])
    expect(templateWords(TEMPLATE)).toBe('1 group, 1 schedule, hooks before')
  })

  test('a hook that is a file of the endpoint is left to each host', () => {
    const files: Hooks = { pre: { file: '/etc/pre' }, post: 'none', timeout_s: null }
    const kept = templateOf({ ...SOURCE, hooks: files })
    expect(kept.hooks).toEqual({ pre: 'inherit', post: 'none', timeout_s: null })
  })
})

describe('what it does to a host', () => {
  test('its own repositories, presence and other groups stay', () => {
    const { plan, notes, problems } = applyTemplate(to(), TEMPLATE, ADD)
    expect([notes, problems]).toEqual([[], []])
    expect(plan.repositories).toEqual(HOST.repositories)
    expect(plan.presence).toBe('always_on')
    expect(Object.keys(plan.groups)).toEqual(['photos', 'default'])
    expect(Object.keys(plan.schedules)).toEqual(['weekly', 'nightly'])
    expect(plan.groups.default).toMatchObject({ includes: ['/etc'], hooks: OWN_PRE })
    expect(plan.limits.upload_kib_s).toBe(512)
    expect(plan.maintenance.prune).toBeNull()
  })

  test('twice is once', () => {
    const { plan } = applyTemplate(to(), TEMPLATE, ADD)
    expect(same(applyTemplate(to({ plan }), TEMPLATE, ADD).plan, plan)).toBe(true)
  })

  test('exactly the template: other groups and schedules go, and pings of theirs', () => {
    const pings = {
      photos: { start: false, success: true, failure: true, groups: ['photos'] },
      all: { start: false, success: true, failure: true, groups: [] },
    }
    const { plan, notes } = applyTemplate(to({ plan: { ...HOST, pings } }), TEMPLATE, { exact: true })
    expect(Object.keys(plan.groups)).toEqual(['default'])
    expect(Object.keys(plan.schedules)).toEqual(['nightly'])
    expect(Object.keys(plan.pings ?? {})).toEqual(['all'])
    expect(notes).toEqual(['The ping photos goes: none of its groups is left.'])
  })

  const local = (path: string) => ({ backend: { kind: 'local' as const, path } })
  test.each<[what: string, there: string[], repository: string | null, said: RegExp | null]>([
    ['the same name', ['main', 'second'], 'main', null],
    ['the only one, under another name', ['backup'], 'backup', /goes to backup/],
    ['several, none of that name', ['a', 'b'], null, /no repository main .* it has a, b/],
    ['none at all', [], null, /no repository yet/],
  ])('a repository: %s', (_, there, repository, said) => {
    const repositories = Object.fromEntries(there.map((name) => [name, local(`/srv/${name}`)]))
    const { plan, notes, problems } = applyTemplate(
      to({ plan: { ...HOST, groups: {}, schedules: {}, repositories } }),
      TEMPLATE,
      ADD,
    )
    if (repository !== null) expect(plan.groups.default?.repository).toBe(repository)
    expect(problems.length > 0).toBe(repository === null)
    if (said !== null) expect([...notes, ...problems].join()).toMatch(said)
  })

  test('a copy to a repository that is not there is said and left out', () => {
    const copying = templateOf({
      ...SOURCE,
      groups: { default: { ...emptyGroup('main'), includes: ['/etc'], copy_to: 'unused' } },
    })
    const alone = applyTemplate(to(), copying, ADD)
    expect(alone.plan.groups.default?.copy_to).toBeUndefined()
    expect(alone.notes.join()).toMatch(/not copied: there is no repository unused/)
    const two = { ...HOST, repositories: { ...HOST.repositories, unused: local('/srv/two') } }
    expect(applyTemplate(to({ plan: two }), copying, ADD).plan.groups.default?.copy_to).toBe('unused')
  })

  test('a hook whose script is nowhere leaves the host’s own choice', () => {
    const { plan, notes } = applyTemplate(to({ held: new Set() }), TEMPLATE, ADD)
    expect(plan.groups.default?.hooks).toEqual({ pre: 'inherit', post: 'inherit', timeout_s: 60 })
    expect(notes).toEqual([
      'The hook before backups of default stays as it is: its script is not there, and is not given.',
    ])
  })

  test('policy and file of the endpoint are respected', () => {
    const floor = { ...emptyGroup('main').retention, keep_daily: 30, keep_weekly: 0, keep_monthly: 0 }
    const policy = { refuse_hooks: true, refuse_orders: ['set_plan'], keep_at_least: floor }
    const { problems, notes } = applyTemplate(
      to({ policy, held: new Set(), readOnly: 'plan.toml' }),
      TEMPLATE,
      ADD,
    )
    expect(problems).toEqual([
      'The host’s own plan.toml governs its plan.',
      'The host’s policy takes no plan from afar.',
      'The group default would keep less than the host’s policy wants: daily 30.',
    ])
    expect(notes.join()).toMatch(/policy takes no script/)
  })
})

test('names of templates', () => {
  for (const name of ['web', 'Web servers, all', 'ä'.repeat(64)]) expect(templateNameProblem(name)).toBeNull()
  for (const name of ['', ' ', 'a\nb', 'a'.repeat(65)]) expect(templateNameProblem(name)).toMatch(/1 to 64/)
  expect(templateNamed([{ name: 'Web' }], ' wEB ')).toEqual({ name: 'Web' })
  expect(templateNamed([{ name: 'Web' }], 'we')).toBeUndefined()
})
