// Letting a host in: compare fingerprints, give it a name, a repository and start paths. Signs the admission over the very
// fingerprint that was compared, then the first plan with its secrets sealed to the keys under that fingerprint. A member that took
// another's place and never got its plan is gone on with here.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams } from 'react-router'
import { isApiError } from '../../api/error'
import { hostQuery, pendingQuery } from '../../api/queries'
import { isHalfReplaced } from '../../model/replacement'
import { Allowed } from '../../parts/Allowed'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { type Operator, useOperator } from '../../parts/operator'
import { paths } from '../../paths'
import { EmptyState, ErrorState, LinkButton, Page, Skeleton } from '../../ui'
import { ApproveForm } from './ApproveForm'
import { ResumeForm } from './ResumeForm'

export default function ApprovePage() {
  const { agent = '' } = useParams()
  return <Door key={agent} agent={agent} />
}

function Door({ agent }: { agent: string }) {
  const operator = useOperator()
  const pending = useQuery(pendingQuery)
  const host = pending.data?.find((one) => one.agent === agent)
  // Who was at the door once is being approved here, also when it is there no more.
  const [hostname, setHostname] = useState<string>()
  if (host !== undefined && hostname === undefined) setHostname(host.hostname)
  const enabled = pending.data !== undefined && host === undefined && hostname === undefined
  const member = useQuery({ ...hostQuery(agent), retry: false, enabled })
  const resumed = enabled && member.data !== undefined && isHalfReplaced(member.data)
  return (
    <Page
      narrow
      title={
        resumed
          ? 'Go on with the replacement'
          : hostname === undefined
            ? 'Approve a host'
            : `Approve ${hostname}`
      }
      trail={[{ to: paths.fleet, label: 'Fleet' }]}
    >
      <Allowed needed="admin" what="approve a host">
        <OperatorNotice operator={operator} needed="admin" what="approve a host" />
        {!mayAct(operator, 'admin') ? null : pending.data === undefined ? (
          pending.isError ? (
            <ErrorState error={pending.error} retry={() => void pending.refetch()} />
          ) : (
            <Skeleton rows={6} label="Loading the host" />
          )
        ) : (
          // Once approved the host is no longer at the door, but the form may still have its plan to send.
          <ApproveForm
            agent={agent}
            host={host}
            operator={operator}
            gone={<Gone agent={agent} operator={operator} />}
          />
        )}
      </Allowed>
    </Page>
  )
}

/** Not at the door: a member by now, or away. */
function Gone({ agent, operator }: { agent: string; operator: Extract<Operator, { state: 'ready' }> }) {
  const host = useQuery({ ...hostQuery(agent), retry: false })
  if (host.data?.replaces != null && isHalfReplaced(host.data)) {
    return (
      <ResumeForm agent={agent} host={host.data} replaces={host.data.replaces.agent} operator={operator} />
    )
  }
  if (host.data !== undefined) {
    return (
      <EmptyState
        title={`${host.data.row.name} is a member already`}
        action={<LinkButton to={paths.arrival(agent)}>See it arrive</LinkButton>}
      >
        Somebody approved it.
      </EmptyState>
    )
  }
  if (host.isError && !isApiError(host.error, 'not_found', 'bad_request'))
    return <ErrorState error={host.error} />
  if (host.isPending) return <Skeleton rows={3} />
  return (
    <EmptyState
      title="This host does not wait any more"
      action={<LinkButton to={paths.addHost}>Add a host</LinkButton>}
    >
      Its hour is over, it was sent away, or its agent was stopped. Run the command on it again.
    </EmptyState>
  )
}
