// What the panel reads: one option object per resource, for useQuery. The keys are also what events make stale, so
// every key of one host begins with ['host', agent].

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from './client'
import { isApiError } from './error'
import { setExpired } from './expiry'
import type {
  ApiTokenView,
  CronView,
  DeviceKeyView,
  FleetView,
  HostRow,
  HostView,
  InstallView,
  JobKind,
  JobView,
  LogView,
  MaintenanceView,
  MeView,
  OrderView,
  Page,
  PendingView,
  PersonView,
  PlanRevisionView,
  PlanView,
  PolicyFacts,
  RepositoryHistoryView,
  ScheduleView,
  SetupView,
  SharingView,
  SnapshotRow,
  TemplateView,
  TilesView,
  TokenView,
} from './types.gen'

const at = encodeURIComponent

/** Filters of `GET /hosts`, as the API names them. */
export interface HostFilter {
  q?: string
  /** Any of them. */
  status?: readonly string[]
  tag?: readonly string[]
  repository?: string
  held?: string
  /** `true`: those whose place another host took, too. */
  replaced?: string
  sort?: string
  order?: 'asc' | 'desc'
}

/** Filters of `GET /hosts/{agent}/jobs`. */
export interface JobFilter {
  kind?: string
  state?: string
  group?: string
  repository?: string
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
  sharer: (agent: string) => ['sharer', agent] as const,
  templates: ['templates'] as const,
  people: ['people'] as const,
  person: (id: number) => ['people', 'one', id] as const,
  /** Operator keys: everybody's, and below them one's own. */
  keys: ['keys'] as const,
  ownKeys: ['keys', 'own'] as const,
  apiTokens: ['api-tokens'] as const,
  openapi: ['openapi'] as const,
  host: (agent: string) => ['host', agent] as const,
  jobs: (agent: string) => ['host', agent, 'jobs'] as const,
  job: (agent: string, job: string) => ['host', agent, 'job', job] as const,
  log: (agent: string, job: string) => ['host', agent, 'job', job, 'log'] as const,
  orders: (agent: string) => ['host', agent, 'orders'] as const,
  maintenance: (agent: string) => ['host', agent, 'maintenance'] as const,
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
    queryFn: async ({ signal }) => whole(await api.get<HostView>(`/hosts/${at(agent)}`, {}, signal)),
  })

/** A host with everything that may be left out on the wire. */
export type WholeHost = HostView & { facts: HostView['facts'] & Required<Pick<HostView['facts'], 'policy'>> }

/** A policy that refuses nothing is left out on the wire. */
function whole(host: HostView): WholeHost {
  const policy: PolicyFacts = host.facts.policy ?? {
    refuse_destination_changes: false,
    refuse_hooks: false,
    refuse_orders: [],
    keep_at_least: null,
  }
  return { ...host, facts: { ...host.facts, policy } }
}

export const planQuery = (agent: string) =>
  queryOptions({
    queryKey: [...key.host(agent), 'plan'],
    queryFn: ({ signal }) => api.get<PlanView>(`/hosts/${at(agent)}/plan`, {}, signal),
  })

/** How often a host that shares a repository is looked at again. */
const SHARERS_MS = 60_000

interface SharerView {
  host: WholeHost
  plan: PlanView
}

/**
 * A host and its plan, as far as another one that shares its repository cares. Not among what its events make stale: a hundred
 * hosts share one repository, and each would be read whenever any of them works. The plan is read when it is another one.
 */
export const sharerQuery = (agent: string) =>
  queryOptions({
    queryKey: key.sharer(agent),
    queryFn: async ({ signal, client }): Promise<SharerView> => {
      const host = whole(await api.get<HostView>(`/hosts/${at(agent)}`, {}, signal))
      const before = client.getQueryData<SharerView>(key.sharer(agent))?.plan
      const same = before?.revision === host.plan_revision
      const plan = same ? before : await api.get<PlanView>(`/hosts/${at(agent)}/plan`, {}, signal)
      return { host, plan }
    },
    staleTime: SHARERS_MS / 2,
    refetchInterval: SHARERS_MS,
  })

