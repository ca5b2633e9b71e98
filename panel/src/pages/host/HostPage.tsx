// One host: who it is and how it stands, above tabs that each have an address of their own.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Outlet, useLocation, useParams } from 'react-router'
import { hostQuery, sessionQuery, type WholeHost } from '../../api/queries'
import type { HostView } from '../../api/types.gen'
import { covers } from '../../model/roles'
import { useLack } from '../../parts/Allowed'
import { PresenceDot, presenceWord, ReplacedDot, RetiredDot } from '../../parts/presence'
import { StatusTitle } from '../../parts/StatusTitle'
import { paths } from '../../paths'
import { Button, Chip, Cluster, ErrorState, LinkTabs, Notice, Page, RelativeTime, Skeleton } from '../../ui'
import { Host, type HostContext } from './context'
import { Holds } from './Holds'
import { useRoutine, useRunNow } from './orders'
import { PlanEditProvider } from './planEdit'
import { Retired } from './Retired'
import { SaveBar } from './SaveBar'
import { StartedJobs } from './StartedJobs'
import { Succession } from './Succession'
import { Trouble } from './Trouble'
import { Vitals } from './Vitals'
import { WaitingOrders } from './WaitingOrders'

const TRAIL = [{ to: paths.fleet, label: 'Fleet' }]

export default function HostPage() {
  const { agent = '' } = useParams()
  const host = useQuery(hostQuery(agent))
  if (host.data !== undefined) return <Loaded key={agent} agent={agent} host={host.data} />
  return (
    <Page title="Host" trail={TRAIL}>
      {host.isError ? (
        <ErrorState error={host.error} retry={() => void host.refetch()} />
      ) : (
        <Skeleton rows={8} label="Loading the host" />
      )}
    </Page>
  )
}

function Loaded({ agent, host }: { agent: string; host: WholeHost }) {
  const { row } = host
  const { pathname } = useLocation()
  const part =
    pathname === paths.planHistory(agent)
      ? 'History'
      : tabs(agent, host).find(({ to }) => to === pathname)?.label
  const session = useQuery(sessionQuery)
  const present = row.presence === 'online'
  const routine = useRoutine(agent, present)
  const [started, setStarted] = useState<readonly string[]>([])
  const runNow = useRunNow(agent, routine, setStarted)
  const retired = host.retired_at !== null
  const mayOperate = covers(session.data?.role, 'operator') && !retired && host.replaced_by === null
  const lack = useLack('operator', 'run a backup')
  const context: HostContext = { agent, host, present, mayOperate, routine, runNow }
  const canRun = row.run_now.length > 0
  return (
    <Host.Provider value={context}>
      <Page
        title={part === undefined ? row.name : `${part} · ${row.name}`}
        heading={
          <StatusTitle title={row.name}>
            {host.replaced_by !== null ? (
              <ReplacedDot />
            ) : retired ? (
              <RetiredDot />
            ) : (
              <PresenceDot presence={row.presence} />
            )}
          </StatusTitle>
        }
        trail={TRAIL}
        lead={<Identity host={host} />}
        actions={
          !retired &&
          host.replaced_by === null &&
          canRun && (
            <Button
              icon="play"
              look="primary"
              busy={routine.busy !== null}
              blocked={lack}
              onClick={() => void runNow(row.run_now)}
              data-testid="run-now"
            >
              Run now
            </Button>
          )
        }
      >
        <Succession host={host} />
        <Retired />
        {host.trouble !== null && <Trouble trouble={host.trouble} />}
        <Holds />
        {!present && !retired && host.replaced_by === null && <Absent host={host} />}
        <StartedJobs agent={agent} jobs={started} onClose={() => setStarted([])} />
        <Vitals host={host} />
        <WaitingOrders agent={agent} mayOperate={mayOperate} />
        <PlanEditProvider agent={agent} host={host}>
          <LinkTabs label={`Parts of ${row.name}`} tabs={tabs(agent, host)} />
          <Outlet />
          <SaveBar />
        </PlanEditProvider>
      </Page>
    </Host.Provider>
  )
}

function tabs(agent: string, { row }: HostView) {
  return [
    { to: paths.snapshots(agent), label: 'Snapshots' },
    { to: paths.groups(agent), label: 'Groups' },
    { to: paths.schedules(agent), label: 'Schedules' },
    { to: paths.repository(agent), label: 'Repository' },
    {
      to: paths.jobs(agent),
      label: 'Jobs',
      ...(row.active_jobs > 0 && { badge: <Chip>{row.active_jobs}</Chip> }),
    },
    { to: paths.hostSettings(agent), label: 'Settings' },
  ]
}

function Identity({ host }: { host: HostView }) {
  const { row, facts } = host
  return (
    <Cluster>
      {row.tags.map((tag) => (
        <Chip key={tag}>{tag}</Chip>
      ))}
      <span>
        {facts.os_version || facts.os} · {facts.arch} · agent {facts.agent_version}
        {row.behind && ' (behind)'} ·{' '}
        {facts.restic_version === null ? <strong>no restic found</strong> : `restic ${facts.restic_version}`}{' '}
        · last seen <RelativeTime at={row.last_seen} />
      </span>
    </Cluster>
  )
}

function Absent({ host }: { host: HostView }) {
  const { row } = host
  const title = `${row.name}: ${presenceWord(row.presence).toLowerCase()}`
  if (row.last_seen === null) {
    return (
      <Notice tone="idle" title={title} role="status">
        It has not connected since it was approved. Start its agent:{' '}
        <code>systemctl enable --now restic-manager-agent</code>. Orders wait for it here.
      </Notice>
    )
  }
  return (
    <Notice tone="idle" title={title} role="status">
      What you see is what it said before it went away <RelativeTime at={row.last_seen} />. It goes on backing
      up by its plan, and tells when it is back. Orders wait for it here.
    </Notice>
  )
}
