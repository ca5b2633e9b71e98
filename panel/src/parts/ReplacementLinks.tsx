// What can be done for a host that took another's place and never got its plan: go on with that, or begin by hand.

import { covers } from '../model/roles'
import { paths } from '../paths'
import { LinkButton } from '../ui'
import { useRole } from './Allowed'

/** `half`: there is a replacement to go on with, which is an admin's to do. Beginning by hand is always there. */
export function ReplacementLinks({ agent, half }: { agent: string; half: boolean }) {
  const admin = covers(useRole(), 'admin')
  return (
    <>
      {half && admin && (
        <LinkButton small to={paths.approve(agent)}>
          Go on with the replacement
        </LinkButton>
      )}{' '}
      <LinkButton small to={paths.repository(agent)}>
        Give it a repository
      </LinkButton>
    </>
  )
}
