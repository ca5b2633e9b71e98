import { describe, expect, test } from 'vitest'
import type { JobKind, JobState, Origin } from '../../src/api/types.gen'
import { attemptsUsed, becauseOf } from '../../src/model/attempts'
import { emptyGroup } from '../../src/model/plan'

const RETRY = (attempt: number): Origin => ({ by: 'retry', job: 'j', attempt })
const plan = (max: number) => ({
  groups: { default: { ...emptyGroup('main'), retry: { max, backoff_s: 60 } } },
})
const tried = (attempt: number, state: JobState = 'failed', kind: JobKind = 'backup', group = 'default') => ({
  ...{ kind, state, group },
  origin: attempt === 1 ? ({ by: 'local' } as const) : RETRY(attempt),
})

describe('attempts', () => {
  test('are used up by the last one that the rule allows', () => {
    expect(attemptsUsed(tried(4), plan(3))).toBe(4)
    expect(attemptsUsed(tried(4, 'interrupted'), plan(3))).toBe(4)
    expect(attemptsUsed(tried(3), plan(3))).toBeNull()
    expect(attemptsUsed(tried(4, 'succeeded'), plan(3))).toBeNull()
    expect(attemptsUsed(tried(4, 'running'), plan(3))).toBeNull()
    expect(attemptsUsed(tried(4, 'failed', 'prune'), plan(0))).toBe(4)
  })

  test('were never more than one, or by a rule that nobody knows any more', () => {
    expect(attemptsUsed(tried(1), plan(0))).toBeNull()
    expect(attemptsUsed(tried(1, 'failed', 'stats'), plan(3))).toBeNull()
    expect(attemptsUsed(tried(4, 'failed', 'backup', 'gone'), plan(3))).toBeNull()
    expect(attemptsUsed(tried(4), plan(1))).toBeNull()
  })

  test('are counted in the words for why it ran', () => {
    expect(becauseOf(tried(2), plan(3))).toBe('retry, attempt 2 of 4')
    expect(becauseOf(tried(4), plan(1))).toBe('retry, attempt 4')
    expect(becauseOf(tried(2), undefined)).toBe('retry, attempt 2')
    expect(becauseOf(tried(1), plan(3))).toBe('the host’s terminal')
  })
})
