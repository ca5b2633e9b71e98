// The hosts that use the same repository, with their plans as far as they can be read: what keepers, owners and append-only
// repositories are decided by.

import { useQueries, useQuery } from '@tanstack/react-query'
import { sharerQuery, sharingQuery } from '../../../api/queries'
import type { PlanView, RepositoryView, SharingView } from '../../../api/types.gen'
import type { Charge } from '../../../model/wards'
import { useHost } from '../context'

export interface Sharer {
  sharing: SharingView
  view: PlanView | undefined
  /** Undefined until plan and host are here. */
  charge: Charge | undefined
  /** It is connected, as far as that is known. */
  present: boolean
  error: unknown
}

/** `wanted`: somebody decides by them now. Until then nobody is asked: there may be hundreds. */
export function useSharers(state: RepositoryView | undefined, wanted: boolean): Sharer[] {
  const { agent } = useHost()
  const known = state?.sharing ?? []
  const more = state !== undefined && state.sharing_total > known.length
  const all = useQuery({ ...sharingQuery(agent, state?.name ?? ''), enabled: wanted && more })
  const sharing = all.data ?? known
  const read = useQueries({
    queries: sharing.map(({ agent }) => ({ ...sharerQuery(agent), enabled: wanted })),
  })
  return sharing.map((one, n) => {
    const view = read[n]?.data?.plan
    const host = read[n]?.data?.host
    const charge =
      view === undefined || host === undefined
        ? undefined
        : {
            agent: one.agent,
            name: one.name,
            // As restic names it in its snapshots: a host that took another's place goes on under that one's name.
            hostname: view.plan.hostname ?? host.facts.hostname,
            repository: one.repository,
            plan: view.plan,
            revision: view.revision,
          }
    const present = host?.row.presence === 'online'
    return { sharing: one, view, charge, present, error: read[n]?.error ?? null }
  })
}

/** Of the hosts that share it, those that look after the snapshots of `agent`. */
export function keepersOf(agent: string, sharers: readonly Sharer[]): Sharer[] {
  return sharers.filter(({ sharing, view }) =>
    view?.plan.repositories[sharing.repository]?.wards?.some((ward) => ward.agent === agent),
  )
}
