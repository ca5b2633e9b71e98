// What a group would back up, as it stands in the form: asked of the host itself, before anything is saved.

import type { Group } from '../../api/types.gen'
import { meantGroup, same } from '../../model/plan'
import { numberProblems } from '../../model/whole'
import { DryRunFound } from '../../parts/DryRunFound'
import { usePlanEdit } from './planEdit'
import { TrialFrame } from './TrialFrame'
import { useTrial } from './trial'

export function DryRun({ name, group }: { name: string; group: Group }) {
  const { view } = usePlanEdit()
  const trial = useTrial()
  const settings = meantGroup(group)
  const whole = numberProblems({ ...view.plan, groups: { [name]: settings } }).length === 0
  const unchanged = same(settings, view.plan.groups[name])
  return (
    <TrialFrame
      trial={trial}
      title="What would be backed up"
      verb="Try it at the host"
      lead="The host looks through these paths as they stand here, saved or not, and writes nothing."
      action={
        settings.includes.length === 0 || !whole
          ? null
          : { do: 'dry_run', group: name, settings: unchanged ? null : settings }
      }
      why={whole ? 'Name at least one path first.' : 'Mend the numbers first.'}
      data-testid={`dry-run-${name}`}
    >
      {(job) => (job.result?.of === 'dry_run' ? <DryRunFound job={job} result={job.result} /> : null)}
    </TrialFrame>
  )
}
