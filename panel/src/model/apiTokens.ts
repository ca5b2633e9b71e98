// What there is to say of an API token, and what is chosen for a new one. Pure.

import type { ApiTokenView, Role } from '../api/types.gen'
import { covers } from './roles'

/** Why nobody gets in by it any more; `null`: it works. */
export function deadReason(token: ApiTokenView, now: number): string | null {
  if (token.revoked_at !== null) return 'Revoked'
  if (token.expires_at !== null && token.expires_at <= now) return 'Expired'
  return token.dead ? `${token.person} is disabled` : null
}

/** What a token lets do now, where its maker may do less than it was made for; `null`: all of it, or nobody here knows. */
export function lessRole(token: ApiTokenView, maker: Role | undefined): Role | null {
  return maker === undefined || covers(maker, token.role) ? null : maker
}

export const LIFETIMES = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: 'never', label: 'It does not expire' },
] as const

export type Lifetime = (typeof LIFETIMES)[number]['value']

/** In whole days; nothing: it does not expire. */
export function daysOf(lifetime: Lifetime): { days?: number } {
  return lifetime === 'never' ? {} : { days: Number(lifetime) }
}

/** What one pastes into a shell: the secret goes into a file of one's own, not among the arguments that everybody sees. */
export function curlExample(publicUrl: string, secret: string): string {
  return [
    `(umask 077 && cat > restic-manager.header) <<'END'`,
    `Authorization: Bearer ${secret}`,
    'END',
    `curl -H @restic-manager.header ${publicUrl}/api/v1/fleet/tiles`,
  ].join('\n')
}
