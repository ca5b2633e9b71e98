import { describe, expect, test } from 'vitest'
import type { JobOptions } from '../../src/api/types.gen'
import { againAction, explained, jobTitle, originJob, originWords } from '../../src/model/job'

test('titles and origins', () => {
  expect(jobTitle({ kind: 'backup', group: 'default', repository: 'main' })).toBe('Backup of default')
  expect(jobTitle({ kind: 'probe', group: null, repository: 'main' })).toBe('Look at repository main')
  expect(jobTitle({ kind: 'prune', group: null, repository: 'main' })).toBe('Prune main')
  expect(jobTitle({ kind: 'dry_run', group: 'photos', repository: 'main' })).toBe('Dry run of photos')
  expect(originWords({ by: 'catch_up', schedule: 'nightly', due_at: 1 })).toMatch(/nightly/)
  expect(originWords({ by: 'operator', person: 'ann', order: 'o' })).toBe('ann')
  expect(originJob({ by: 'retry', job: 'j', attempt: 2 })).toBe('j')
  expect(originJob({ by: 'local' })).toBeNull()
})

describe('the same work once more', () => {
  const again = (kind: Parameters<typeof againAction>[0]['kind'], options: JobOptions = {}) =>
    againAction({ kind, group: 'photos', repository: 'main', options })

  test('keeps what the run was asked for', () => {
    expect(again('backup')).toEqual({ do: 'run', groups: ['photos'], upload_kib_s: null })
    expect(again('backup', { upload_kib_s: 5, download_kib_s: 6 })).toEqual({
      do: 'run',
      groups: ['photos'],
      upload_kib_s: 5,
      download_kib_s: 6,
    })
    expect(again('check', { read_data_percent: 100 })).toMatchObject({
      task: 'check',
      read_data_percent: 100,
    })
    expect(again('copy', { to: 'second', snapshots: ['a'] })).toEqual({
      do: 'copy',
      group: 'photos',
      to: 'second',
      snapshots: ['a'],
    })
    expect(again('unlock', { locks: [] })).toEqual({ do: 'unlock', repository: 'main', locks: [] })
    expect(again('unlock', { locks: ['l'] })).toBeNull()
  })

  test('does not repeat what an order cannot', () => {
    expect(again('forget', { released: true })).toBeNull()
    expect(again('retention_preview')).toBeNull()
    expect(again('forget', { ward: 'web-2' })).toMatchObject({ task: 'forget', groups: [] })
    expect(again('forget')).toMatchObject({ task: 'forget', groups: ['photos'] })
  })
})

test('names in a reason cannot make it read otherwise', () => {
  const explanation = { message: 'missing: /a\u202egpj.exe', hint: 'Look at /b\u001b[2J.' }
  expect(explained({ explanation })).toEqual({
    message: 'missing: /a\ufffdgpj.exe',
    hint: 'Look at /b\u241b[2J.',
  })
  expect(explained({ explanation: null })).toBeNull()
})
