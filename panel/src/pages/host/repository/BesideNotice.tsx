// Says in a form that signs the whole draft what else it would sign, and what stands in its way.

import type { PlanProblem } from '../../../api/types.gen'
import { changesInWords } from '../../../parts/PlanDiff'
import { Notice } from '../../../ui'
import type { Beside } from './beside'

interface Props {
  beside: Beside
  /** What the coordinator says of the rest of the plan, with what is typed here. */
  others: readonly PlanProblem[]
}

export function BesideNotice({ beside, others }: Props) {
  if (beside.overtaken) {
    return (
      <Notice tone="warn" title="The plan moved on while you edited it" role="alert">
        Close this, and lay your unsaved changes on top of the plan as it is now, or discard them, at the foot
        of the page. Then come back.
      </Notice>
    )
  }
  const problems = beside.problems.length > 0 ? beside.problems : others
  return (
    <>
      {beside.along.length > 0 && (
        <Notice tone="idle" title="Your unsaved changes of the plan are signed and saved with it">
          {changesInWords(beside.along)}
        </Notice>
      )}
      {problems.length > 0 && (
        <Notice tone="bad" title="The rest of the plan has to be mended first" role="alert">
          <ul aria-label="To be mended elsewhere">
            {problems.map(({ field, message }) => (
              <li key={`${field} ${message}`}>
                {field !== '' && <code>{field}</code>} {message}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </>
  )
}
