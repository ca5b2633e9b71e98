// The durable page of one host that was approved: it shows the host arrive, also after a reload.

import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { hostQuery } from '../../api/queries'
import { ArrivalSteps } from '../../parts/ArrivalSteps'
import { paths } from '../../paths'
import { LinkButton, Page, Section } from '../../ui'

export default function ArrivalPage() {
  const { agent = '' } = useParams()
  const host = useQuery(hostQuery(agent))
  const name = host.data?.row.name ?? 'A host'
  return (
    <Page
      narrow
      title={`${name} arrives`}
      trail={[{ to: paths.fleet, label: 'Fleet' }]}
      lead="This page follows by itself. You may leave it and come back."
      actions={<LinkButton to={paths.host(agent)}>The host’s page</LinkButton>}
    >
      <Section>
        <ArrivalSteps agent={agent} />
      </Section>
    </Page>
  )
}
