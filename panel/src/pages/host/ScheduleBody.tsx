// What stands in a schedule's section: the form, read back as it is typed, or the facts.

import { Link } from 'react-router'
import type { Schedule, ScheduleView } from '../../api/types.gen'
import { readCron } from '../../model/cron'
import { conditionWords } from '../../model/plan'
import { formatDuration } from '../../model/time'
import { NextRuns } from '../../parts/CronField'
import { JobStateDot } from '../../parts/presence'
import { ScheduleForm } from '../../parts/ScheduleForm'
import { paths } from '../../paths'
import { Facts, RelativeTime, Skeleton } from '../../ui'
import { useHost } from './context'
import { useCronAnswer } from './cronAnswer'
import { usePlanEdit } from './planEdit'

/** The form with what the coordinator says of the crontab as it is typed. */
export function OpenSchedule({
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
  const { said, failed } = useCronAnswer(schedule.cron, zone)
  return (
    <ScheduleForm
      name={name}
      schedule={schedule}
      groups={Object.keys(plan.groups)}
      hostZone={host.facts.zone}
      problems={problems}
      disabled={!enabled}
      cronProblem={said?.problem ?? undefined}
      next={
        said === undefined ? (
          failed ? (
            <p>The next runs are not known: the coordinator does not answer.</p>
          ) : (
            <Skeleton rows={5} label="Computing the next runs" />
          )
        ) : (
          <>
            <NextRuns times={said.next} zone={zone} />
            {schedule.jitter_s > 0 && <p>Each up to {formatDuration(schedule.jitter_s * 1_000)} later.</p>}
          </>
        )
      }
      onChange={onChange}
    />
  )
}

export function ScheduleFacts(props: {
  schedule: Schedule
  live: ScheduleView | undefined
  /** The coordinator said how the schedules stand. */
  known: boolean
  hostZone: string
  edited: boolean
}) {
  const { schedule, live, known, hostZone, edited } = props
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
        { name: 'Waits for', value: conditionWords(schedule.conditions).join(', ') || 'nothing' },
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
          value: !known ? (
            '–'
          ) : live?.last == null ? (
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
