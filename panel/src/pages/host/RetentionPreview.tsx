// What a retention would remove of a group's snapshots, as it stands in the form: asked of the host, before it is saved.

import type { Retention } from '../../api/types.gen'
import { meantRetention, retentionWords } from '../../model/plan'
import { BOUNDS, isWhole, KEEPS } from '../../model/whole'
import { RetentionVerdict } from '../../parts/RetentionVerdict'
import { usePlanEdit } from './planEdit'
import { TrialFrame } from './TrialFrame'
import { useTrial } from './trial'

export function RetentionPreview({ name, retention }: { name: string; retention: Retention }) {
  const { view } = usePlanEdit()
  const trial = useTrial()
  const meant = meantRetention(retention)
  const saved = view.plan.groups[name] !== undefined
  const rules = retentionWords(meant) !== null
  const whole = KEEPS.every((keep) => isWhole(meant[keep], BOUNDS.keep))
  return (
    <TrialFrame
      trial={trial}
      title="What would be forgotten"
      verb="Preview"
      lead="The host applies these rules to the snapshots there are, and removes nothing."
      action={saved && rules && whole ? { do: 'preview_retention', group: name, retention: meant } : null}
      why={
        !saved
          ? 'A new group has no snapshots yet.'
          : whole
            ? 'Without a rule everything is kept.'
            : 'Mend the numbers first.'
      }
      data-testid={`retention-preview-${name}`}
    >
      {(job) => (job.result?.of === 'retention' ? <RetentionVerdict job={job} result={job.result} /> : null)}
    </TrialFrame>
  )
}
