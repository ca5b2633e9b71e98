// Every route and the page it opens. Pages are fetched when they are first opened.

import { createBrowserRouter } from 'react-router'
import { hostRoutes } from './pages/host/routes'
import { settingsRoutes } from './pages/settings/routes'
import { Broken } from './pages/shell/Broken'
import { Gate } from './pages/shell/Gate'
import { Shell } from './pages/shell/Shell'

/** A page module exports its component as `default`. */
const page = (load: () => Promise<{ default: React.ComponentType }>) => async () => ({
  Component: (await load()).default,
})

export const router = createBrowserRouter([
  {
    element: <Gate />,
    errorElement: <Broken />,
    // Until the first page's own chunk is here; it takes a blink, so nothing flashes.
    hydrateFallbackElement: <main aria-busy="true" />,
    children: [
      { path: '/setup', lazy: page(() => import('./pages/setup/SetupPage')) },
      { path: '/sign-in', lazy: page(() => import('./pages/SignInPage')) },
      { path: '/welcome', lazy: page(() => import('./pages/welcome/WelcomePage')) },
      { path: '/sso/callback', lazy: page(() => import('./pages/sso/CallbackPage')) },
      { path: '/second-factor', lazy: page(() => import('./pages/account/AddFactorPage')) },
      {
        element: <Shell />,
        children: [
          {
            errorElement: <Broken />,
            children: [
              { path: '/', lazy: page(() => import('./pages/fleet/FleetPage')) },
              { path: '/add', lazy: page(() => import('./pages/add/AnnouncePage')) },
              { path: '/add/token', lazy: page(() => import('./pages/add/NewTokenPage')) },
              { path: '/tokens', lazy: page(() => import('./pages/add/TokensPage')) },
              { path: '/tokens/:token', lazy: page(() => import('./pages/add/TokenPage')) },
              { path: '/templates', lazy: page(() => import('./pages/templates/TemplatesPage')) },
              { path: '/templates/:name/apply', lazy: page(() => import('./pages/templates/ApplyPage')) },
              { path: '/pending/:agent', lazy: page(() => import('./pages/approve/ApprovePage')) },
              { path: '/hosts/:agent/arrival', lazy: page(() => import('./pages/add/ArrivalPage')) },
              { path: '/account', lazy: page(() => import('./pages/account/AccountPage')) },
              { path: '/audit', lazy: page(() => import('./pages/audit/AuditPage')) },
              ...hostRoutes,
              ...settingsRoutes,
              { path: '*', lazy: page(() => import('./pages/NotFoundPage')) },
            ],
          },
        ],
      },
    ],
  },
])
