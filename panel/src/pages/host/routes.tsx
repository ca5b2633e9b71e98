// The routes below one host. Pages are fetched when they are first opened.

import { Navigate, type RouteObject, useParams, useSearchParams } from 'react-router'
import { paths } from '../../paths'

/** A page module exports its component as `default`. */
const page = (load: () => Promise<{ default: React.ComponentType }>) => async () => ({
  Component: (await load()).default,
})

export const hostRoutes: RouteObject[] = [
  {
    path: '/hosts/:agent',
    lazy: page(() => import('./HostPage')),
    children: [
      { index: true, element: <ToSnapshots /> },
      { path: 'snapshots', lazy: page(() => import('./SnapshotsTab')) },
      { path: 'find', element: <ToFind /> },
      { path: 'jobs', lazy: page(() => import('./JobsTab')) },
      {
        lazy: page(() => import('./PlanTabs')),
        children: [
          { path: 'groups', lazy: page(() => import('./GroupsTab')) },
          { path: 'history', lazy: page(() => import('./HistoryPage')) },
          { path: 'schedules', lazy: page(() => import('./SchedulesTab')) },
          { path: 'repository', lazy: page(() => import('./RepositoryTab')) },
          { path: 'settings', lazy: page(() => import('./SettingsTab')) },
        ],
      },
    ],
  },
  {
    path: '/hosts/:agent/restore/:repository/:snapshot',
    lazy: page(() => import('../restore/RestorePage')),
  },
  {
    path: '/hosts/:agent/compare/:repository/:older/:newer',
    lazy: page(() => import('../restore/ComparePage')),
  },
  { path: '/hosts/:agent/jobs/:job', lazy: page(() => import('../job/JobPage')) },
]

function ToSnapshots() {
  const { agent = '' } = useParams()
  return <Navigate replace to={paths.snapshots(agent)} />
}

/** An address for a search: it stands among the snapshots that it looks through. */
function ToFind() {
  const { agent = '' } = useParams()
  const [search] = useSearchParams()
  const asked = (name: string) => search.get(name)
  return (
    <Navigate
      replace
      to={paths.find(agent, {
        find: asked('q') ?? '',
        ...{ repository: asked('repository'), group: asked('group'), i: asked('i') },
      })}
    />
  )
}
