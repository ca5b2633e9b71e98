// One's own account: what the panel reads of it and changes in it.

import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type {
  AccountView,
  ConfirmRequest,
  PasskeyChallengeView,
  PasskeyRequest,
  PasswordRequest,
  RecoveryCodesView,
  SessionView,
  TotpConfirmRequest,
  TotpView,
} from './types.gen'

const at = encodeURIComponent

export const accountKey = ['account'] as const

export const accountQuery = queryOptions({
  queryKey: accountKey,
  queryFn: ({ signal }) => api.get<AccountView>('/account', {}, signal),
})

/** Where one is signed in. */
export const ownSessionsQuery = queryOptions({
  queryKey: [...accountKey, 'sessions'],
  queryFn: ({ signal }) => api.get<SessionView[]>('/account/sessions', {}, signal),
})

export const changePassword = (request: PasswordRequest) => api.post<void>('/account/password', request)
export const endSession = (session: string) => api.delete<void>(`/account/sessions/${at(session)}`)
/** All but the one that asks. */
export const endOtherSessions = () => api.delete<void>('/account/sessions')

export const beginTotp = (request: ConfirmRequest) => api.post<TotpView>('/account/totp', request)
export const confirmTotp = (request: TotpConfirmRequest) =>
  api.post<RecoveryCodesView>('/account/totp/confirm', request)
export const removeTotp = (request: ConfirmRequest) => api.delete<void>('/account/totp', undefined, request)

export const beginPasskeyAdding = (request: ConfirmRequest) =>
  api.post<PasskeyChallengeView>('/account/passkeys/begin', request)
export const addPasskey = (request: PasskeyRequest) =>
  api.post<RecoveryCodesView>('/account/passkeys', request)
export const removePasskey = (passkey: string, request: ConfirmRequest) =>
  api.delete<void>(`/account/passkeys/${at(passkey)}`, undefined, request)

export const makeRecoveryCodes = (request: ConfirmRequest) =>
  api.post<RecoveryCodesView>('/account/recovery-codes', request)
