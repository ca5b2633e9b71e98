// What the coordinator says of a crontab while it is typed: only ever of what stands in the field now. The times of the
// expression before, below the reading of this one, would be a lie.

import { useQuery } from '@tanstack/react-query'
import { cronQuery } from '../../api/queries'
import type { CronView } from '../../api/types.gen'
import { useDebouncedText } from './typing'

export interface CronAnswer {
  /** Absent until it is known. */
  said: CronView | undefined
  /** It cannot be known now. */
  failed: boolean
}

export function useCronAnswer(typed: string, zone: string): CronAnswer {
  const settled = useDebouncedText(typed.trim())
  const cron = useQuery({ ...cronQuery(settled, zone), enabled: settled !== '' })
  const ofThis = settled === typed.trim() && !cron.isPlaceholderData
  return { said: ofThis ? cron.data : undefined, failed: ofThis && cron.isError }
}
