// The audit: its records, its chain, and the address of its export.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { API, api, queryString } from './client'
import type { AuditAction, AuditChainView, AuditView, Page, UnixMs } from './types.gen'

/** Filters of `GET /audit` and of the export, as the API names them. */
export interface AuditQuery {
  actor?: string
  /** Any of them. */
  action?: readonly AuditAction[]
  target?: string
  since?: UnixMs
  /** Up to, but not including. */
  until?: UnixMs
  order?: 'asc' | 'desc'
}

const RECORDS_A_PAGE = 200
/** No event tells of a new record: lists that follow look again this often. */
const LOOK_AGAIN_MS = 5_000

export const auditQuery = (filter: AuditQuery, live: boolean) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AuditView>>('/audit', { ...filter, cursor: pageParam, limit: RECORDS_A_PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    // Whoever scrolled down reads what was; all of it would be read again.
    refetchInterval: ({ state }) => (live && (state.data?.pages.length ?? 0) <= 1 ? LOOK_AGAIN_MS : false),
  })

/** A long chain is checked part by part: it is asked for until its end, or until what does not hold. */
const CHAIN_GOES_ON_MS = 1_000

export const auditChainQuery = queryOptions({
  queryKey: ['audit-chain'],
  queryFn: ({ signal }) => api.get<AuditChainView>('/audit/chain', {}, signal),
  staleTime: 60_000,
  refetchInterval: ({ state: { data } }) =>
    data !== undefined && data.broken === null && data.verified !== data.last ? CHAIN_GOES_ON_MS : false,
})

/** An address for a link, not for fetch: all records of the filter as a file. */
export const auditDownload = (filter: AuditQuery, format: 'ndjson' | 'csv') =>
  `${API}/audit/export${queryString({ ...filter, format })}`
