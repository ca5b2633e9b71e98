// One schedule: its facts or its form, and what one does with it.

import { useState } from 'react'
import type { Schedule, ScheduleView } from '../../api/types.gen'
import { renameSchedule, same, without } from '../../model/plan'
import { ConfirmDialog, type MenuItem, StatusDot } from '../../ui'
import { useHost } from './context'
import { NameDialog } from './NameDialog'
import { PlanItem } from './PlanItem'
import { usePlanEdit } from './planEdit'
import { OpenSchedule, ScheduleFacts } from './ScheduleBody'

interface ScheduleProps {
  name: string
  open: boolean
  setOpen: (name: string | null) => void
}

type Asking = 'rename' | 'remove' | 'paused' | null

/** `live`: as the coordinator computes it from the plan that the host has; `known`: it said so. */
export function ScheduleSection({
  name,
  live,
  known,
  open,
  setOpen,
}: ScheduleProps & { live: ScheduleView | undefined; known: boolean }) {
  const { plan, view, edit, enabled } = usePlanEdit()
  const { host, runNow } = useHost()
  const [asking, setAsking] = useState<Asking>(null)
  const schedule = plan.schedules[name]
  if (schedule === undefined) return null
  const saved = view.plan.schedules[name]
  const set = (changed: Schedule) =>
    edit((before) => ({ ...before, schedules: { ...before.schedules, [name]: changed } }))
  const run = () => void runNow(saved?.groups ?? [])
  const more: MenuItem[] = [
    {
      label: schedule.enabled ? 'Pause' : 'Put on again',
      icon: schedule.enabled ? 'pause' : 'play',
      disabled: !enabled,
      onClick: () => set({ ...schedule, enabled: !schedule.enabled }),
    },
    { label: 'Rename…', icon: 'edit', disabled: !enabled, onClick: () => setAsking('rename') },
    { label: 'Remove…', icon: 'trash', danger: true, disabled: !enabled, onClick: () => setAsking('remove') },
  ]
  return (
    <PlanItem
      area="schedule"
      name={name}
      state={
        <StatusDot tone={schedule.enabled ? 'ok' : 'idle'} hollow={!schedule.enabled}>
          {schedule.enabled ? 'on' : 'paused'}
        </StatusDot>
      }
      saved={saved !== undefined}
      open={open}
      setOpen={setOpen}
      run={() => (saved?.enabled ? run() : setAsking('paused'))}
      more={more}
      dialogs={
        <ScheduleDialogs
          name={name}
          open={open}
          setOpen={setOpen}
          asking={asking}
          setAsking={setAsking}
          run={run}
        />
      }
    >
      {open ? (
        <OpenSchedule name={name} schedule={schedule} onChange={set} />
      ) : (
        <ScheduleFacts
          schedule={schedule}
          live={live}
          known={known}
          hostZone={host.facts.zone}
          edited={!same(saved, schedule)}
        />
      )}
    </PlanItem>
  )
}

function ScheduleDialogs(
  props: ScheduleProps & { asking: Asking; setAsking: (asking: Asking) => void; run: () => void },
) {
  const { name, open, setOpen, asking, setAsking, run } = props
  const { plan, edit } = usePlanEdit()
  const close = () => setAsking(null)
  return (
    <>
      <NameDialog
        open={asking === 'rename'}
        onClose={close}
        title={`Rename ${name}`}
        verb="Rename"
        start={name}
        taken={Object.keys(plan.schedules)}
        help="For the host this is a new schedule: it begins with its next time."
        onName={(to) => {
          edit((before) => renameSchedule(before, name, to))
          close()
          if (open) setOpen(to)
        }}
      />
      <ConfirmDialog
        open={asking === 'remove'}
        onClose={close}
        title={`Remove the schedule ${name}?`}
        verb="Remove"
        danger
        onConfirm={() => {
          edit((before) => ({ ...before, schedules: without(before.schedules, name) }))
          close()
          if (open) setOpen(null)
        }}
      >
        <p>Nothing runs by it any more once you save. Groups, snapshots and past jobs stay.</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'paused'}
        onClose={close}
        title={`${name} is paused. Run it all the same?`}
        verb="Run now"
        keep="Leave it"
        onConfirm={() => {
          close()
          run()
        }}
      >
        <p>Its groups are backed up once, now. The schedule stays paused.</p>
      </ConfirmDialog>
    </>
  )
}
