// Where the panel is put together: styles, theme, queries, routes.

import './theme/mantine.css'
import './theme/tokens.css'
import './theme/base.css'
import { MantineProvider } from '@mantine/core'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router'
import { ApiError, isApiError } from './api/error'
import { key } from './api/queries'
import { onReturn } from './api/reachability'
import { router } from './router'
import { scheme } from './theme/scheme'
import { theme, variables } from './theme/theme'
import { Toasts } from './ui/Toast'

const queries = new QueryClient({
  queryCache: new QueryCache({
    // One's role takes a second factor since a moment ago: the gate leads there once the session says so.
    onError: (error) => {
      if (isApiError(error, 'factor_needed')) void queries.invalidateQueries({ queryKey: key.session })
    },
  }),
  defaultOptions: {
    queries: {
      // Events say when something is stale; this is for tabs that were asleep.
      staleTime: 15_000,
      retry: (failures, error) => !(error instanceof ApiError && error.status >= 400) && failures < 2,
      retryDelay: (attempt) => Math.min(1_000 * 2 ** attempt, 10_000),
      refetchOnWindowFocus: true,
    },
  },
})
onReturn(() => void queries.invalidateQueries())

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} {...scheme}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
