// Keys for programs: made here, shown once, revoked here. Admins see everybody's.

import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { apiTokensQuery, peopleQuery, sessionQuery } from '../../api/queries'
import type { ApiTokenView, MeView, PersonView, Role } from '../../api/types.gen'
import { deadReason, lessRole } from '../../model/apiTokens'
import { roleWithArticle } from '../../model/roles'
import { formatSort, parseSort, withParams } from '../../model/search'
import { paths } from '../../paths'
import {
  Button,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  LinkButton,
  RelativeTime,
  Section,
  Skeleton,
  StatusDot,
  useNow,
} from '../../ui'
import styles from './ApiTokens.module.css'
import { NewApiTokenDialog } from './NewApiTokenDialog'
import { RevokeApiTokenDialog } from './RevokeApiTokenDialog'

export default function ApiTokensPage() {
  const session = useQuery(sessionQuery)
  const tokens = useQuery(apiTokensQuery)
  const [search, setSearch] = useSearchParams()
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiTokenView | null>(null)
  const sort = parseSort(search.get('sort'), { id: 'made', desc: true })
  const now = useNow(30_000)
  const me = session.data ?? null
  const people = useQuery({ ...peopleQuery(true), enabled: me?.role === 'admin' }).data
  const columns = useMemo(
    () => (me === null ? [] : columnsFor(me, makerRoles(me, people), now, setRevoking)),
    [me, people, now],
  )
  if (me === null) return null
  return (
    <Section
      flush
      title="API tokens"
      lead="For programs that call the API in your name: monitoring, scripts, other panels. Not for hosts: theirs are under Tokens."
      actions={
        <>
          <LinkButton to={paths.apiReader} look="quiet">
            What the API can do
          </LinkButton>
          <Button look="primary" icon="add" onClick={() => setMaking(true)} data-testid="new-api-token">
            New token…
          </Button>
        </>
      }
    >
      {tokens.data === undefined && tokens.isError ? (
        <ErrorState error={tokens.error} retry={() => void tokens.refetch()} />
      ) : tokens.data === undefined ? (
        <Skeleton rows={4} label="Loading the tokens" />
      ) : (
        <DataTable
          label="API tokens"
          rows={tokens.data}
          columns={columns}
          rowKey={({ id }) => String(id)}
          rowTestId={({ name }) => `api-token-${name}`}
          sort={sort}
          onSort={(next) =>
            setSearch((before) => withParams(before, { sort: formatSort(next) }), { replace: true })
          }
          empty={
            <EmptyState
              title="No API token yet"
              action={<Button onClick={() => setMaking(true)}>Make one</Button>}
            >
              A token lets a program read or change what its role allows, without a password.
            </EmptyState>
          }
        />
      )}
      <NewApiTokenDialog me={me} open={making} onClose={() => setMaking(false)} />
      <RevokeApiTokenDialog token={revoking} onClose={() => setRevoking(null)} />
    </Section>
  )
}

/** By their names, as far as one may know them: one's own, and everybody's for admins. */
function makerRoles(me: MeView, people: readonly PersonView[] | undefined): ReadonlyMap<string, Role> {
  return new Map([...(people ?? []).map(({ name, role }) => [name, role] as const), [me.user, me.role]])
}

function columnsFor(
  me: MeView,
  makers: ReadonlyMap<string, Role>,
  now: number,
  revoke: (token: ApiTokenView) => void,
): Column<ApiTokenView>[] {
  const whose: Column<ApiTokenView> = {
    id: 'whose',
    header: 'Whose',
    sortable: true,
    width: '10rem',
    value: ({ person }) => person,
    cell: ({ person }) => <bdi>{person}</bdi>,
  }
  return [
    {
      id: 'name',
      header: 'Name',
      sortable: true,
      value: ({ name }) => name,
      cell: (token) => (
        <bdi className={deadReason(token, now) === null ? undefined : styles.dead}>{token.name}</bdi>
      ),
    },
    ...(me.role === 'admin' ? [whose] : []),
    {
      id: 'role',
      header: 'Role',
      sortable: true,
      width: '9rem',
      value: (token) => lessRole(token, makers.get(token.person)) ?? token.role,
      cell: (token) => <RoleNow token={token} maker={makers.get(token.person)} />,
    },
    {
      id: 'state',
      header: 'State',
      sortable: true,
      width: '15rem',
      value: (token) => deadReason(token, now) ?? '',
      cell: (token) => <State token={token} now={now} />,
    },
    {
      id: 'made',
      header: 'Made',
      sortable: true,
      descendingFirst: true,
      hideBelow: 'lg',
      width: '9rem',
      value: ({ created_at }) => created_at,
      cell: ({ created_at }) => <RelativeTime at={created_at} />,
    },
    {
      id: 'used',
      header: 'Last used',
      sortable: true,
      descendingFirst: true,
      hideBelow: 'md',
      width: '9rem',
      value: ({ used_at }) => used_at,
      cell: ({ used_at }) => <RelativeTime at={used_at} />,
    },
    {
      id: 'expires',
      header: 'Expires',
      sortable: true,
      width: '9rem',
      value: ({ expires_at }) => expires_at,
      cell: ({ expires_at }) => <RelativeTime at={expires_at} />,
    },
    {
      id: 'revoke',
      header: 'Revoke',
      headerHidden: true,
      width: '7rem',
      align: 'end',
      cell: (token) =>
        token.revoked_at === null && (
          <Button small look="danger" onClick={() => revoke(token)} aria-label={`Revoke ${token.name}`}>
            Revoke…
          </Button>
        ),
    },
  ]
}

function RoleNow({ token, maker }: { token: ApiTokenView; maker: Role | undefined }) {
  const less = lessRole(token, maker)
  if (less === null) return token.role
  return (
    <>
      {less}
      <div className={styles.less}>
        Made for {token.role}; {token.person} is {roleWithArticle(less)} now
      </div>
    </>
  )
}

function State({ token, now }: { token: ApiTokenView; now: number }) {
  const reason = deadReason(token, now)
  if (reason === null) return <StatusDot tone="ok">Open</StatusDot>
  return (
    <StatusDot tone={token.revoked_at === null ? 'idle' : 'bad'} hollow wrap>
      {reason}
    </StatusDot>
  )
}
