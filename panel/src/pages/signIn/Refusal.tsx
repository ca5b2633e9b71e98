// Why somebody is not in, in plain words; after too many tries, how long it takes until the next.

import { type ApiError, isApiError } from '../../api/error'
import { PasskeyError } from '../../seal/passkey'
import { Notice, useNow } from '../../ui'

export interface Refused {
  error: unknown
  /** When it was said. */
  at: number
}

export function Refusal({ error, at }: Refused) {
  if (error instanceof PasskeyError) {
    return (
      <Notice tone={error.trouble === 'failed' ? 'bad' : 'warn'} title={error.message} role="alert">
        {error.hint}
      </Notice>
    )
  }
  if (!isApiError(error)) {
    return (
      <Notice tone="bad" title="Not signed in" role="alert">
        Something unexpected happened in this page. Reload it and try again.
      </Notice>
    )
  }
  if (error.code === 'too_many_requests' && error.retryAfterS !== null) {
    return <Wait seconds={error.retryAfterS} at={at} />
  }
  return (
    <Notice tone="bad" title={titleOf(error)} role="alert">
      {titleOf(error) === error.message ? error.hint : `${error.message} ${error.hint}`}
    </Notice>
  )
}

/** “Not allowed” says little to somebody who is not in yet, and “a conflict” to nobody. */
function titleOf(error: ApiError): string {
  if (error.code === 'forbidden') return 'You cannot sign in'
  return error.code === 'conflict' ? error.message : error.title
}

function Wait({ seconds, at }: { seconds: number; at: number }) {
  const now = useNow(1_000)
  const left = Math.ceil((seconds * 1_000 - (now - at)) / 1_000)
  return (
    <Notice tone="warn" title="Too many attempts" role="alert">
      {left > 0 ? `Try again in ${waitText(left)}.` : 'Try again now.'} Attempts are counted for this name and
      this address.
    </Notice>
  )
}

function waitText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`
}
