// Where a token stands.

import type { TokenView } from '../api/types.gen'
import { StatusDot } from '../ui'

export type TokenState = 'open' | 'used' | 'expired' | 'revoked'

export function tokenState(token: TokenView, now: number): TokenState {
  if (token.revoked_at !== null) return 'revoked'
  if (token.used_by.length >= token.uses) return 'used'
  return token.expires_at <= now ? 'expired' : 'open'
}

const LOOKS = {
  open: { tone: 'ok', word: 'Open' },
  used: { tone: 'idle', word: 'Used up' },
  expired: { tone: 'idle', word: 'Expired' },
  revoked: { tone: 'bad', word: 'Revoked' },
} as const

export function TokenDot({ token, now }: { token: TokenView; now: number }) {
  const { tone, word } = LOOKS[tokenState(token, now)]
  return (
    <StatusDot tone={tone} hollow={tone === 'idle'}>
      {word}
    </StatusDot>
  )
}
