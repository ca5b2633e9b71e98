import { describe, expect, test } from 'vitest'
import { isNamePattern } from '../../src/model/plan'
import { tagsAfter } from '../../src/model/tags'

describe('the tags of a field', () => {
  test.each<[string, string[], string[], string[]]>([
    ['come one by one', ['a'], ['a', 'b'], ['a', 'b']],
    ['come with a comma', [], ['Berlin,'], ['Berlin']],
    ['come as a list', ['a'], ['a', ' b; c\n\td, a'], ['a', 'b', 'c', 'd']],
    ['are none', [], [' ,'], []],
    ['stay as they were', ['rack 7'], ['rack 7', 'b'], ['rack 7', 'b']],
    ['go', ['a', 'b'], ['b'], ['b']],
  ])('%s', (_, before, after, is) => expect(tagsAfter(before, after)).toEqual(is))
})

test.each([
  ['*', true],
  ['web-*', true],
  ['*.shop', true],
  ['web 1', false],
  ['Büro-*', false],
  ['web-?', false],
  ['-web', false],
  ['', false],
  ['a'.repeat(65), false],
])('%j is a pattern of names: %s', (text, is) => expect(isNamePattern(text)).toBe(is))
