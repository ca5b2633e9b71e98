// The routes of the settings. Pages are fetched when they are first opened.

import type { RouteObject } from 'react-router'

/** A page module exports its component as `default`. */
const page = (load: () => Promise<{ default: React.ComponentType }>) => async () => ({
  Component: (await load()).default,
})

export const settingsRoutes: RouteObject[] = [
  {
    path: '/settings',
    lazy: page(() => import('./SettingsPage')),
    children: [
      { index: true, lazy: async () => ({ Component: (await import('./SettingsPage')).ToFirst }) },
      { path: 'people', lazy: page(() => import('./PeoplePage')) },
      { path: 'keys', lazy: page(() => import('./KeysPage')) },
      { path: 'recovery', lazy: page(() => import('./RecoveryPage')) },
      { path: 'tokens', lazy: page(() => import('./ApiTokensPage')) },
      { path: 'api', lazy: page(() => import('./ApiPage')) },
      { path: 'about', lazy: page(() => import('./AboutPage')) },
    ],
  },
  { path: '/settings/people/:person', lazy: page(() => import('./PersonPage')) },
]
