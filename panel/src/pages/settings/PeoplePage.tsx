// Everybody who may sign in: who they are, how they stand, when they were last here. A row leads to what can be done.

import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { peopleQuery } from '../../api/queries'
import type { PersonView } from '../../api/types.gen'
import { factorWords, matchesPerson } from '../../model/people'
import { formatSort, parseSort, withParams } from '../../model/search'
import { Allowed } from '../../parts/Allowed'
import { PersonDot, ProviderBadge } from '../../parts/personState'
import { paths } from '../../paths'
import {
  Button,
  Cluster,
  type Column,
  Count,
  DataTable,
  EmptyState,
  ErrorState,
  RelativeTime,
  SearchField,
  Section,
  Skeleton,
  SwitchField,
} from '../../ui'
import { InviteDialog } from './InviteDialog'
import styles from './People.module.css'

export default function PeoplePage() {
  return (
    <Allowed needed="admin" what="see and manage people">
      <People />
    </Allowed>
  )
}

function People() {
  const [search, setSearch] = useSearchParams()
  const [inviting, setInviting] = useState(false)
  const text = search.get('q') ?? ''
  const disabled = search.get('disabled') === 'true'
  const sort = parseSort(search.get('sort'), { id: 'name', desc: false })
  const people = useQuery(peopleQuery(disabled))
  const rows = useMemo(
    () => people.data?.filter((person) => matchesPerson(person, text)) ?? [],
    [people.data, text],
  )
  const change = useCallback(
    (changes: Record<string, string | null>) =>
      setSearch((before) => withParams(before, changes), { replace: true }),
    [setSearch],
  )
  const find = useCallback((q: string) => change({ q }), [change])
  return (
    <Section
      flush
      title="People"
      lead="Who may sign in here, and what for."
      actions={
        <Button look="primary" icon="add" onClick={() => setInviting(true)} data-testid="invite">
          Invite…
        </Button>
      }
    >
      <search className={styles.filters}>
        <SearchField label="Search people" placeholder="Name, e-mail, role" text={text} onSearch={find} />
        <SwitchField
          label="Show disabled"
          checked={disabled}
          onChange={(on) => change({ disabled: on ? 'true' : null })}
        />
      </search>
      {people.data === undefined && people.isError ? (
        <ErrorState error={people.error} retry={() => void people.refetch()} />
      ) : people.data === undefined ? (
        <Skeleton rows={5} label="Loading the people" />
      ) : (
        <DataTable
          label="People"
          rows={rows}
          columns={COLUMNS}
          rowKey={({ id }) => String(id)}
          rowHref={({ id }) => paths.person(id)}
          rowTestId={({ name }) => `person-${name}`}
          sort={sort}
          onSort={(next) => change({ sort: formatSort(next) })}
          empty={
            <EmptyState
              title={text === '' ? 'Nobody is here' : `Nobody matches “${text}”`}
              action={text !== '' && <Button onClick={() => change({ q: null })}>Show everybody</Button>}
            >
              {!disabled && 'Who is disabled is not shown.'}
            </EmptyState>
          }
        />
      )}
      <InviteDialog open={inviting} onClose={() => setInviting(false)} />
    </Section>
  )
}

const COLUMNS: readonly Column<PersonView>[] = [
  {
    id: 'name',
    header: 'Name',
    sortable: true,
    value: ({ name }) => name,
    cell: ({ name }) => <bdi>{name}</bdi>,
  },
  {
    id: 'email',
    header: 'E-mail',
    sortable: true,
    hideBelow: 'md',
    value: ({ email }) => email,
    cell: ({ email }) => email ?? '–',
  },
  {
    id: 'role',
    header: 'Role',
    sortable: true,
    width: '7rem',
    value: ({ role }) => role,
    cell: ({ role }) => role,
  },
  {
    id: 'state',
    header: 'State',
    sortable: true,
    width: '13rem',
    value: ({ state }) => state,
    cell: (person) => (
      <Cluster>
        <PersonDot state={person.state} />
        <ProviderBadge person={person} />
      </Cluster>
    ),
  },
  {
    id: 'factors',
    header: 'Second factor',
    width: '11rem',
    hideBelow: 'lg',
    cell: ({ factors }) => factorWords(factors),
  },
  {
    id: 'signed-in',
    header: 'Last sign-in',
    sortable: true,
    descendingFirst: true,
    width: '10rem',
    value: ({ signed_in_at }) => signed_in_at,
    cell: ({ signed_in_at }) => <RelativeTime at={signed_in_at} />,
  },
  {
    id: 'sessions',
    header: 'Sessions',
    sortable: true,
    descendingFirst: true,
    align: 'end',
    width: '7rem',
    hideBelow: 'md',
    value: ({ sessions }) => sessions,
    cell: ({ sessions }) => <Count value={sessions} />,
  },
]
