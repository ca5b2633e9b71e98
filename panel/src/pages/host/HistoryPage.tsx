// The plan's past: each revision with who made it, when, why and what it changed; two of them compared; an old one restored
// as a new edit.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { planHistoryQuery } from '../../api/queries'
import type { PlanRevisionView } from '../../api/types.gen'
import { journalWords } from '../../model/plan'
import { withParams } from '../../model/search'
import { paths } from '../../paths'
import {
  Button,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  RelativeTime,
  Section,
  Skeleton,
  Stack,
} from '../../ui'
import { CompareRevisions } from './CompareRevisions'
import { useHost } from './context'
import { EditNotice } from './EditNotice'
import { usePlanEdit } from './planEdit'
import { RestoreDialog } from './RestoreDialog'

export default function HistoryPage() {
  const { agent } = useHost()
  const { enabled, view } = usePlanEdit()
  const history = useInfiniteQuery(planHistoryQuery(agent))
  const [search, setSearch] = useSearchParams()
  const navigate = useNavigate()
  const [restoring, setRestoring] = useState<PlanRevisionView | null>(null)
  const show = (from: string | null, to: string | null) =>
    setSearch(withParams(search, { from, to }), { replace: true })
  const rows = history.data?.pages.flatMap((page) => page.items) ?? []
  const columns = revisionColumns({
    // A disk that was set back may use a number twice: the newest of them counts.
    current: rows.find(({ revision }) => revision === view.revision)?.place,
    enabled,
    look: (row) => show(before(rows, row), row.place),
    restore: setRestoring,
  })
  return (
    <Stack>
      <EditNotice />
      <Section
        title="History of the plan"
        lead={
          <>
            Every revision that the host tells of, newest first. Back to{' '}
            <Link to={paths.groups(agent)}>the groups</Link>.
          </>
        }
        flush
        data-testid="plan-history"
      >
        {history.isError && history.data === undefined ? (
          <ErrorState
            error={history.error}
            title="The history is not here"
            retry={() => void history.refetch()}
          />
        ) : history.data === undefined ? (
          <Skeleton rows={6} label="Loading the history" />
        ) : (
          <DataTable
            label="Revisions of the plan"
            rows={rows}
            columns={columns}
            rowKey={({ place }) => place}
            rowTestId={(row) => `revision-${isNewest(rows, row) ? row.revision : row.place}`}
            more={{
              has: history.hasNextPage,
              loading: history.isFetchingNextPage,
              load: () => void history.fetchNextPage(),
              failed: history.isFetchNextPageError ? history.error : null,
            }}
            empty={<EmptyState title="No revision yet">The host has no plan so far.</EmptyState>}
          />
        )}
      </Section>
      {rows.length > 0 && (
        <CompareRevisions rows={rows} from={search.get('from')} to={search.get('to')} show={show} />
      )}
      <RestoreDialog
        past={restoring}
        onClose={() => setRestoring(null)}
        restored={() => {
          setRestoring(null)
          navigate(paths.groups(agent))
        }}
      />
    </Stack>
  )
}

/** The revision that came before, as the history has it. */
function before(rows: readonly PlanRevisionView[], row: PlanRevisionView): string | null {
  const older = rows.slice(rows.findIndex(({ place }) => place === row.place) + 1)
  return older.find(({ revision }) => revision < row.revision)?.place ?? null
}

/** Whether no later row has the same number. */
function isNewest(rows: readonly PlanRevisionView[], row: PlanRevisionView): boolean {
  return rows.find(({ revision }) => revision === row.revision)?.place === row.place
}

function revisionColumns(of: {
  current: string | undefined
  enabled: boolean
  look: (row: PlanRevisionView) => void
  restore: (row: PlanRevisionView) => void
}): Column<PlanRevisionView>[] {
  return [
    {
      id: 'revision',
      header: 'Revision',
      width: '7.5rem',
      cell: ({ revision, place }) => (place === of.current ? `${revision}, now` : revision),
    },
    { id: 'at', header: 'When', width: '9.5rem', cell: ({ at }) => <RelativeTime at={at} /> },
    { id: 'by', header: 'By', width: '9rem', cell: ({ by }) => by },
    {
      id: 'changes',
      header: 'What and why',
      cell: ({ changes, note }) => (
        <>
          {changes.length === 0 ? 'no difference in the plan' : changes.map(journalWords).join(', ')}
          {note !== null && (
            <>
              <br />“<bdi>{note}</bdi>”
            </>
          )}
        </>
      ),
    },
    {
      id: 'look',
      header: 'Look and restore',
      headerHidden: true,
      width: '13rem',
      align: 'end',
      cell: (row) => (
        <>
          <Button
            small
            look="quiet"
            onClick={() => of.look(row)}
            aria-label={`Look at what revision ${row.revision} changed`}
          >
            Look
          </Button>
          {row.place !== of.current && (
            <Button
              small
              disabled={!of.enabled}
              onClick={() => of.restore(row)}
              aria-label={`Restore revision ${row.revision}…`}
            >
              Restore…
            </Button>
          )}
        </>
      ),
    },
  ]
}
