// Whether work was tried as often as it is: what the agent said of the attempt when it let it wait.

import type { JobView } from '../api/types.gen'

/** How many attempts were made, where this was the last of several and nothing came of it; `null` where it was not. */
export function attemptsUsed({ origin, state }: Pick<JobView, 'origin' | 'state'>): number | null {
  const inVain = state === 'failed' || state === 'interrupted'
  return inVain && origin.by === 'retry' && origin.attempt === origin.of ? origin.attempt : null
}
