// @vitest-environment jsdom
//
// A token in the making: what it takes as the names of its hosts.

import { screen } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import NewTokenPage from '../../src/pages/add/NewTokenPage'
import { foundFleet } from '../fleet'
import { Played } from '../played'
import { show } from '../stage'

afterEach(() => vi.unstubAllGlobals())

it('admits only what a host can be called, and a star', async () => {
  const played = new Played(await foundFleet('ann'), [])
  vi.stubGlobal('fetch', vi.fn(played.fetch))
  const user = show(<NewTokenPage />)
  const names = await screen.findByLabelText<HTMLInputElement>(/Host names it admits/, {}, { timeout: 5_000 })
  await user.clear(names)
  await user.type(names, 'web-1, web-2')
  await user.click(screen.getByRole('button', { name: 'Make the token' }))
  await screen.findByText(/^Use 1 to 64 of the characters .* and \* for anything\.$/)
  expect(names.value).toBe('web-1, web-2')
  await user.clear(names)
  await user.type(names, 'web-*')
  await user.click(screen.getByRole('button', { name: 'Make the token' }))
  expect(screen.queryByText(/and \* for anything\.$/)).toBeNull()
})