/** The revisions that the host's journal tells of, newest first. */
export const planHistoryQuery = (agent: string) =>
  infiniteQueryOptions({
    queryKey: [...key.host(agent), 'plan', 'history'],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<PlanRevisionView>>(
        `/hosts/${at(agent)}/plan/history`,
        { cursor: pageParam, limit: 50 },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  })

/** The plan as it was at one row of the history: that never changes, though a number may come twice. */
export const planRevisionQuery = (
  agent: string,
  { revision, place }: Pick<PlanRevisionView, 'revision' | 'place'>,
) =>
  queryOptions({
    queryKey: [...key.host(agent), 'plan', 'revision', place],
    queryFn: async ({ signal }): Promise<Pick<PlanView, 'plan'>> => {
      const path = `/hosts/${at(agent)}/plan/revisions/${revision}`
      const { plan } = await api.get<PlanView>(path, { place }, signal)
      return { plan }
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

export const templatesQuery = queryOptions({
  queryKey: key.templates,
  queryFn: ({ signal }) => api.get<TemplateView[]>('/templates', {}, signal),
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

/** All hosts that share the repository; its view has the first hundred. */
export const sharingQuery = (agent: string, repository: string) =>
  queryOptions({
    queryKey: [...key.host(agent), 'sharing', repository],
    queryFn: async ({ signal }) => {
      const all: SharingView[] = []
      let cursor: string | null = null
      do {
        const page: Page<SharingView> = await api.get<Page<SharingView>>(
          `/hosts/${at(agent)}/repositories/${at(repository)}/sharing`,
          { cursor, limit: 500 },
          signal,
        )
        all.push(...page.items)
        cursor = page.next
      } while (cursor !== null)
      return all
    },
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

/** The newest job of one kind: what its restic could not say counts until the next. */
export const newestJobQuery = (agent: string, kind: JobKind) =>
  queryOptions({
    queryKey: [...key.jobs(agent), 'newest', kind],
    queryFn: async ({ signal }): Promise<JobView | null> => {
      const page = await api.get<Page<JobView>>(`/hosts/${at(agent)}/jobs`, { kind, limit: 1 }, signal)
      return page.items[0] ?? null
    },
  })

export const maintenanceQuery = (agent: string) =>
  queryOptions({
    queryKey: key.maintenance(agent),
    queryFn: ({ signal }) => api.get<MaintenanceView[]>(`/hosts/${at(agent)}/maintenance`, {}, signal),
  })

/** How a repository grew: a point per day at most. */
export const historyQuery = (agent: string, repository: string, days: number) =>
  queryOptions({
    queryKey: [...key.host(agent), 'history', repository, days],
    queryFn: ({ signal }) =>
      api.get<RepositoryHistoryView>(
        `/hosts/${at(agent)}/repositories/${at(repository)}/history`,
        { days },
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
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

/** Everybody who may sign in, and those who no longer may where they are asked for. */
export const peopleQuery = (disabled: boolean) =>
  queryOptions({
    queryKey: [...key.people, 'all', disabled],
    queryFn: ({ signal }) => api.get<PersonView[]>('/people', disabled ? { disabled } : {}, signal),
    placeholderData: keepPreviousData,
  })

export const personQuery = (id: number) =>
  queryOptions({
    queryKey: key.person(id),
    queryFn: ({ signal }) => api.get<PersonView>(`/people/${id}`, {}, signal),
  })

export const keysQuery = queryOptions({
  queryKey: [...key.keys, 'all'],
  queryFn: ({ signal }) => api.get<DeviceKeyView[]>('/keys', {}, signal),
})

export const ownKeysQuery = queryOptions({
  queryKey: key.ownKeys,
  queryFn: ({ signal }) => api.get<DeviceKeyView[]>('/account/keys', {}, signal),
})

export const apiTokensQuery = queryOptions({
  queryKey: key.apiTokens,
  queryFn: ({ signal }) => api.get<ApiTokenView[]>('/api-tokens', {}, signal),
})

/** The API's own description, as the coordinator serves it. What it says is read as data, not as a type of ours. */
export const openapiQuery = queryOptions({
  queryKey: key.openapi,
  queryFn: ({ signal }) => api.get<unknown>('/openapi.json', {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
})
