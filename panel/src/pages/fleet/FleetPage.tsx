// The fleet: hosts at the door, figures that are filters, and every host in one table.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useCallback, useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { hostsQuery, pendingQuery, sessionQuery, tilesQuery } from '../../api/queries'
import { covers } from '../../model/roles'
import { formatSort, type Sort, withParams } from '../../model/search'
import { PendingHosts } from '../../parts/PendingHosts'
import { paths } from '../../paths'
import { Button, Count, EmptyState, ErrorState, LinkButton, Page, Section, Skeleton } from '../../ui'
import { Filters } from './Filters'
import styles from './Fleet.module.css'
import { FleetTiles } from './FleetTiles'
import { asHostFilter, isFiltered, readFilter } from './filter'
import { HostTable } from './HostTable'

// It checks the fleet's statements, which a fleet with hosts does not need for its first picture.
const EmptyFleet = lazy(() => import('./EmptyFleet'))

/** To choose from; more are typed. */
const MOST_TAGS = 200

export default function FleetPage() {
  const [search, setSearch] = useSearchParams()
  const filter = useMemo(() => readFilter(search), [search])
  const session = useQuery(sessionQuery)
  const tiles = useQuery(tilesQuery)
  const pending = useQuery(pendingQuery)
  const hosts = useInfiniteQuery(hostsQuery(asHostFilter(filter)))
  const rows = useMemo(() => hosts.data?.pages.flatMap((page) => page.items) ?? [], [hosts.data])
  const tags = useMemo(() => [...new Set(rows.flatMap((row) => row.tags))].sort().slice(0, MOST_TAGS), [rows])
  const total = hosts.data?.pages[0]?.total ?? null
  const admin = covers(session.data?.role, 'admin')
  const operator = covers(session.data?.role, 'operator')

  const change = useCallback(
    (changes: Record<string, string | readonly string[] | null>) =>
      setSearch((before) => withParams(before, changes), { replace: true }),
    [setSearch],
  )
  const sort = useCallback((next: Sort) => change({ sort: formatSort(next) }), [change])
  const load = useCallback(() => void hosts.fetchNextPage(), [hosts.fetchNextPage])
  const empty = tiles.data?.hosts === 0 && !isFiltered(filter)

  return (
    <Page
      title="Fleet"
      actions={
        operator && (
          <LinkButton look="primary" icon="add" to={paths.addHost}>
            Add host
          </LinkButton>
        )
      }
    >
      <PendingHosts admin={admin} />
      {empty ? (
        <Suspense fallback={<Skeleton rows={5} />}>
          <EmptyFleet waiting={(pending.data?.length ?? 0) > 0} operator={operator} />
        </Suspense>
      ) : (
        <>
          {/* One cause is told once: below, with the way to try again. */}
          {!(tiles.data === undefined && tiles.isError && hosts.isError) && (
            <FleetTiles tiles={tiles.data} error={tiles.error} search={search} />
          )}
          <Section flush>
            <Filters filter={filter} tags={tags} change={change} />
            <div className={styles.count} role="status">
              {total !== null && (
                <>
                  <Count value={total} /> {total === 1 ? 'host' : 'hosts'}
                  {isFiltered(filter) && ' match'}
                </>
              )}
              {hosts.isError && hosts.data !== undefined && ' · what you see is from before'}
            </div>
            {hosts.data === undefined && hosts.isError ? (
              <ErrorState error={hosts.error} retry={() => void hosts.refetch()} />
            ) : hosts.data === undefined ? (
              <div className={styles.pad}>
                <Skeleton rows={8} height={26} label="Loading the hosts" />
              </div>
            ) : (
              <HostTable
                rows={rows}
                total={total}
                sort={filter.sort}
                onSort={sort}
                onTag={(tag) => change({ tag: [...new Set([...filter.tags, tag])] })}
                canRun={operator}
                more={{
                  has: hosts.hasNextPage,
                  loading: hosts.isFetchingNextPage,
                  load,
                  failed: hosts.isFetchNextPageError ? hosts.error : null,
                }}
                empty={
                  <EmptyState
                    title="No host matches"
                    action={
                      <Button
                        onClick={() =>
                          change({ q: null, status: null, repository: null, held: null, tag: null })
                        }
                      >
                        Show all hosts
                      </Button>
                    }
                  >
                    Every condition has to hold at once. Take one away.
                  </EmptyState>
                }
              />
            )}
          </Section>
        </>
      )}
    </Page>
  )
}
