// The same work once more, by an order: signed where that wants an operator's key.

import { useId } from 'react'
import { useNavigate } from 'react-router'
import type { JobView } from '../../api/types.gen'
import { againAction } from '../../model/job'
import { isSigned } from '../../model/orders'
import { mayAct } from '../../parts/OperatorNotice'
import { paths } from '../../paths'
import { Button, toast } from '../../ui'
import { useSigned } from '../host/grave'
import { useRoutine, useRunNow } from '../host/orders'

interface Props {
  job: JobView
  present: boolean
  /** Why the person may not, whatever key this browser has. */
  lack: string | undefined
}

export function RunAgain({ job, present, lack }: Props) {
  const { agent } = job
  const routine = useRoutine(agent, present)
  const runNow = useRunNow(agent, routine, () => {})
  const grave = useSigned(agent, present)
  const navigate = useNavigate()
  const hint = useId()
  const again = againAction(job)
  if (again === null) return null
  const signed = isSigned(again)
  const lacksKey = signed && grave.operator.state !== 'loading' && !mayAct(grave.operator, 'operator')
  const begun = (jobs: readonly string[]) => {
    const [only] = jobs
    if (jobs.length === 1 && only !== undefined) void navigate(paths.job(agent, only))
    else toast.ok('The host does it again', 'It appears among its jobs.')
  }
  function run() {
    if (again?.do === 'run') void runNow(again.groups, again)
    else if (again !== null) void (signed ? grave : routine).give('do it again', again, begun)
  }
  return (
    <>
      {lack === undefined && lacksKey && (
        <small id={hint}>Running it again takes an operator’s key in this browser.</small>
      )}
      <Button
        icon="refresh"
        busy={routine.busy !== null || grave.busy}
        blocked={lack}
        disabled={signed && !mayAct(grave.operator, 'operator')}
        {...(lacksKey && { 'aria-describedby': hint })}
        data-testid="run-again"
        onClick={run}
      >
        Run again
      </Button>
    </>
  )
}
