// One person: how they stand, what an admin may change of it, and their way out. What cannot be done says why.

import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { isApiError } from '../../api/error'
import { peopleQuery, personQuery, sessionQuery } from '../../api/queries'
import type { PersonView } from '../../api/types.gen'
import { factorWords, lastAdminReason } from '../../model/people'
import { Allowed } from '../../parts/Allowed'
import { PersonDot, ProviderBadge } from '../../parts/personState'
import { StatusTitle } from '../../parts/StatusTitle'
import { paths } from '../../paths'
import {
  Count,
  EmptyState,
  ErrorState,
  ExactTime,
  Facts,
  LinkButton,
  Notice,
  Page,
  RelativeTime,
  Section,
  Skeleton,
} from '../../ui'
import { AccessSection } from './AccessSection'
import { PersonForm } from './PersonForm'
import { SetupLinkSection } from './SetupLinkSection'

const TRAIL = [
  { to: paths.settings, label: 'Settings' },
  { to: paths.people, label: 'People' },
]

export default function PersonPage() {
  const id = Number(useParams().person)
  return (
    <Allowed needed="admin" what="see and manage people">
      <Person key={id} id={id} />
    </Allowed>
  )
}

function Person({ id }: { id: number }) {
  const person = useQuery(personQuery(id))
  if (person.data !== undefined) return <Loaded person={person.data} />
  return (
    <Page narrow title="Person" trail={TRAIL}>
      {isApiError(person.error, 'not_found') ? (
        <EmptyState
          title="There is nobody of that number"
          action={<LinkButton to={paths.people}>To the people</LinkButton>}
        >
          The link is from another coordinator, or its database was lost since.
        </EmptyState>
      ) : person.isError ? (
        <ErrorState error={person.error} retry={() => void person.refetch()} />
      ) : (
        <Skeleton rows={6} label="Loading the person" />
      )}
    </Page>
  )
}

function Loaded({ person }: { person: PersonView }) {
  const session = useQuery(sessionQuery)
  const all = useQuery(peopleQuery(false))
  const lastAdmin = lastAdminReason(person, all.data)
  const isSelf = session.data?.user === person.name
  return (
    <Page
      narrow
      title={person.name}
      heading={
        <StatusTitle title={person.name}>
          <PersonDot state={person.state} /> <ProviderBadge person={person} />
        </StatusTitle>
      }
      trail={TRAIL}
    >
      {isSelf && (
        <Notice tone="idle" title="This is you">
          Your password, second factors and sessions are on your account page. What you take from yourself
          here is gone at once.
        </Notice>
      )}
      <Section>
        <Facts
          items={[
            { name: 'Signs in with', value: person.provider ?? 'a password of this coordinator' },
            { name: 'Last sign-in', value: <RelativeTime at={person.signed_in_at} /> },
            { name: 'Second factor', value: factorWords(person.factors) },
            { name: 'Sessions', value: <Count value={person.sessions} /> },
            {
              name: person.provider === null ? 'Invited' : 'Came first',
              value: <ExactTime at={person.created_at} />,
            },
          ]}
        />
      </Section>
      {person.provider === null && person.state !== 'disabled' && !isSelf && (
        <SetupLinkSection person={person} />
      )}
      <PersonForm key={`${person.role} ${person.email}`} person={person} lastAdmin={lastAdmin} />
      <AccessSection person={person} lastAdmin={lastAdmin} isSelf={isSelf} />
    </Page>
  )
}
