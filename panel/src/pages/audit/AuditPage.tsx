// The audit: who did what, on what, when and from where; whether its chain holds; and all of it as a file.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { auditDownload, auditQuery } from '../../api/audit'
import { useLive } from '../../api/events'
import { sessionQuery } from '../../api/queries'
import type { AuditView } from '../../api/types.gen'
import { actorWords } from '../../model/audit'
import { lackOf } from '../../model/roles'
import { formatSort, type Sort, withParams } from '../../model/search'
import { paths } from '../../paths'
import { Button, DownloadButton, EmptyState, ErrorState, LinkButton, Page, Section, Skeleton } from '../../ui'
import styles from './Audit.module.css'
import { AuditTable } from './AuditTable'
import { Chain } from './Chain'
import { Filters } from './Filters'
import { asQuery, isFiltered, readFilter } from './filter'

export default function AuditPage() {
  const role = useQuery(sessionQuery).data?.role
  if (role === undefined) {
    return (
      <Page title="Audit">
        <Skeleton rows={10} height={26} label="Asking who you are" />
      </Page>
    )
  }
  const lack = lackOf(role, 'admin', 'read the audit')
  if (lack !== null) {
    return (
      <Page title="Audit" narrow>
        <EmptyState
          title="The audit is for admins"
          action={<LinkButton to={paths.fleet}>Go to the fleet</LinkButton>}
        >
          {lack}
        </EmptyState>
      </Page>
    )
  }
  return <Audit />
}

function Audit() {
  const [search, setSearch] = useSearchParams()
  const filter = useMemo(() => readFilter(search), [search])
  // A span ends when it was chosen: what comes later is newer than all of it, and is in it too.
  const query = useMemo(() => asQuery(filter, Date.now()), [filter])
  const { on } = useLive()
  const records = useInfiniteQuery(auditQuery(query, on))
  const rows = useMemo(() => records.data?.pages.flatMap((page) => page.items) ?? [], [records.data])
  const [open, toggle] = useOpen()
  const change = useCallback(
    (changes: globalThis.Record<string, string | null>) =>
      setSearch((before) => withParams(before, changes), { replace: true }),
    [setSearch],
  )
  const onSort = useCallback((sort: Sort) => change({ sort: formatSort(sort) }), [change])
  const actors = useMemo(() => actorsOf(rows), [rows])

  return (
    <Page
      title="Audit"
      lead="Everything that people and their programs changed, and who was not let in. Each record is chained to the one before and signed."
      actions={
        <>
          <DownloadButton href={auditDownload(query, 'ndjson')}>NDJSON</DownloadButton>
          <DownloadButton href={auditDownload(query, 'csv')}>CSV</DownloadButton>
        </>
      }
    >
      <Chain />
      <Section flush>
        <Filters filter={filter} actors={actors} change={change} />
        {records.data === undefined ? (
          <div className={styles.pad}>
            {records.isError ? (
              <ErrorState error={records.error} retry={() => void records.refetch()} />
            ) : (
              <Skeleton rows={10} height={26} label="Loading the audit" />
            )}
          </div>
        ) : (
          <AuditTable
            rows={rows}
            sort={filter.sort}
            onSort={onSort}
            open={open}
            onToggle={toggle}
            more={{
              has: records.hasNextPage,
              loading: records.isFetchingNextPage,
              load: () => void records.fetchNextPage(),
              failed: records.isFetchNextPageError ? records.error : null,
            }}
            empty={
              isFiltered(filter) ? (
                <EmptyState
                  title="No record matches"
                  action={
                    <Button
                      onClick={() =>
                        change({
                          actor: null,
                          action: null,
                          target: null,
                          range: null,
                          since: null,
                          until: null,
                        })
                      }
                    >
                      Take the conditions away
                    </Button>
                  }
                >
                  Who: how the name begins. On what: a part of its name.
                </EmptyState>
              ) : (
                <EmptyState title="No record yet">What is changed from now on stands here.</EmptyState>
              )
            }
          />
        )}
      </Section>
    </Page>
  )
}

function useOpen() {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set())
  const toggle = useCallback(
    (seq: number) =>
      setOpen((before) => {
        const next = new Set(before)
        if (!next.delete(seq)) next.add(seq)
        return next
      }),
    [],
  )
  return [open, toggle] as const
}

/** Who is in sight, once each. */
function actorsOf(rows: readonly AuditView[]) {
  const all = new Map(
    rows.map(({ actor }) => {
      const { name, filter } = actorWords(actor)
      return [filter, name] as const
    }),
  )
  all.delete('')
  return [...all].map(([value, label]) => ({ value, label }))
}
