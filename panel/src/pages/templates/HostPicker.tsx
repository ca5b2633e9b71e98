// Chooses hosts: find them by name or tag, tick them, or all that are found.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hostsQuery } from '../../api/queries'
import type { HostRow } from '../../api/types.gen'
import { PresenceDot } from '../../parts/presence'
import {
  Button,
  CheckField,
  Chip,
  Cluster,
  type Column,
  DataTable,
  EmptyState,
  ErrorState,
  FieldStack,
  Skeleton,
  TextField,
} from '../../ui'

export interface Chosen {
  agent: string
  name: string
}

interface Props {
  chosen: readonly Chosen[]
  onChange: (chosen: readonly Chosen[]) => void
  disabled: boolean
}

export function HostPicker({ chosen, onChange, disabled }: Props) {
  const [text, setText] = useState('')
  const hosts = useInfiniteQuery(hostsQuery({ ...(text.trim() !== '' && { q: text.trim() }), sort: 'name' }))
  const rows = hosts.data?.pages.flatMap((page) => page.items) ?? []
  const total = hosts.data?.pages[0]?.total ?? null
  const picked = new Set(chosen.map(({ agent }) => agent))
  const toggle = (row: HostRow, on: boolean) =>
    onChange(
      on
        ? [...chosen, { agent: row.agent, name: row.name }]
        : chosen.filter(({ agent }) => agent !== row.agent),
    )
  const fresh = rows.filter(({ agent }) => !picked.has(agent))
  const columns: Column<HostRow>[] = [
    {
      id: 'name',
      header: 'Host',
      cell: (row) => (
        <CheckField
          label={row.name}
          checked={picked.has(row.agent)}
          disabled={disabled}
          onChange={(on) => toggle(row, on)}
        />
      ),
    },
    {
      id: 'presence',
      header: 'Presence',
      width: '9rem',
      cell: (row) => <PresenceDot presence={row.presence} />,
    },
    {
      id: 'tags',
      header: 'Tags',
      cell: (row) => (
        <Cluster>
          {row.tags.map((tag) => (
            <Chip key={tag}>{tag}</Chip>
          ))}
        </Cluster>
      ),
    },
  ]
  return (
    <FieldStack>
      <Cluster>
        <TextField
          label="Find hosts"
          help="By name, tag or system."
          inputMode="search"
          value={text}
          onChange={setText}
          disabled={disabled}
        />
        <Button
          disabled={disabled || fresh.length === 0}
          onClick={() => onChange([...chosen, ...fresh.map(({ agent, name }) => ({ agent, name }))])}
        >
          Choose all {rows.length} shown
        </Button>
        <Button look="quiet" disabled={disabled || chosen.length === 0} onClick={() => onChange([])}>
          Choose none
        </Button>
        <span role="status">
          {chosen.length} chosen{total !== null && `, ${total} found`}
        </span>
      </Cluster>
      {hosts.data === undefined && hosts.isError ? (
        <ErrorState error={hosts.error} retry={() => void hosts.refetch()} />
      ) : hosts.data === undefined ? (
        <Skeleton rows={6} label="Loading the hosts" />
      ) : (
        <DataTable
          label="Hosts to choose from"
          rows={rows}
          columns={columns}
          rowKey={({ agent }) => agent}
          total={total}
          sortedByServer
          more={{
            has: hosts.hasNextPage,
            loading: hosts.isFetchingNextPage,
            load: () => void hosts.fetchNextPage(),
            failed: hosts.isFetchNextPageError ? hosts.error : null,
          }}
          empty={<EmptyState title="No host matches">Try another part of the name, or a tag.</EmptyState>}
        />
      )}
    </FieldStack>
  )
}
