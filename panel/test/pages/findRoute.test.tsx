// @vitest-environment jsdom
//
// The address of a search leads to the snapshots that it looks through.

import { render, waitFor } from '@testing-library/react'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { expect, it } from 'vitest'
import { hostRoutes } from '../../src/pages/host/routes'

it('keeps what is looked for', async () => {
  const [host] = hostRoutes
  const find = host?.children?.find(({ path }) => path === 'find')
  const router = createMemoryRouter(
    [
      { path: '/hosts/:agent', children: find === undefined ? [] : [find] },
      { path: '/hosts/:agent/snapshots', element: null },
    ],
    { initialEntries: ['/hosts/a/find?q=*.txt&repository=main&group=etc&i=1'] },
  )
  render(<RouterProvider router={router} />)
  await waitFor(() => expect(router.state.location.pathname).toBe('/hosts/a/snapshots'))
  expect(router.state.location.search).toBe('?find=*.txt&repository=main&group=etc&i=1')
})
