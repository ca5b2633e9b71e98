import { describe, expect, test } from 'vitest'
import type { PlanChange as JournalChange, Plan } from '../../src/api/types.gen'
import { changesOf, edited, parseDraft, secretsToSend, withNote, withTyped } from '../../src/model/draft'
import {
  changes,
  emptyGroup,
  emptyPing,
  hookSlot,
  journalWords,
  missingSecrets,
  normalise,
  renameGroup,
  roleFor,
  same,
  slotWords,
  USUAL_MAINTENANCE,
  wantedSecrets,
  withoutGroup,
} from '../../src/model/plan'

const PLAN: Plan = {
  repositories: { main: { backend: { kind: 'local', path: '/srv/repo' } } },
  groups: { default: { ...emptyGroup('main'), includes: ['/etc'] } },
  schedules: {},
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}
const hooked: Plan = {
  ...PLAN,
  hooks: { pre: 'secret', post: 'inherit', timeout_s: null },
  groups: {
    default: {
      ...emptyGroup('main'),
      includes: ['/etc'],
      hooks: { pre: 'none', post: 'secret', timeout_s: 60 },
    },
  },
  pings: { hc: { ...emptyPing(), groups: ['default'] } },
}

describe('secrets that a plan relies on', () => {
  test('hooks of the host and of groups, and pings, by slot and field', () => {
    expect(wantedSecrets(hooked)).toEqual([
      { slot: 'hook/*/pre', field: 'hooks.pre' },
      { slot: 'hook/default/post', field: 'groups.default.hooks.post' },
      { slot: 'ping/hc', field: 'pings.hc' },
    ])
    const held = new Set(['hook/*/pre', 'ping/hc'])
    expect(missingSecrets(hooked, held).map(({ field }) => field)).toEqual(['groups.default.hooks.post'])
    expect(wantedSecrets(PLAN)).toEqual([])
  })

  test.each([
    ['hook/*/pre', 'the host’s hook before backups'],
    ['hook/photos/post', 'the hook after backups of photos'],
    ['ping/hc', 'the address of the ping hc'],
    ['repository/main/login', 'the login of repository main'],
    ['repository/main/admin', 'the admin login of repository main'],
    ['repository/main/environment', 'the access keys of repository main'],
    ['repository/main/password', 'the password of repository main'],
  ])('%s in words', (slot, words) => expect(slotWords(slot)).toBe(words))

  test('hooks want an admin, pings and other changes of a group an operator', () => {
    expect(roleFor(changes(PLAN, { ...PLAN, hooks: hooked.hooks }))).toBe('admin')
    expect(roleFor(changes(PLAN, { ...PLAN, groups: hooked.groups }))).toBe('admin')
    expect(roleFor(changes(hooked, { ...hooked, groups: {} }))).toBe('admin')
    expect(roleFor(changes(PLAN, { ...PLAN, pings: hooked.pings ?? {} }))).toBe('operator')
  })

  test('what says nothing is left out of the plan', () => {
    const silent: Plan = {
      ...PLAN,
      hooks: { pre: 'inherit', post: 'inherit', timeout_s: null },
      pings: {},
      groups: {
        default: {
          ...emptyGroup('main'),
          includes: ['/etc'],
          hooks: { pre: 'inherit', post: 'inherit', timeout_s: null },
          retention: { ...emptyGroup('main').retention, keep_tags: ['pinned', ' '] },
        },
      },
      schedules: {
        daily: {
          cron: '@daily',
          zone: null,
          enabled: true,
          groups: ['default'],
          jitter_s: 0,
          conditions: { mains_power: false, unmetered: false, reachable: false },
        },
      },
    }
    const meant = normalise(silent)
    expect(same({ ...meant, schedules: {} }, PLAN)).toBe(true)
    expect('conditions' in (meant.schedules.daily ?? {})).toBe(false)
    const tags = (keep_tags: string[]) =>
      normalise({
        ...PLAN,
        groups: {
          default: { ...emptyGroup('main'), retention: { ...emptyGroup('main').retention, keep_tags } },
        },
      }).groups.default?.retention.keep_tags
    expect(tags([])).toEqual([])
    expect(tags(['legal ', 'pinned'])).toEqual(['legal', 'pinned'])
  })

  test('pings follow a renamed group, and go with the last group they named', () => {
    expect(renameGroup(hooked, 'default', 'system').pings?.hc?.groups).toEqual(['system'])
    expect(withoutGroup(hooked, 'default').pings).toEqual({})
    const all: Plan = { ...hooked, pings: { hc: emptyPing() } }
    expect(withoutGroup(all, 'default').pings).toEqual({ hc: emptyPing() })
  })
})

describe('a draft with secrets', () => {
  const basis = { revision: 4, plan: PLAN }
  const slot = hookSlot('default', 'post')
  const draft = () =>
    withTyped(
      edited(null, basis, () => hooked),
      basis,
      slot,
      true,
    )

  test('counts them as changes, without their value', () => {
    const secret = changesOf(draft()).find(({ area }) => area === 'secret')
    expect(secret).toMatchObject({ name: 'the hook after backups of default', role: 'admin' })
    expect(changesOf(withTyped(null, { revision: 4, plan: hooked }, slot, true))).toHaveLength(1)
  })

  test('sends only what the plan wants in the end', () => {
    expect(secretsToSend(draft())).toEqual([slot])
    const back = edited(draft(), basis, () => PLAN)
    expect(secretsToSend(back)).toEqual([])
    expect(changesOf(back)).toEqual([])
  })

  test('keeps names and note over a reload, and a secret alone is worth keeping', () => {
    const alone = withNote(withTyped(null, { revision: 4, plan: hooked }, slot, true), 'because')
    expect(parseDraft(JSON.stringify(alone))).toEqual(alone)
    expect(parseDraft(JSON.stringify(withTyped(alone, basis, slot, false)))).toBeNull()
    expect(withNote(alone, 'x'.repeat(600)).note).toHaveLength(500)
  })
})

test.each<[JournalChange, string]>([
  [{ what: 'group_added', group: 'photos' }, 'group photos added'],
  [{ what: 'repository_changed', repository: 'main' }, 'repository main changed'],
  [{ what: 'schedule_removed', schedule: 'nightly' }, 'schedule nightly removed'],
  [{ what: 'hooks_changed', group: null }, 'the host’s hooks changed'],
  [{ what: 'hooks_changed', group: 'photos' }, 'hooks of photos changed'],
  [{ what: 'pings_changed' }, 'pings changed'],
  [{ what: 'maintenance_changed' }, 'maintenance changed'],
])('a change of the journal in words: %o', (change, words) => expect(journalWords(change)).toBe(words))
