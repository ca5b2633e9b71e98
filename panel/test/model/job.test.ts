import { expect, test } from 'vitest'
import type { Reason } from '../../src/api/types.gen'
import { explain, jobTitle, originJob, originWords, secretWords } from '../../src/model/job'

const REASONS: readonly Reason[] = [
  { code: 'unreadable_items', items: ['/a', '/b'], more: 3 },
  { code: 'missing_paths', paths: ['/a'] },
  { code: 'nothing_to_back_up', paths: ['/a', '/b', '/c', '/d'] },
  { code: 'repository_missing' },
  { code: 'repository_not_ours', message: 'There are files.' },
  { code: 'wrong_password' },
  { code: 'locked', owner: 'root@web-1', pid: 7, since: 1 },
  { code: 'unreachable', address: 'backup:8000', message: 'Connection refused.' },
  { code: 'no_space', message: 'Full.' },
  { code: 'forbidden', message: 'Not allowed.' },
  { code: 'restic_missing' },
  { code: 'restic_too_old', needed: '0.14', found: '0.9' },
  { code: 'secret_missing', slot: 'repository/main/password' },
  { code: 'not_in_plan', what: 'group photos' },
  { code: 'empty_policy' },
  { code: 'retention_held', message: 'The disk was rolled back.' },
  { code: 'already_waiting' },
  { code: 'cancelled_by', person: 'ann' },
  { code: 'agent_stopped' },
  { code: 'agent_died' },
  { code: 'restic', exit: null, message: 'Killed.' },
  { code: 'contradiction', message: 'Exit 0, one error.' },
  { code: 'internal', message: 'The disk is full.' },
]

test.each(REASONS)('$code says what happened and what to do', (reason) => {
  const { message, hint } = explain(reason)
  expect(message).toMatch(/[.!]$/)
  expect(hint).toMatch(/[.!]$/)
  expect(`${message} ${hint}`).not.toMatch(/undefined|null|\[object/)
})

test('details are named', () => {
  expect(explain({ code: 'unreadable_items', items: ['/a', '/b'], more: 3 }).message).toMatch(
    /^5 items .*\/a, \/b/,
  )
  expect(explain({ code: 'nothing_to_back_up', paths: ['/a', '/b', '/c', '/d'] }).message).toMatch(
    /\/c and 1 more/,
  )
  expect(explain({ code: 'locked', owner: 'root@web-1', pid: 7, since: 1 }).message).toMatch(
    /root@web-1, process 7/,
  )
  expect(secretWords('repository/main/login')).toBe('the login of repository main')
})

test('titles and origins', () => {
  expect(jobTitle({ kind: 'backup', group: 'default', repository: 'main' })).toBe('Backup of default')
  expect(jobTitle({ kind: 'probe', group: null, repository: 'main' })).toBe('Look at repository main')
  expect(originWords({ by: 'catch_up', schedule: 'nightly', due_at: 1 })).toMatch(/nightly/)
  expect(originWords({ by: 'operator', person: 'ann', order: 'o' })).toBe('ann')
  expect(originJob({ by: 'retry', job: 'j', attempt: 2 })).toBe('j')
  expect(originJob({ by: 'local' })).toBeNull()
})
