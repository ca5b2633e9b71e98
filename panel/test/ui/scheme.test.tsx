// @vitest-environment jsdom
//
// As the system wishes at first, and then as the person chose, over reloads.

import { MantineProvider } from '@mantine/core'
import { cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { scheme, useColourScheme } from '../../src/theme/scheme'

function Switch() {
  const { scheme, toggle } = useColourScheme()
  return (
    <button type="button" onClick={toggle}>
      {scheme}
    </button>
  )
}
const load = () =>
  render(
    <MantineProvider env="test" {...scheme}>
      <Switch />
    </MantineProvider>,
  )
const shown = () => [
  screen.getByRole('button').textContent,
  document.documentElement.getAttribute('data-mantine-color-scheme'),
]

/** A system that wishes for this one. */
function wish(scheme: 'dark' | 'light') {
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: query.includes(scheme),
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  }))
}

beforeEach(() => localStorage.clear())
afterEach(() => vi.unstubAllGlobals())

it('follows the system until one is chosen', () => {
  wish('light')
  load()
  expect(shown()).toEqual(['light', 'light'])
  cleanup()
  wish('dark')
  load()
  expect(shown()).toEqual(['dark', 'dark'])
})

it('remembers the choice whatever the system wishes, also the one back', async () => {
  wish('dark')
  const user = userEvent.setup()
  load()
  await user.click(screen.getByRole('button'))
  expect(shown()).toEqual(['light', 'light'])
  cleanup()
  load()
  expect(shown()).toEqual(['light', 'light'])
  await user.click(screen.getByRole('button'))
  cleanup()
  wish('light')
  load()
  expect(shown()).toEqual(['dark', 'dark'])
})
