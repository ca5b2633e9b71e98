// Whose place the host took, and who took its: one line with the way there.

import { Link } from 'react-router'
import type { HostView } from '../../api/types.gen'
import { isHalfReplaced } from '../../model/replacement'
import { ReplacementLinks } from '../../parts/ReplacementLinks'
import { paths } from '../../paths'
import { Notice } from '../../ui'

export function Succession({ host }: { host: HostView }) {
  const { replaces, replaced_by } = host
  const half = isHalfReplaced(host)
  return (
    <>
      {replaced_by !== null && (
        <Notice
          tone="idle"
          title={
            <>
              <Link to={paths.host(replaced_by.agent)}>{replaced_by.name}</Link> took its place
            </>
          }
          role="status"
        >
          This host is let in no more. Its jobs and snapshots stay readable, and restore onto other hosts.
        </Notice>
      )}
      {replaces !== null && (
        <Notice
          tone={half ? 'warn' : 'idle'}
          title={
            <>
              Took the place of <Link to={paths.host(replaces.agent)}>{replaces.name}</Link>
            </>
          }
          role="status"
          action={half && <ReplacementLinks agent={host.row.agent} half />}
        >
          {half && 'It was let in, but never got the old plan, and backs nothing up. '}
          What was before stands there: its jobs, and the snapshots as it told of them.
        </Notice>
      )}
    </>
  )
}
