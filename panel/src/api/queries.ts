// What the panel reads: one option object per resource, for useQuery. The keys are also what events make stale, so
// every key of one host begins with ['host', agent].

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import { isApiError } from './error'
import { setExpired } from './expiry'
import type {
  CronView,
  FleetView,
  HostRow,
  HostView,
  InstallView,
  JobView,
  LogView,
  MeView,
  OrderView,
  Page,
  PendingView,
  PlanView,
  ScheduleView,
  SetupView,
  SnapshotRow,
  TilesView,
  TokenView,
} from './types.gen'

const at = encodeURIComponent

/** Filters of `GET /hosts`, as the API names them. */
export interface HostFilter {
  q?: string
  status?: string
  tag?: readonly string[]
  repository?: string
  sort?: string
  order?: 'asc' | 'desc'
}

/** Filters of `GET /hosts/{agent}/jobs`. */
export interface JobFilter {
  kind?: string
  state?: string
  group?: string
}

export const key = {
  session: ['session'] as const,
  setup: ['setup'] as const,
  fleet: ['fleet'] as const,
  tiles: ['tiles'] as const,
  install: ['install'] as const,
  hosts: ['hosts'] as const,
  pending: ['pending'] as const,
  tokens: ['tokens'] as const,
  cron: ['cron'] as const,
  host: (agent: string) => ['host', agent] as const,
  jobs: (agent: string) => ['host', agent, 'jobs'] as const,
  job: (agent: string, job: string) => ['host', agent, 'job', job] as const,
  log: (agent: string, job: string) => ['host', agent, 'job', job, 'log'] as const,
  orders: (agent: string) => ['host', agent, 'orders'] as const,
}

/** Who am I? `null`: nobody is signed in. Whoever was signed in stays, as expired, until they leave or sign in again. */
export const sessionQuery = queryOptions({
  queryKey: key.session,
  queryFn: async ({ signal, client }): Promise<MeView | null> => {
    try {
      const me = await api.get<MeView>('/session', {}, signal)
      setExpired(false)
      return me
    } catch (error) {
      if (!isApiError(error, 'not_signed_in', 'setup_needed', 'expired')) throw error
      const before = client.getQueryData<MeView | null>(key.session) ?? null
      if (before !== null) setExpired(true)
      return before
    }
  },
  staleTime: 60_000,
})

export const setupQuery = queryOptions({
  queryKey: key.setup,
  queryFn: ({ signal }) => api.get<SetupView>('/setup', {}, signal),
  staleTime: 60_000,
})

export const fleetQuery = queryOptions({
  queryKey: key.fleet,
  queryFn: ({ signal }) => api.get<FleetView>('/fleet', {}, signal),
  staleTime: 60_000,
})

export const tilesQuery = queryOptions({
  queryKey: key.tiles,
  queryFn: ({ signal }) => api.get<TilesView>('/fleet/tiles', {}, signal),
})

export const installQuery = queryOptions({
  queryKey: key.install,
  queryFn: ({ signal }) => api.get<InstallView>('/fleet/install', {}, signal),
  staleTime: 60_000,
})

const HOSTS_A_PAGE = 500

export const hostsQuery = (filter: HostFilter) =>
  infiniteQueryOptions({
    queryKey: [...key.hosts, filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<HostRow>>('/hosts', { ...filter, cursor: pageParam, limit: HOSTS_A_PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  })

export const pendingQuery = queryOptions({
  queryKey: key.pending,
  queryFn: ({ signal }) => api.get<PendingView[]>('/pending', {}, signal),
})

export const tokensQuery = queryOptions({
  queryKey: key.tokens,
  queryFn: ({ signal }) => api.get<TokenView[]>('/tokens', {}, signal),
})

export const hostQuery = (agent: string) =>
  queryOptions({
    queryKey: key.host(agent),
    queryFn: ({ signal }) => api.get<HostView>(`/hosts/${at(agent)}`, {}, signal),
  })

export const planQuery = (agent: string) =>
  queryOptions({
    queryKey: [...key.host(agent), 'plan'],
    queryFn: ({ signal }) => api.get<PlanView>(`/hosts/${at(agent)}/plan`, {}, signal),
  })

export const schedulesQuery = (agent: string) =>
  queryOptions({
    queryKey: [...key.host(agent), 'schedules'],
    queryFn: ({ signal }) => api.get<ScheduleView[]>(`/hosts/${at(agent)}/schedules`, {}, signal),
  })

export const snapshotsQuery = (agent: string) =>
  infiniteQueryOptions({
    queryKey: [...key.host(agent), 'snapshots'],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<SnapshotRow>>(`/hosts/${at(agent)}/snapshots`, { cursor: pageParam, limit: 200 }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  })

export const jobsQuery = (agent: string, filter: JobFilter = {}) =>
  infiniteQueryOptions({
    queryKey: [...key.jobs(agent), filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<JobView>>(
        `/hosts/${at(agent)}/jobs`,
        { ...filter, cursor: pageParam, limit: 100 },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  })

export const jobQuery = (agent: string, job: string) =>
  queryOptions({
    queryKey: key.job(agent, job),
    queryFn: ({ signal }) => api.get<JobView>(`/hosts/${at(agent)}/jobs/${at(job)}`, {}, signal),
  })

/** One page of a log, from line `after` on. Not a query: the log view appends pages itself. */
export const readLog = (agent: string, job: string, after: number, signal?: AbortSignal) =>
  api.get<LogView>(`/hosts/${at(agent)}/jobs/${at(job)}/log`, { after }, signal)

export const ordersQuery = (agent: string) =>
  queryOptions({
    queryKey: key.orders(agent),
    queryFn: ({ signal }) => api.get<OrderView[]>(`/hosts/${at(agent)}/orders`, {}, signal),
  })

/** What a crontab means: the next `n` runs, or why it is none. */
export const cronQuery = (expression: string, zone: string | null, n = 5) =>
  queryOptions({
    queryKey: [...key.cron, expression, zone, n],
    queryFn: ({ signal }) => api.get<CronView>('/cron', { expression, zone, n }, signal),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })
