// A column that names its row keeps its room: others leave first, and then the table scrolls.

import { expect, it } from 'vitest'
import { fitOf, shownOf } from '../../src/ui/tableFit'

const columns = [
  {},
  { width: '20rem' },
  { width: '10rem', hideBelow: 'lg' },
  { width: '5rem', hideBelow: 'xl' },
] as const

it('leaves nothing out where everything has room, or where nothing is laid out', () => {
  expect(fitOf(columns, 470, 10, 2000)).toEqual({ dropped: '', least: null })
  expect(fitOf(columns, 0, 10, 2000)).toEqual({ dropped: '', least: null })
  expect(fitOf(columns, 300, 10, 680)).toEqual({ dropped: '', least: null })
})

it('leaves out as little as makes room', () => {
  expect(fitOf(columns, 469, 10, 2000)).toEqual({ dropped: 'xl', least: null })
  expect(fitOf(columns, 419, 10, 2000)).toEqual({ dropped: 'xl lg', least: null })
})

it('scrolls where what always stays has no room', () => {
  expect(fitOf(columns, 300, 10, 2000)).toEqual({ dropped: 'xl lg md', least: 320 })
})

it('leaves out by the window as well, and says how many columns are left', () => {
  expect(fitOf(columns, 470, 10, 1500).dropped).toBe('xl')
  expect(fitOf(columns, 470, 10, 900).dropped).toBe('xl lg md')
  expect(shownOf(columns, { dropped: 'xl lg', least: null })).toBe(2)
  expect(shownOf(columns, { dropped: '', least: null })).toBe(4)
})
