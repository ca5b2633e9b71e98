// Does the audit's chain hold? A line when it does, and what cannot be overlooked when it does not.

import { useQuery } from '@tanstack/react-query'
import { auditChainQuery } from '../../api/audit'
import { Button, Cluster, Count, Notice, RelativeTime, StatusDot } from '../../ui'
import styles from './Audit.module.css'

export function Chain() {
  const chain = useQuery(auditChainQuery)
  const again = (
    <Button small icon="refresh" busy={chain.isFetching} onClick={() => void chain.refetch()}>
      Check again
    </Button>
  )
  if (chain.data === undefined) {
    return (
      <Cluster>
        {chain.isError ? (
          <StatusDot tone="warn">The chain was not checked: {chain.error.message}</StatusDot>
        ) : (
          <StatusDot tone="run" pulse>
            Checking the chain
          </StatusDot>
        )}
        {chain.isError && again}
      </Cluster>
    )
  }
  const { first, last, verified, broken } = chain.data
  if (broken !== null) {
    return (
      <Notice tone="bad" title="The audit’s chain is broken" role="alert" action={again}>
        {sentence(broken)}{' '}
        {verified === null ? 'No record before it holds.' : `Every record up to ${verified} holds.`} Somebody
        or something changed the coordinator’s database past the coordinator: keep a copy of its files as they
        are, and run <code>restic-manager-coordinator verify</code> on its machine.
      </Notice>
    )
  }
  return (
    <div className={styles.chain} data-testid="chain">
      {last === null ? (
        <StatusDot tone="idle">No record yet</StatusDot>
      ) : verified !== last ? (
        <StatusDot tone="run" pulse>
          Chain verified up to <Count value={verified ?? 0} /> of <Count value={last} />, and going on
        </StatusDot>
      ) : (
        <StatusDot tone="ok" wrap>
          Chain verified up to <Count value={verified} /> · <RelativeTime at={chain.dataUpdatedAt} />
          {first !== null && first > 1 && (
            <>
              {' '}
              · the oldest that is kept is <Count value={first} />
            </>
          )}
        </StatusDot>
      )}
      {again}
    </div>
  )
}

/** The coordinator says what it found as errors do: in small letters, without a full stop. */
function sentence(text: string): string {
  const whole = text.trim()
  const end = /[.!?]$/.test(whole) ? '' : '.'
  return whole.charAt(0).toUpperCase() + whole.slice(1) + end
}
