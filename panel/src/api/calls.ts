// Every resource of the API that the panel writes to, one function each. Reading is in queries.ts.

import { API, api, queryString } from './client'
import type {
  AnnounceKeyRequest,
  ApiTokenMade,
  ApiTokenRequest,
  ApproveRequest,
  DeviceKeyView,
  InviteRequest,
  MeView,
  OrderRequest,
  OrderView,
  PersonEdit,
  PersonView,
  Plan,
  PlanCheckView,
  SetupCheck,
  SetupCheckView,
  SetupLinkView,
  SetupRequest,
  SignedDocument,
  SignedOutView,
  TemplateRequest,
  TemplateView,
} from './types.gen'

const at = encodeURIComponent

export const checkSetup = (request: SetupCheck) => api.post<SetupCheckView>('/setup/check', request)
export const setUp = (request: SetupRequest) => api.post<MeView>('/setup', request)
export const signOut = () => api.delete<SignedOutView>('/session')

/** Publishes the next fleet statement. */
export const publishStatement = (statement: SignedDocument) => api.post<void>('/fleet/statements', statement)
/** This browser's key is mine; it signs nothing until a statement names it. */
export const announceKey = (request: AnnounceKeyRequest) => api.post<DeviceKeyView>('/account/keys', request)
/** Forgets an announcement. What the statement says of the key stays as it is. */
export const forgetKey = (operatorKey: string) => api.delete<void>(`/keys/${at(operatorKey)}`)

export const invite = (request: InviteRequest) => api.post<SetupLinkView>('/people', request)
/** Another setup link; the one before opens nothing any more. */
export const makeSetupLink = (person: number) => api.post<SetupLinkView>(`/people/${person}/setup-link`)
export const changePerson = (person: number, edit: PersonEdit) =>
  api.patch<PersonView>(`/people/${person}`, edit)
export const disablePerson = (person: number) => api.post<PersonView>(`/people/${person}/disable`)
export const enablePerson = (person: number) => api.post<PersonView>(`/people/${person}/enable`)
export const signOutPerson = (person: number) => api.delete<void>(`/people/${person}/sessions`)
export const resetFactors = (person: number) => api.delete<void>(`/people/${person}/factors`)

export const makeApiToken = (request: ApiTokenRequest) => api.post<ApiTokenMade>('/api-tokens', request)
export const revokeApiToken = (token: number) => api.delete<void>(`/api-tokens/${token}`)

export const approveHost = (agent: string, request: ApproveRequest) =>
  api.post<void>(`/pending/${at(agent)}/approve`, request)
export const rejectHost = (agent: string) => api.delete<void>(`/pending/${at(agent)}`)

export const makeToken = (token: SignedDocument) => api.post<void>('/tokens', { token })
export const revokeToken = (token: string) => api.delete<void>(`/tokens/${at(token)}`)

/** Forgets a host that was retired: its rows and its journal's copy here. The host keeps everything. */
export const removeHost = (agent: string) => api.delete<void>(`/hosts/${at(agent)}`)

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

const version = ({ changed_at }: TemplateView) => `"${changed_at}"`

/** Makes the template, or replaces `before` as it was looked at: what a colleague made meanwhile is not overwritten. */
export const putTemplate = (name: string, request: TemplateRequest, before: TemplateView | undefined) =>
  api.put<TemplateView>(`/templates/${at(name)}`, request, before === undefined ? null : version(before))
export const deleteTemplate = (template: TemplateView) =>
  api.delete<void>(`/templates/${at(template.name)}`, version(template))

/** An address for a link, not for fetch: the whole log as a file. */
export const logDownload = (agent: string, job: string, format: 'txt' | 'ndjson') =>
  `${API}/hosts/${at(agent)}/jobs/${at(job)}/log${queryString({ format })}`

/** An address for a link: the API's own description. */
export const openapiAddress = `${API}/openapi.json`
