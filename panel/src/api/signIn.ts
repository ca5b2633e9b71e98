// The ways in: by password and second factor, by passkey, by a provider, by a setup link. What one does once inside is in
// account.ts.

import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type {
  InvitationCheck,
  InvitationRequest,
  InvitationView,
  MeView,
  PasskeyChallengeView,
  PasskeySignInRequest,
  SecondFactorRequest,
  SecondFactorView,
  SignInRequest,
  SignInWaysView,
  SsoFinishRequest,
  SsoFinishView,
  SsoStartRequest,
  SsoStartView,
} from './types.gen'

const at = encodeURIComponent

export const waysQuery = queryOptions({
  queryKey: ['ways'],
  queryFn: ({ signal }) => api.get<SignInWaysView>('/session/ways', {}, signal),
  staleTime: 60_000,
})

/** The password was right: one is in, or shows a second factor. */
export type PasswordAnswer = { in: true; me: MeView } | { in: false; second: SecondFactorView }

const ACCEPTED = 202

export async function signIn(request: SignInRequest): Promise<PasswordAnswer> {
  const { status, body } = await api.postAsking<MeView | SecondFactorView>('/session', request)
  return status === ACCEPTED
    ? { in: false, second: body as SecondFactorView }
    : { in: true, me: body as MeView }
}

export const showFactor = (request: SecondFactorRequest) =>
  api.post<MeView>('/session/second-factor', request)

export const beginPasskey = () => api.post<PasskeyChallengeView>('/session/passkey/begin')
export const signInByPasskey = (request: PasskeySignInRequest) =>
  api.post<MeView>('/session/passkey', request)

export const startSso = (provider: string, request: SsoStartRequest) =>
  api.post<SsoStartView>(`/sso/${at(provider)}/start`, request)

/** The provider vouches: one is in, or one's role takes a second factor all the same. */
export type ProviderAnswer = ({ in: true } & SsoFinishView) | { in: false; second: SecondFactorView }

export async function finishSso(request: SsoFinishRequest): Promise<ProviderAnswer> {
  const { status, body } = await api.postAsking<SsoFinishView | SecondFactorView>('/sso/finish', request)
  return status === ACCEPTED
    ? { in: false, second: body as SecondFactorView }
    : { in: true, ...(body as SsoFinishView) }
}

export const checkInvitation = (request: InvitationCheck) =>
  api.post<InvitationView>('/invitation/check', request)
export const takeInvitation = (request: InvitationRequest) => api.post<MeView>('/invitation', request)
