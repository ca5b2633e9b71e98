// Every resource of the API that the panel writes to, one function each. Reading is in queries.ts.

import { API, api, queryString } from './client'
import type {
  ApproveRequest,
  MeView,
  OrderRequest,
  OrderView,
  Plan,
  PlanCheckView,
  SetupCheck,
  SetupCheckView,
  SetupRequest,
  SignedDocument,
  SignInRequest,
} from './types.gen'

const at = encodeURIComponent

export const checkSetup = (request: SetupCheck) => api.post<SetupCheckView>('/setup/check', request)
export const setUp = (request: SetupRequest) => api.post<MeView>('/setup', request)
export const signIn = (request: SignInRequest) => api.post<MeView>('/session', request)
export const signOut = () => api.delete<void>('/session')

export const approveHost = (agent: string, request: ApproveRequest) =>
  api.post<void>(`/pending/${at(agent)}/approve`, request)
export const rejectHost = (agent: string) => api.delete<void>(`/pending/${at(agent)}`)

export const makeToken = (token: SignedDocument) => api.post<void>('/tokens', { token })
export const revokeToken = (token: string) => api.delete<void>(`/tokens/${at(token)}`)

/** `revision`: refused as `stale` when the plan has another one by now. */
export const giveOrder = (agent: string, order: OrderRequest, revision?: number) =>
  api.post<OrderView>(
    `/hosts/${at(agent)}/orders`,
    order,
    revision === undefined ? undefined : `"${revision}"`,
  )
export const withdrawOrder = (agent: string, order: string) =>
  api.delete<void>(`/hosts/${at(agent)}/orders/${at(order)}`)

/** Would this plan do? Nothing is changed. */
export const checkPlan = (plan: Plan) => api.post<PlanCheckView>('/plan/check', { plan })

/** An address for a link, not for fetch: the whole log as a file. */
export const logDownload = (agent: string, job: string, format: 'txt' | 'ndjson') =>
  `${API}/hosts/${at(agent)}/jobs/${at(job)}/log${queryString({ format })}`
