// @vitest-environment jsdom
//
// What a tab keeps of one person is not there for the next.

import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { MemoryRouter, Route, Routes } from 'react-router'
import { beforeEach, expect, it, vi } from 'vitest'
import SettingsTab from '../../src/pages/host/SettingsTab'
import { Gate } from '../../src/pages/shell/Gate'
import { Shell } from '../../src/pages/shell/Shell'
import { forgetKept, keptName } from '../../src/parts/kept'
import { foundFleet } from '../fleet'
import { hostOf, PLAN } from '../hosts'
import { Played, PlayedHost } from '../played'
import { showTab } from '../stage'

beforeEach(() => {
  sessionStorage.clear()
  return () => vi.unstubAllGlobals()
})

const nameField = async () =>
  within(await screen.findByTestId('name-section')).getByLabelText<HTMLInputElement>('Name')

it('is not shown to another person in the same tab', async () => {
  const fleet = await foundFleet('ann')
  const host = new PlayedHost(hostOf(fleet, 'web-1'), PLAN)
  const as = (who: string) => vi.stubGlobal('fetch', vi.fn(new Played(fleet, [host], who).fetch))
  as('ann')
  const user = showTab(host.view, <SettingsTab />)
  await user.type(await nameField(), '-of-ann')
  const other = screen.getByLabelText<HTMLInputElement>('Comes and goes')
  await waitFor(() => expect(other.disabled).toBe(false))
  await user.click(other)
  await screen.findByTestId('save-bar')
  cleanup()
  as('bob')
  showTab(host.view, <SettingsTab />)
  expect((await nameField()).value).toBe('web-1')
  expect(screen.queryByTestId('save-bar')).toBeNull()
  cleanup()
  as('ann')
  showTab(host.view, <SettingsTab />)
  await waitFor(async () => expect((await nameField()).value).toBe('web-1-of-ann'))
  await screen.findByTestId('save-bar')
})

it('goes when its person signs out, or another one is here', async () => {
  const [hers, his, other] = [keptName('ann', 'draft/a'), keptName('bob', 'name/a'), 'of another program']
  for (const name of [hers, his, other]) sessionStorage.setItem(name, '{}')
  forgetKept('ann')
  expect(Object.keys(sessionStorage).sort()).toEqual([hers, other].sort())
  forgetKept()
  expect(Object.keys(sessionStorage)).toEqual([other])
})

it('goes at the gate, and with “Sign out”', async () => {
  vi.stubGlobal(
    'EventSource',
    class {
      close() {}
    },
  )
  const played = new Played(await foundFleet('ann'), [])
  vi.stubGlobal('fetch', async (path: string, init?: RequestInit) =>
    init?.method === 'DELETE' ? Response.json({ provider_url: null }) : played.fetch(path, init),
  )
  const [hers, his] = [keptName('ann', 'draft/a'), keptName('bob', 'draft/a')]
  for (const name of [hers, his]) sessionStorage.setItem(name, '{}')
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <MemoryRouter>
          <Routes>
            <Route element={<Gate />}>
              <Route path="*" element={<Shell />} />
            </Route>
          </Routes>
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  )
  const account = await screen.findByRole('button', { name: 'Account of ann' })
  await waitFor(() => expect(Object.keys(sessionStorage)).toEqual([hers]))
  const user = userEvent.setup()
  await user.click(account)
  await user.click(screen.getByRole('button', { name: 'Sign out' }))
  await waitFor(() => expect(sessionStorage).toHaveLength(0))
})
