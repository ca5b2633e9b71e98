// The groups whose snapshots are copied to this repository as well, and the copy of all that are not here yet, now: by a
// signed order, since it decides where data goes.

import { Link, useNavigate } from 'react-router'
import { mayAct, OperatorNotice } from '../../../parts/OperatorNotice'
import { paths } from '../../../paths'
import { Button, toast } from '../../../ui'
import { useHost } from '../context'
import { useGrave } from '../grave'
import { usePlanEdit } from '../planEdit'
import styles from '../Tabs.module.css'

export function Copies({ name }: { name: string }) {
  const { agent, mayOperate } = useHost()
  const { operator, busy, give } = useGrave()
  const { view } = usePlanEdit()
  const navigate = useNavigate()
  const groups = Object.entries(view.plan.groups).filter(([, { copy_to }]) => copy_to === name)
  if (groups.length === 0) return null
  const copy = (group: string) =>
    void give(`copy ${group} to ${name}`, { do: 'copy', group, to: name, snapshots: [] }, ([job]) => {
      if (job === undefined) toast.ok('Nothing to copy')
      else void navigate(paths.job(agent, job))
    })
  return (
    <div className={styles.part} data-testid={`copies-${name}`}>
      <h3>Copied here</h3>
      {mayOperate && <OperatorNotice operator={operator} needed="operator" what="copy snapshots" />}
      <ul className={styles.slots}>
        {groups.map(([group, { repository }]) => (
          <li key={group}>
            <div>
              <strong>
                <Link to={paths.groups(agent)}>{group}</Link>
              </strong>
              <p>Each new snapshot, from {repository}.</p>
            </div>
            {mayOperate && (
              <Button
                small
                icon="copy"
                busy={busy}
                disabled={!mayAct(operator, 'operator')}
                onClick={() => copy(group)}
                aria-label={`Copy now: ${group} to ${name}`}
              >
                Copy now
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
