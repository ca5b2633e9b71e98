// What the restore page and its part for another host know of each other.

import type { WholeHost } from '../../api/queries'
import type { Restore } from '../../api/types.gen'

/** Of `OtherHost` (OtherHost.tsx, its default export): shown in place of the target's other fields. */
export interface OtherHostProps {
  /** The host that the snapshot is of, and the repository as it is called there. */
  source: WholeHost
  /** All that is chosen so far; what is missing is where to, and what is lent. */
  restore: Omit<Restore, 'target' | 'lent'>
  /** The directory that all ticked things lie in, whose path may be left out; `null`: there is none. */
  base: string | null
  /** Called whenever what was chosen for the other host changes; with `null` when the part goes away. */
  onTarget: (target: OtherTarget | null) => void
}

export interface OtherTarget {
  /** For the summary: "into /srv/back on db-2". */
  words: string
  /** Why it cannot be given yet, and what to do about it; `null`: it can. */
  missing: string | null
  /** Lends, signs and gives, then opens the job's page. Never throws: failures are told. Says whether it is given. */
  give: () => Promise<boolean>
}
