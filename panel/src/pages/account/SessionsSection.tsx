// Where one is signed in: each session with its device and address, to be ended one by one or all but this one.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { endOtherSessions, endSession, ownSessionsQuery } from '../../api/account'
import { isApiError } from '../../api/error'
import type { SessionView } from '../../api/types.gen'
import { deviceInWords } from '../../model/device'
import {
  Badge,
  Button,
  type Column,
  ConfirmDialog,
  DataTable,
  ErrorState,
  RelativeTime,
  Section,
  Skeleton,
  toast,
} from '../../ui'
import styles from './Account.module.css'

export function SessionsSection() {
  const sessions = useQuery(ownSessionsQuery)
  const { busy, end } = useEnding()
  const [asking, setAsking] = useState(false)
  const others = sessions.data?.filter(({ current }) => !current).length ?? 0
  const columns = useMemo(() => sessionColumns(busy, end), [busy, end])

  async function endOthers() {
    await end('all', endOtherSessions, 'Every other session has ended')
    setAsking(false)
  }

  return (
    <Section
      title="Sessions"
      lead="Every browser in which you are signed in."
      flush
      data-testid="sessions"
      {...(others > 0 && {
        actions: (
          <Button onClick={() => setAsking(true)} disabled={busy !== null}>
            Sign out all others
          </Button>
        ),
      })}
    >
      {sessions.data === undefined ? (
        <div className={styles.pad}>
          {sessions.isError ? (
            <ErrorState error={sessions.error} retry={() => void sessions.refetch()} />
          ) : (
            <Skeleton rows={3} label="Loading your sessions" />
          )}
        </div>
      ) : (
        <DataTable
          label="Your sessions"
          rows={sessions.data}
          columns={columns}
          rowKey={({ id }) => id}
          rowTestId={({ current }) => (current ? 'session-this' : 'session-other')}
        />
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Sign out all others?"
        verb="Sign them out"
        keep="Leave them"
        busy={busy === 'all'}
        onConfirm={() => void endOthers()}
      >
        <p>
          {others === 1 ? 'The other session ends' : `The ${others} other sessions end`} at once; this browser
          stays signed in. If one of them was not yours, change your password too.
        </p>
      </ConfirmDialog>
    </Section>
  )
}

type End = (what: string, act: () => Promise<void>, done: string) => Promise<void>

/** `busy`: what is being ended, a session's id or `all`. */
function useEnding(): { busy: string | null; end: End } {
  const queries = useQueryClient()
  const [busy, setBusy] = useState<string | null>(null)
  const end = useCallback<End>(
    async (what, act, done) => {
      setBusy(what)
      try {
        await act()
        toast.ok(done)
      } catch (error) {
        // It ended by itself meanwhile: that is what was wanted.
        if (!isApiError(error, 'not_found')) toast.failed('The session was not ended', error)
      } finally {
        setBusy(null)
        await queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey })
      }
    },
    [queries],
  )
  return { busy, end }
}

function sessionColumns(busy: string | null, end: End): Column<SessionView>[] {
  const endOne = ({ id, device }: SessionView) =>
    end(id, () => endSession(id), `The session of ${deviceInWords(device)} has ended`)
  return [
    {
      id: 'device',
      header: 'Device',
      cell: (session) => (
        <span className={styles.device} title={session.device ?? undefined}>
          <bdi>{deviceInWords(session.device)}</bdi>
          {session.current && <Badge tone="ok">this one</Badge>}
          {session.provider !== null && <Badge title="Who vouched for you">{session.provider}</Badge>}
        </span>
      ),
    },
    {
      id: 'address',
      header: 'Address',
      width: '11rem',
      cell: ({ address }) =>
        address === null ? 'unknown' : <code className={styles.address}>{address}</code>,
    },
    { id: 'used', header: 'Last used', width: '9rem', cell: ({ used_at }) => <RelativeTime at={used_at} /> },
    {
      id: 'since',
      header: 'Signed in',
      width: '9rem',
      cell: ({ created_at }) => <RelativeTime at={created_at} />,
    },
    {
      id: 'ends',
      header: 'Ends',
      width: '8rem',
      hideBelow: 'lg',
      cell: ({ expires_at }) => <RelativeTime at={expires_at} />,
    },
    {
      id: 'verb',
      header: 'Action',
      headerHidden: true,
      width: '7rem',
      align: 'end',
      cell: (session) =>
        session.current ? null : (
          <Button
            small
            busy={busy === session.id}
            disabled={busy !== null}
            onClick={() => void endOne(session)}
            aria-label={`Sign out ${deviceInWords(session.device)}`}
          >
            Sign out
          </Button>
        ),
    },
  ]
}
