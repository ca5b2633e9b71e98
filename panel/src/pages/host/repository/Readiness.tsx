// Can a repository be used, why not, what to do, and a way to try again.

import type { RepositoryView } from '../../../api/types.gen'
import { ReadinessDot } from '../../../parts/presence'
import { Button, Notice, toast } from '../../../ui'
import { useHost } from '../context'
import styles from '../Tabs.module.css'

export function Readiness({ name, state }: { name: string; state: RepositoryView | undefined }) {
  const { mayOperate, routine } = useHost()
  const readiness = state?.readiness ?? 'unknown'
  const why = state?.explanation ?? null
  const probe = () =>
    void routine.give(`look at ${name}`, { do: 'probe', repository: name }, () =>
      toast.ok('The host looks at the repository', 'What it finds appears here.'),
    )
  const retry = mayOperate && (
    <Button small icon="refresh" busy={routine.busy !== null} onClick={probe} data-testid="probe">
      Test the connection
    </Button>
  )
  if (readiness === 'ready' && why === null) {
    return (
      <div className={styles.state}>
        <ReadinessDot readiness={readiness} />
        {retry}
      </div>
    )
  }
  return (
    <Notice
      // Ready, and yet something to say: such as a new credential that does not open it.
      tone={readiness === 'unusable' ? 'bad' : why === null ? 'idle' : 'warn'}
      title={<ReadinessDot readiness={readiness} />}
      action={retry}
      role="status"
    >
      {why === null ? 'The host has not looked at it yet.' : `${why.message} ${why.hint}`}
    </Notice>
  )
}
