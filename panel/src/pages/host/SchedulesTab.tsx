// A host's schedules: when each runs, in words and as the next five times; edit, add, pause, remove, run now.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { cronQuery, schedulesQuery } from '../../api/queries'
import type { Schedule, ScheduleView } from '../../api/types.gen'
import { readCron } from '../../model/cron'
import { problemsAt, renameSchedule, without } from '../../model/plan'
import { withParams } from '../../model/search'
import { formatDuration } from '../../model/time'
import { NextRuns } from '../../parts/CronField'
import { JobStateDot } from '../../parts/presence'
import { ScheduleForm } from '../../parts/ScheduleForm'
import { StatusTitle } from '../../parts/StatusTitle'
import { paths } from '../../paths'
import {
  Badge,
  Button,
  ConfirmDialog,
  EmptyState,
  Facts,
  Menu,
  Notice,
  RelativeTime,
  Section,
  Skeleton,
  Stack,
  StatusDot,
} from '../../ui'
import { useHost } from './context'
import { EditNotice } from './EditNotice'
import { NameDialog } from './NameDialog'
import { usePlanEdit } from './planEdit'
import { useDebouncedText } from './typing'

export default function SchedulesTab() {
  const { plan, edit, enabled } = usePlanEdit()
  const { agent } = useHost()
  const schedules = useQuery(schedulesQuery(agent))
  const [search, setSearch] = useSearchParams()
  const [adding, setAdding] = useState(false)
  const open = search.get('edit')
  const setOpen = (name: string | null) => setSearch(withParams(search, { edit: name }), { replace: true })
  const names = Object.keys(plan.schedules)
  const groups = Object.keys(plan.groups)

  function add(name: string) {
    const fresh: Schedule = { cron: '0 2 * * *', zone: null, enabled: true, groups, jitter_s: 600 }
    edit((before) => ({ ...before, schedules: { ...before.schedules, [name]: fresh } }))
    setAdding(false)
    setOpen(name)
  }

  return (
    <Stack>
      <EditNotice />
      {names.length === 0 && (
        <Section>
          <EmptyState title="Nothing runs by itself yet">
            {groups.length === 0 ? (
              <>
                A schedule runs groups, and there is none yet. <Link to={paths.groups(agent)}>Add one</Link>
              </>
            ) : (
              'Add a schedule, and the host backs up by its own clock, also when nothing else answers.'
            )}
          </EmptyState>
        </Section>
      )}
      {names.map((name) => (
        <ScheduleSection
          key={name}
          name={name}
          live={schedules.data?.find((one) => one.name === name)}
          open={open === name}
          setOpen={setOpen}
        />
      ))}
      {groups.length > 0 && (
        <div>
          <Button icon="add" onClick={() => setAdding(true)} disabled={!enabled} data-testid="add-schedule">
            Add a schedule
          </Button>
        </div>
      )}
      <NameDialog
        open={adding}
        onClose={() => setAdding(false)}
        title="Add a schedule"
        verb="Add"
        taken={names}
        help="Such as nightly, or weekdays. Creating one is no missed run: it begins with its next time."
        onName={add}
      />
    </Stack>
  )
}

interface SectionProps {
  name: string
  /** As the coordinator computes it from the plan that the host has. */
  live: ScheduleView | undefined
  open: boolean
  setOpen: (name: string | null) => void
}

