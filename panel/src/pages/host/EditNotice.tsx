// Why the plan cannot be edited here, and what to do about it. Nothing when it can, nor where the page's head says it.

import type { PlanFileProblem } from '../../api/types.gen'
import { OperatorNotice } from '../../parts/OperatorNotice'
import { Notice } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'

/** An edit of the file that the host did not take. */
function FileProblems({ problems }: { problems: readonly PlanFileProblem[] }) {
  if (problems.length === 0) return null
  return (
    <Notice tone="warn" title="The host’s plan.toml is not taken as it stands" role="status">
      <ul data-testid="plan-file-problems">
        {problems.map(({ line, field, message }) => (
          <li key={`${line} ${field} ${message}`}>
            {line !== null && <>line {line}: </>}
            {field !== '' && (
              <>
                <code>{field}</code>:{' '}
              </>
            )}
            {message}
          </li>
        ))}
      </ul>
      The plan before stays in force. <code>restic-manager-agent plan check</code> at the host says more.
    </Notice>
  )
}

export function EditNotice() {
  const { view, operator } = usePlanEdit()
  const { host, mayOperate } = useHost()
  if (host.retired_at !== null) return null
  if (view.read_only !== null) {
    return (
      <>
        <FileProblems problems={view.file_problems} />
        <Notice tone="idle" title="The host’s own plan.toml governs this plan">
          {view.read_only} Edit the file there, or give the plan back to the panel with{' '}
          <code>restic-manager-agent plan adopt</code>.
        </Notice>
      </>
    )
  }
  if (!mayOperate) {
    return (
      <Notice tone="idle" title="You may look at this plan, not change it">
        Changing it takes the role operator. An admin can give it to you.
      </Notice>
    )
  }
  if (operator.state === 'distrust') {
    return (
      <Notice tone="warn" title="Nothing is signed here now">
        This browser does not trust what the coordinator shows of the fleet: what is said above comes first.
      </Notice>
    )
  }
  return <OperatorNotice operator={operator} needed="operator" what="change the plan" />
}
