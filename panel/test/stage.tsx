// What a page needs around it, in tests: theme, queries, addresses, and for a host's tabs its edit.

import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { MemoryRouter, Route, Routes } from 'react-router'
import type { WholeHost } from '../src/api/queries'
import { Host, type HostContext } from '../src/pages/host/context'
import { useRoutine, useRunNow } from '../src/pages/host/orders'
import { PlanEditProvider, PlanGate } from '../src/pages/host/planEdit'
import { SaveBar } from '../src/pages/host/SaveBar'
import { Toasts } from '../src/ui/Toast'

/** Draws a page at an address; gives the person who uses it. */
export function show(page: ReactNode, { at = '/', path = '*' } = {}) {
  render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
        <MemoryRouter initialEntries={[at]}>
          <Routes>
            <Route path={path} element={page} />
          </Routes>
          <Toasts />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  )
  return userEvent.setup()
}

/** A tab of a host's page, with its edit and the bar that saves it. */
export function showTab(host: WholeHost, tab: ReactNode, at = '/', { mayOperate = true } = {}) {
  return show(
    <Tab host={host} mayOperate={mayOperate}>
      {tab}
    </Tab>,
    { at },
  )
}

function Tab({ host, mayOperate, children }: { host: WholeHost; mayOperate: boolean; children: ReactNode }) {
  const agent = host.binding.id
  const present = host.row.presence === 'online'
  const routine = useRoutine(agent, present)
  const runNow = useRunNow(agent, routine, () => {})
  const context: HostContext = { agent, host, present, mayOperate, routine, runNow }
  return (
    <Host.Provider value={context}>
      <PlanEditProvider agent={agent} host={host}>
        <PlanGate agent={agent}>{children}</PlanGate>
        <SaveBar />
      </PlanEditProvider>
    </Host.Provider>
  )
}
