// The snapshots of a host, all of them, page after page: what is chosen, filtered or sorted is among all there are.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { snapshotsQuery } from '../api/queries'
import type { SnapshotRow } from '../api/types.gen'

/** `enabled`: the coordinator knows the host, as far as anybody can tell. */
export function useSnapshots(agent: string, enabled = true) {
  const query = useInfiniteQuery({ ...snapshotsQuery(agent), enabled })
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isError, data } = query
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage])
  const all: readonly SnapshotRow[] = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data])
  return { query, all, complete: data !== undefined && !hasNextPage }
}
