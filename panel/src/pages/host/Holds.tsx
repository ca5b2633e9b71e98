// What is held back at a host: which work, why, and the step of a person that lifts it. Backups are never held.

import { Link } from 'react-router'
import type { Hold } from '../../api/types.gen'
import { HOLDS } from '../../model/holds'
import { sentence } from '../../model/plan'
import { paths } from '../../paths'
import { Notice, RelativeTime } from '../../ui'
import { useHost } from './context'
import { ConfirmPlan } from './Trouble'

export function Holds() {
  const { agent, host } = useHost()
  // A journal that was set back is told as trouble already, with the same step.
  const holds = host.holds.filter(({ cause }) => cause !== 'epoch_begun' || host.trouble?.kind !== 'set_back')
  return holds.map((hold) => (
    <Notice
      key={`${hold.cause}/${hold.repository ?? ''}`}
      tone="warn"
      title={titleOf(hold)}
      role="status"
      action={<Step agent={agent} hold={hold} />}
    >
      {sentence(hold.message)} {HOLDS[hold.cause].next} Backups go on. Since <RelativeTime at={hold.at} />.
    </Notice>
  ))
}

function titleOf({ cause, repository }: Hold): string {
  return repository === null ? HOLDS[cause].title : `${repository}: ${HOLDS[cause].title}`
}

function Step({ agent, hold }: { agent: string; hold: Hold }) {
  switch (HOLDS[hold.cause].step) {
    case 'confirm':
      return <ConfirmPlan />
    case 'adopt':
      return (
        <Link to={paths.repositoryPart(agent, 'doubtful', hold.repository)}>To the doubtful snapshots</Link>
      )
    case 'owner':
      return (
        <Link to={paths.repositoryPart(agent, 'sharing', hold.repository)}>
          To the owner of the repository
        </Link>
      )
  }
}
