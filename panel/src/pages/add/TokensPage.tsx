// Tokens that are out, and those that were: use, expiry, revoke, make anew.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { revokeToken } from '../../api/calls'
import { key, sessionQuery, tokensQuery } from '../../api/queries'
import type { TokenView } from '../../api/types.gen'
import { covers } from '../../model/roles'
import { formatSort, parseSort, withParams } from '../../model/search'
import { Allowed, useLack } from '../../parts/Allowed'
import { TokenDot, tokenState } from '../../parts/tokenState'
import { paths } from '../../paths'
import { dropTokenSeed } from '../../seal'
import {
  Button,
  Chip,
  Cluster,
  type Column,
  ConfirmDialog,
  DataTable,
  EmptyState,
  ErrorState,
  LinkButton,
  Page,
  RelativeTime,
  Section,
  Skeleton,
  toast,
  useNow,
} from '../../ui'

export default function TokensPage() {
  const session = useQuery(sessionQuery)
  const tokens = useQuery({ ...tokensQuery, enabled: covers(session.data?.role, 'operator') })
  const [search, setSearch] = useSearchParams()
  const [asking, setAsking] = useState<TokenView | null>(null)
  const sort = parseSort(search.get('sort'), { id: 'issued', desc: true })
  const now = useNow(30_000)
  const lack = useLack('operator', 'see and make tokens')
  const columns = useMemo(() => tokenColumns(now, setAsking), [now])

  return (
    <Page
      title="Tokens"
      lead="Admissions given in advance: whoever holds one makes a host a member."
      actions={
        <LinkButton look="primary" icon="add" to={paths.addToken} blocked={lack}>
          New token
        </LinkButton>
      }
    >
      {!covers(session.data?.role, 'operator') ? (
        <Allowed needed="operator" what="see and make tokens">
          {null}
        </Allowed>
      ) : tokens.data === undefined ? (
        tokens.isError ? (
          <ErrorState error={tokens.error} retry={() => void tokens.refetch()} />
        ) : (
          <Skeleton rows={5} label="Loading the tokens" />
        )
      ) : (
        <Section flush>
          <DataTable
            label="Tokens"
            rows={tokens.data}
            columns={columns}
            rowKey={(row) => row.token}
            rowHref={(row) => paths.token(row.token)}
            sort={sort}
            onSort={(next) =>
              setSearch((before) => withParams(before, { sort: formatSort(next) }), { replace: true })
            }
            empty={
              <EmptyState title="No token yet" action={<LinkButton to={paths.addToken}>Make one</LinkButton>}>
                For hosts that nobody sits at, and for many at once.
              </EmptyState>
            }
          />
        </Section>
      )}
      <Revoke token={asking} onClose={() => setAsking(null)} />
    </Page>
  )
}

function tokenColumns(now: number, onRevoke: (token: TokenView) => void): Column<TokenView>[] {
  return [
    {
      id: 'names',
      header: 'Admits',
      sortable: true,
      value: (row) => row.name_pattern,
      cell: (row) => <code>{row.name_pattern}</code>,
    },
    {
      id: 'state',
      header: 'State',
      sortable: true,
      width: '9rem',
      value: (row) => tokenState(row, now),
      cell: (row) => <TokenDot token={row} now={now} />,
    },
    {
      id: 'used',
      header: 'Used',
      sortable: true,
      width: '7rem',
      value: (row) => row.used_by.length,
      cell: (row) => `${row.used_by.length} of ${row.uses}`,
    },
    {
      id: 'tags',
      header: 'Tags',
      hideBelow: 'lg',
      cell: (row) => (
        <Cluster>
          {row.tags.map((tag) => (
            <Chip key={tag}>{tag}</Chip>
          ))}
        </Cluster>
      ),
    },
    {
      id: 'by',
      header: 'Made by',
      sortable: true,
      hideBelow: 'md',
      width: '10rem',
      value: (row) => row.made_by,
      cell: (row) => row.made_by,
    },
    {
      id: 'issued',
      header: 'Made',
      sortable: true,
      descendingFirst: true,
      width: '9rem',
      value: (row) => row.issued_at,
      cell: (row) => <RelativeTime at={row.issued_at} />,
    },
    {
      id: 'expires',
      header: 'Expires',
      sortable: true,
      width: '9rem',
      value: (row) => row.expires_at,
      cell: (row) => <RelativeTime at={row.expires_at} />,
    },
    {
      id: 'revoke',
      header: 'Revoke',
      headerHidden: true,
      width: '7rem',
      align: 'end',
      cell: (row) =>
        tokenState(row, now) === 'open' && (
          <Button
            small
            look="danger"
            onClick={() => onRevoke(row)}
            aria-label={`Revoke the token for ${row.name_pattern}`}
          >
            Revoke
          </Button>
        ),
    },
  ]
}

export function Revoke({ token, onClose }: { token: TokenView | null; onClose: () => void }) {
  const [busy, setBusy] = useState(false)
  const queries = useQueryClient()
  async function revoke(id: string) {
    setBusy(true)
    try {
      await revokeToken(id)
      await dropTokenSeed(id).catch(() => {})
      await queries.invalidateQueries({ queryKey: key.tokens })
      toast.ok('The token is revoked')
      onClose()
    } catch (error) {
      toast.failed('The token was not revoked', error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <ConfirmDialog
      open={token !== null}
      onClose={onClose}
      title="Revoke this token?"
      verb="Revoke"
      danger
      busy={busy}
      onConfirm={() => token !== null && void revoke(token.token)}
    >
      <p>Nobody can redeem it any more. Hosts that did so already stay members.</p>
    </ConfirmDialog>
  )
}
