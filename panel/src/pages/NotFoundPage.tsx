// An address that leads nowhere.

import { paths } from '../paths'
import { EmptyState, LinkButton, Page } from '../ui'

export default function NotFoundPage() {
  return (
    <Page title="There is no such page" narrow>
      <EmptyState
        title="This address leads nowhere"
        action={<LinkButton to={paths.fleet}>Go to the fleet</LinkButton>}
      >
        The link may be old, or the host behind it was retired.
      </EmptyState>
    </Page>
  )
}
