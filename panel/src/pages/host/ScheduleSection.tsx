// One schedule: its facts or its form, and what one does with it.

import { useState } from 'react'
import type { Schedule, ScheduleView } from '../../api/types.gen'
import { problemsAt, renameSchedule, same, without } from '../../model/plan'
import { StatusTitle } from '../../parts/StatusTitle'
import { Badge, Button, ConfirmDialog, Menu, Notice, Section, Stack, StatusDot } from '../../ui'
import { useHost } from './context'
import { NameDialog } from './NameDialog'
import { usePlanEdit } from './planEdit'
import { OpenSchedule, ScheduleFacts } from './ScheduleBody'

interface SectionProps {
  name: string
  /** As the coordinator computes it from the plan that the host has. */
  live: ScheduleView | undefined
  open: boolean
  setOpen: (name: string | null) => void
}

export function ScheduleSection({ name, live, open, setOpen }: SectionProps) {
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
          <OpenSchedule name={name} schedule={schedule} onChange={set} />
        ) : (
          <ScheduleFacts
            schedule={schedule}
            live={live}
            hostZone={host.facts.zone}
            edited={!same(saved, schedule)}
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
