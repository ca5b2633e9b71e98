// Hooks within the open edit: whose key they take, what the endpoint refuses, and the scripts that go along.

import type { Hooks } from '../../api/types.gen'
import { hooksOf } from '../../model/plan'
import { HookFields } from '../../parts/HookFields'
import { mayAct } from '../../parts/OperatorNotice'
import { covers } from '../../parts/operator'
import { Notice } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'

export function HookPart(props: { scope: string; hooks: Hooks; onChange: (hooks: Hooks) => void }) {
  const { plan, problems, enabled, operator, secret, typeSecret } = usePlanEdit()
  const { host } = useHost()
  const admin = mayAct(operator, 'admin')
  const refused = host.facts.policy.refuse_hooks
  return (
    <>
      {refused && (
        <Notice tone="idle" title="This host takes no hooks from afar">
          Its own policy (<code>refuse_hooks</code> in agent.toml) refuses scripts. They are given at the
          host: <code>restic-manager-agent secret set</code>.
        </Notice>
      )}
      {operator.state === 'ready' && !covers(operator.role, 'admin') && (
        <Notice tone="idle" title="Hooks take the key of an admin">
          A hook runs with all power over the host. This browser’s key is that of an {operator.role}.
        </Notice>
      )}
      <HookFields
        {...props}
        hostHooks={hooksOf(plan)}
        problems={problems}
        disabled={!enabled || !admin}
        mayGive={admin && !refused}
        secret={secret}
        onSecret={typeSecret}
      />
    </>
  )
}
