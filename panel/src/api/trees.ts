// What the panel reads of a snapshot: directories, and how much lies below a path. The host answers it, or a coordinator
// that asked it a moment ago.

import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { MeasureView, TreeView } from './types.gen'

const at = encodeURIComponent

/** Where a snapshot is, for the panel and the API. */
export interface Place {
  agent: string
  repository: string
  snapshot: string
}

const within = ({ agent, repository, snapshot }: Place) =>
  `/hosts/${at(agent)}/repositories/${at(repository)}/snapshots/${at(snapshot)}`

/** Snapshots never change: what was read of one stays. Only so much is kept that a large tree does not fill the tab. */
const SNAPSHOT_STAYS = { staleTime: Number.POSITIVE_INFINITY, gcTime: 10 * 60_000, retry: false } as const

const ENTRIES_A_PAGE = 500

/** What of a directory is asked for: `tree` opens it at once where a node told its id; `name` leaves what contains it. */
export interface Asked {
  path: string
  tree?: string | undefined
  name?: string | undefined
  cursor?: string | null
}

/** A page of one directory. Not below the host's key: what its events make stale are never snapshots. */
export const treeQuery = (place: Place, { path, tree, name, cursor = null }: Asked) =>
  queryOptions({
    queryKey: ['tree', place.agent, place.repository, place.snapshot, path, name ?? '', cursor] as const,
    queryFn: ({ signal }) =>
      api.get<TreeView>(
        `${within(place)}/tree`,
        { ...(tree === undefined ? { path } : { tree }), name, cursor, limit: ENTRIES_A_PAGE },
        signal,
      ),
    ...SNAPSHOT_STAYS,
  })

/** How much lies below a path. */
export const measureQuery = (place: Place, path: string) =>
  queryOptions({
    queryKey: ['measure', place.agent, place.repository, place.snapshot, path] as const,
    queryFn: ({ signal }) => api.get<MeasureView>(`${within(place)}/measure`, { path }, signal),
    ...SNAPSHOT_STAYS,
  })
