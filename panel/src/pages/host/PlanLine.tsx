// Which plan this is, and the way to its history and to a template of it.

import { useState } from 'react'
import { Link } from 'react-router'
import { paths } from '../../paths'
import { Button, Cluster, RelativeTime } from '../../ui'
import { useHost } from './context'
import { usePlanEdit } from './planEdit'
import { TemplateDialog } from './TemplateDialog'

export function PlanLine() {
  const { agent, mayOperate } = useHost()
  const { view } = usePlanEdit()
  const [saving, setSaving] = useState(false)
  return (
    <Cluster>
      <span>
        Plan revision {view.revision}
        {view.changed_by !== null && (
          <>
            , by <bdi>{view.changed_by}</bdi>
          </>
        )}
        {view.changed_at !== null && (
          <>
            , <RelativeTime at={view.changed_at} />
          </>
        )}
      </span>
      <Link to={paths.planHistory(agent)}>History</Link>
      {mayOperate && (
        <Button small look="quiet" onClick={() => setSaving(true)} data-testid="save-template">
          Save as a template…
        </Button>
      )}
      <TemplateDialog open={saving} onClose={() => setSaving(false)} />
    </Cluster>
  )
}
