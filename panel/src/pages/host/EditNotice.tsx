// Why the plan cannot be edited here, and what to do about it. Nothing when it can, nor where the page's head says it.

import { OperatorNotice } from '../../parts/OperatorNotice'
import { Notice } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'

export function EditNotice() {
  const { view, operator } = usePlanEdit()
  const { host, mayOperate } = useHost()
  if (host.retired_at !== null) return null
  if (view.read_only !== null) {
    return (
      <Notice tone="idle" title="The host’s own plan.toml governs this plan">
        {view.read_only} Edit the file there, or give the plan back to the panel with{' '}
        <code>restic-manager-agent plan adopt</code>.
      </Notice>
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