function ScheduleSection({ name, live, open, setOpen }: SectionProps) {
  const { plan, view, edit, enabled, problems } = usePlanEdit()
  const { host, mayOperate, runNow, routine } = useHost()
  const [asking, setAsking] = useState<'rename' | 'remove' | 'paused' | null>(null)
  const schedule = plan.schedules[name]
  if (schedule === undefined) return null
  const saved = view.plan.schedules[name]
  const wrong = problemsAt(problems, `schedules.${name}`, true).length
  const own = problemsAt(problems, `schedules.${name}`)
  const set = (changed: Schedule) =>
    edit((before) => ({ ...before, schedules: { ...before.schedules, [name]: changed } }))
  const run = () => void runNow(saved?.groups ?? [])

  return (
    <Section
      title={
        <StatusTitle title={name}>
          <StatusDot tone={schedule.enabled ? 'ok' : 'idle'} hollow={!schedule.enabled}>
            {schedule.enabled ? 'on' : 'paused'}
          </StatusDot>
          {saved === undefined && <Badge tone="run">not saved yet</Badge>}
          {wrong > 0 && <Badge tone="bad">needs mending</Badge>}
        </StatusTitle>
      }
      data-testid={`schedule-${name}`}
      actions={
        <>
          {mayOperate && saved !== undefined && (
            <Button
              small
              icon="play"
              busy={routine.busy !== null}
              onClick={() => (saved.enabled ? run() : setAsking('paused'))}
              aria-label={`Run now: ${name}`}
            >
              Run now
            </Button>
          )}
          <Button
            small
            icon={open ? 'up' : 'edit'}
            onClick={() => setOpen(open ? null : name)}
            aria-expanded={open}
            aria-label={open ? `Close ${name}` : enabled ? `Edit ${name}` : `Details of ${name}`}
          >
            {open ? 'Close' : enabled ? 'Edit' : 'Details'}
          </Button>
          <Menu
            label={`More for ${name}`}
            items={[
              {
                label: schedule.enabled ? 'Pause' : 'Put on again',
                icon: schedule.enabled ? 'pause' : 'play',
                disabled: !enabled,
                onClick: () => set({ ...schedule, enabled: !schedule.enabled }),
              },
              { label: 'Rename…', icon: 'edit', disabled: !enabled, onClick: () => setAsking('rename') },
              {
                label: 'Remove…',
                icon: 'trash',
                danger: true,
                disabled: !enabled,
                onClick: () => setAsking('remove'),
              },
            ]}
          />
        </>
      }
    >
      <Stack>
        {own.map((problem) => (
          <Notice key={problem} tone="bad">
            {problem}
          </Notice>
        ))}
        {open ? (
          <OpenForm name={name} schedule={schedule} onChange={set} />
        ) : (
          <ScheduleFacts
            schedule={schedule}
            live={live}
            hostZone={host.facts.zone}
            edited={JSON.stringify(saved) !== JSON.stringify(schedule)}
          />
        )}
      </Stack>
      <NameDialog
        open={asking === 'rename'}
        onClose={() => setAsking(null)}
        title={`Rename ${name}`}
        verb="Rename"
        start={name}
        taken={Object.keys(plan.schedules)}
        help="For the host this is a new schedule: it begins with its next time."
        onName={(to) => {
          edit((before) => renameSchedule(before, name, to))
          setAsking(null)
          if (open) setOpen(to)
        }}
      />
      <ConfirmDialog
        open={asking === 'remove'}
        onClose={() => setAsking(null)}
        title={`Remove the schedule ${name}?`}
        verb="Remove"
        danger
        onConfirm={() => {
          edit((before) => ({ ...before, schedules: without(before.schedules, name) }))
          setAsking(null)
          if (open) setOpen(null)
        }}
      >
        <p>Nothing runs by it any more once you save. Groups, snapshots and past jobs stay.</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'paused'}
        onClose={() => setAsking(null)}
        title={`${name} is paused. Run it all the same?`}
        verb="Run now"
        keep="Leave it"
        onConfirm={() => {
          setAsking(null)
          run()
        }}
      >
        <p>Its groups are backed up once, now. The schedule stays paused.</p>
      </ConfirmDialog>
    </Section>
  )
}

/** The form with what the coordinator says of the crontab as it is typed. */
function OpenForm({
  name,
  schedule,
  onChange,
}: {
  name: string
  schedule: Schedule
  onChange: (schedule: Schedule) => void
}) {
  const { plan, enabled, problems } = usePlanEdit()
  const { host } = useHost()
  const zone = schedule.zone ?? host.facts.zone
  const expression = useDebouncedText(schedule.cron.trim())
  const cron = useQuery({ ...cronQuery(expression, zone), enabled: expression !== '' })
  const current = expression === schedule.cron.trim()
  return (
    <ScheduleForm
      name={name}
      schedule={schedule}
      groups={Object.keys(plan.groups)}
      hostZone={host.facts.zone}
      problems={problems}
      disabled={!enabled}
      cronProblem={current ? (cron.data?.problem ?? undefined) : undefined}
      next={
        cron.data === undefined ? (
          cron.isError ? (
            <p>The next runs are not known: the coordinator does not answer.</p>
          ) : (
            <Skeleton rows={2} label="Computing the next runs" />
          )
        ) : (
          <>
            <NextRuns times={cron.data.next} zone={zone} />
            {schedule.jitter_s > 0 && <p>Each up to {formatDuration(schedule.jitter_s * 1_000)} later.</p>}
          </>
        )
      }
      onChange={onChange}
    />
  )
}

function ScheduleFacts(props: {
  schedule: Schedule
  live: ScheduleView | undefined
  hostZone: string
  edited: boolean
}) {
  const { schedule, live, hostZone, edited } = props
  const { agent } = useHost()
  const reading = readCron(schedule.cron)
  const zone = schedule.zone ?? hostZone
  return (
    <Facts
      items={[
        {
          name: 'Runs',
          value: (
            <>
              {reading.ok ? reading.words : 'not a crontab yet'}
              <br />
              <code>{schedule.cron}</code> · {zone}
            </>
          ),
        },
        { name: 'Groups', value: schedule.groups.join(', ') || 'none' },
        {
          name: 'Next runs',
          value: edited ? (
            'known once it is saved'
          ) : !schedule.enabled ? (
            'none while it is paused'
          ) : live === undefined ? (
            '–'
          ) : (
            <NextRuns times={live.next} zone={live.zone} />
          ),
        },
        {
          name: 'Last run',
          value:
            live?.last == null ? (
              'none yet'
            ) : (
              <Link to={paths.job(agent, live.last.job)}>
                <JobStateDot state={live.last.state} /> <RelativeTime at={live.last.at} />
              </Link>
            ),
        },
      ]}
    />
  )
}
