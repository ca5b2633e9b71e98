// What an identity provider gives back in the address: a code, or why there is none (RFC 6749 §4.1.2, RFC 9207). Pure.

import type { SsoFinishRequest } from '../api/types.gen'

export type FromProvider =
  | { kind: 'code'; request: SsoFinishRequest }
  /** `said`: the provider's own words, which anybody may have put into the address. */
  | { kind: 'refused'; title: string; said: string | null; hint: string }
  | { kind: 'nothing' }

const MOST_SAID = 300

const AGAIN = 'Begin again on the sign-in page, and tell an admin if it happens again.'

/** The codes of RFC 6749 and OpenID Connect that a person can do something about. */
const REFUSALS: Readonly<Record<string, { title: string; hint: string }>> = {
  access_denied: {
    title: 'The provider did not let you in, or you cancelled',
    hint: 'Begin again, or ask whoever runs the provider for access.',
  },
  temporarily_unavailable: {
    title: 'The provider cannot sign anybody in at the moment',
    hint: 'Try again in a few minutes.',
  },
  server_error: { title: 'The provider failed', hint: 'Try again in a few minutes.' },
  login_required: { title: 'The provider wants you to sign in there first', hint: AGAIN },
  interaction_required: { title: 'The provider wants to ask you something first', hint: AGAIN },
  consent_required: { title: 'The provider wants your consent first', hint: AGAIN },
}

export function readProvider(search: string): FromProvider {
  const given = new URLSearchParams(search)
  const error = given.get('error')
  if (error !== null) {
    const known = REFUSALS[error]
    const said = given.get('error_description')?.trim() ?? ''
    return {
      kind: 'refused',
      title: known?.title ?? 'The provider refused the sign-in',
      said: said === '' ? (known === undefined ? error.slice(0, MOST_SAID) : null) : said.slice(0, MOST_SAID),
      hint: known?.hint ?? AGAIN,
    }
  }
  const [code, state] = [given.get('code'), given.get('state')]
  if (code === null || state === null) return { kind: 'nothing' }
  const iss = given.get('iss')
  return { kind: 'code', request: { code, state, ...(iss !== null && { iss }) } }
}
