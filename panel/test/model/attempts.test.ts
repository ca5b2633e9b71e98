import { describe, expect, test } from 'vitest'
import type { JobState, Origin } from '../../src/api/types.gen'
import { attemptsUsed } from '../../src/model/attempts'
import { originWords } from '../../src/model/job'

const retry = (attempt: number, of?: number): Origin => ({ by: 'retry', job: 'j', attempt, ...{ of } })
const tried = (origin: Origin, state: JobState = 'failed') => ({ origin, state })

describe('attempts', () => {
  test('are used up by the last one that there is', () => {
    expect(attemptsUsed(tried(retry(4, 4)))).toBe(4)
    expect(attemptsUsed(tried(retry(4, 4), 'interrupted'))).toBe(4)
    expect(attemptsUsed(tried(retry(3, 4)))).toBeNull()
    expect(attemptsUsed(tried(retry(4, 4), 'succeeded'))).toBeNull()
    expect(attemptsUsed(tried(retry(4, 4), 'running'))).toBeNull()
  })

  test('were never more than one, or an agent does not say how many there are', () => {
    expect(attemptsUsed(tried({ by: 'local' }))).toBeNull()
    expect(attemptsUsed(tried(retry(4)))).toBeNull()
  })

  test('are counted in the words for why it ran', () => {
    expect(originWords(retry(2, 4))).toBe('retry, attempt 2 of 4')
    expect(originWords(retry(2))).toBe('retry, attempt 2')
    expect(originWords({ by: 'local' })).toBe('the host’s terminal')
  })
})
