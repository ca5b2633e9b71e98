// A host's figures at a glance: last backup, next run, size, snapshots, plan, journal.

import type { HostView } from '../../api/types.gen'
import { JobStateDot } from '../../parts/presence'
import { paths } from '../../paths'
import { Bytes, Count, RelativeTime, type TileItem, Tiles } from '../../ui'

export function Vitals({ host }: { host: HostView }) {
  const { row, journal, repositories } = host
  const { last_backup: last } = row
  const stored = repositories.flatMap(({ numbers }) => (numbers === null ? [] : [numbers.stored_bytes]))
  const items: TileItem[] = [
    {
      id: 'last-backup',
      label: 'Last backup',
      value: last === null ? 'None yet' : <RelativeTime at={last.at} />,
      detail: last === null ? 'The first run makes it.' : <JobStateDot state={last.state} />,
      ...(last !== null && { to: paths.job(row.agent, last.job) }),
    },
    {
      id: 'next-run',
      label: 'Next run',
      value: <RelativeTime at={row.next_run} never="None" />,
      detail: row.next_run === null ? 'No schedule is on.' : 'by its own clock',
      to: paths.schedules(row.agent),
    },
    {
      id: 'size',
      label: 'Protected',
      value: <Bytes value={row.size_bytes} />,
      detail:
        stored.length === 0 ? (
          row.size_bytes === null ? (
            'not measured yet'
          ) : (
            'stored size not measured yet'
          )
        ) : (
          <>
            stored as <Bytes value={stored.reduce((a, b) => a + b, 0)} />
          </>
        ),
      to: paths.repository(row.agent),
    },
    {
      id: 'snapshots',
      label: 'Snapshots',
      value: <Count value={row.snapshots} />,
      to: paths.snapshots(row.agent),
    },
    {
      id: 'plan',
      label: 'Plan',
      value: `Revision ${host.plan_revision}`,
      detail: host.plan_waiting ? 'a change waits for the host' : 'in step with the host',
    },
    {
      id: 'journal',
      label: 'Journal',
      value: `Record ${journal.seq}`,
      detail:
        journal.verified_at === null ? (
          'nothing here yet'
        ) : (
          <>
            verified <RelativeTime at={journal.verified_at} />
          </>
        ),
    },
  ]
  return <Tiles label="The host at a glance" items={items} />
}
