// How often one task of maintenance runs, and how much it does: part of the plan edit, signed and saved with it.

import { useEffect, useState } from 'react'
import type { Maintenance, MaintenanceTask } from '../../../api/types.gen'
import { USUAL_MAINTENANCE } from '../../../model/plan'
import { boundsProblems, subsetWords, TASKS } from '../../../model/upkeep'
import { BOUNDS, isWhole } from '../../../model/whole'
import { CronField, NextRuns } from '../../../parts/CronField'
import { Button, Dialog, FieldRow, FieldStack, NumberField, Skeleton, SwitchField } from '../../../ui'
import { useHost } from '../context'
import { useCronAnswer } from '../cronAnswer'
import { EditNotice } from '../EditNotice'
import { usePlanEdit } from '../planEdit'

type Bound = 'check_read_data_percent' | 'drill_files' | 'drill_mib'
/** A number that is being typed may be missing. */
type Typed = Omit<Maintenance, Bound> & Record<Bound, number | null>

export function CadenceDialog({ task, onClose }: { task: MaintenanceTask | null; onClose: () => void }) {
  const { plan, edit, enabled } = usePlanEdit()
  const [shown, setShown] = useState<MaintenanceTask>('forget')
  const [typed, setTyped] = useState<Typed>(plan.maintenance)
  // Begins from the plan as the person wants it now, each time it opens.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what comes while it is open must not undo what is typed
  useEffect(() => {
    if (task === null) return
    setShown(task)
    setTyped(plan.maintenance)
  }, [task])
  const set = (change: Partial<Typed>) => setTyped((before) => ({ ...before, ...change }))
  const meant = whole(typed)
  const wrong = boundsProblems(meant)
  const { said, failed } = useCron(typed[shown])
  const broken = typed[shown] !== null && said?.problem != null
  const mine = shown === 'check' ? ['check_read_data_percent'] : ['drill_files', 'drill_mib']
  const outside = (shown === 'check' || shown === 'drill') && mine.some((field) => field in wrong)
  return (
    <Dialog
      open={task !== null}
      onClose={onClose}
      title={`${TASKS[shown].label}: how often`}
      size="lg"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            disabled={!enabled || broken || outside}
            onClick={() => {
              edit((before) => ({ ...before, maintenance: { ...before.maintenance, ...part(shown, meant) } }))
              onClose()
            }}
          >
            Use it
          </Button>
        </>
      }
    >
      <FieldStack>
        <EditNotice />
        <p>
          {TASKS[shown].does} For all repositories of this host. Nothing is saved before you sign the plan
          below.
        </p>
        <SwitchField
          label="By itself"
          help={typed[shown] === null ? TASKS[shown].off : 'In the host’s own time zone.'}
          checked={typed[shown] !== null}
          disabled={!enabled}
          onChange={(on) => set({ [shown]: on ? USUAL_MAINTENANCE[shown] : null })}
        />
        {typed[shown] !== null && (
          <Cadence
            key={shown}
            cron={typed[shown]}
            set={(cron) => set({ [shown]: cron })}
            disabled={!enabled}
            said={said}
            failed={failed}
          />
        )}
        <Amount task={shown} typed={typed} set={set} wrong={wrong} disabled={!enabled} />
      </FieldStack>
    </Dialog>
  )
}

function useCron(cron: string | null) {
  const { host } = useHost()
  return useCronAnswer(cron ?? '', host.facts.zone)
}

function Cadence(props: {
  cron: string
  set: (cron: string) => void
  disabled: boolean
  said: ReturnType<typeof useCronAnswer>['said']
  failed: boolean
}) {
  const { cron, set, disabled, said, failed } = props
  const { host } = useHost()
  return (
    <CronField
      value={cron}
      onChange={set}
      disabled={disabled}
      error={said?.problem ?? undefined}
      next={
        said === undefined ? (
          failed ? null : (
            <Skeleton rows={3} label="Computing the next runs" />
          )
        ) : (
          <NextRuns times={said.next.slice(0, 3)} zone={host.facts.zone} />
        )
      }
    />
  )
}

function Amount(props: {
  task: MaintenanceTask
  typed: Typed
  set: (change: Partial<Typed>) => void
  wrong: ReturnType<typeof boundsProblems>
  disabled: boolean
}) {
  const { task, typed, set, wrong, disabled } = props
  if (task === 'check') {
    const percent = typed.check_read_data_percent
    return (
      <NumberField
        label="Reads back"
        unit="% of the data"
        value={typed.check_read_data_percent}
        {...BOUNDS.percent}
        disabled={disabled}
        error={wrong.check_read_data_percent}
        help={
          percent === null || !isWhole(percent, BOUNDS.percent)
            ? undefined
            : `A check of ${subsetWords(percent)}.`
        }
        onChange={(check_read_data_percent) => set({ check_read_data_percent })}
      />
    )
  }
  if (task !== 'drill') return null
  return (
    <FieldRow>
      <NumberField
        label="Files at most"
        value={typed.drill_files}
        {...BOUNDS.drillFiles}
        disabled={disabled}
        error={wrong.drill_files}
        help="A random sample of each group’s newest snapshot."
        onChange={(drill_files) => set({ drill_files })}
      />
      <NumberField
        label="Together at most"
        unit="MiB"
        value={typed.drill_mib}
        {...BOUNDS.drillMib}
        disabled={disabled}
        error={wrong.drill_mib}
        help="So much room it takes on the host while it runs."
        onChange={(drill_mib) => set({ drill_mib })}
      />
    </FieldRow>
  )
}

/** What is missing counts as out of bounds. */
function whole(typed: Typed): Maintenance {
  return {
    ...typed,
    check_read_data_percent: typed.check_read_data_percent ?? -1,
    drill_files: typed.drill_files ?? -1,
    drill_mib: typed.drill_mib ?? -1,
  }
}

/** The fields of one task alone: what another tab changed meanwhile stays. */
function part(task: MaintenanceTask, all: Maintenance): Partial<Maintenance> {
  return {
    [task]: all[task],
    ...(task === 'check' && { check_read_data_percent: all.check_read_data_percent }),
    ...(task === 'drill' && { drill_files: all.drill_files, drill_mib: all.drill_mib }),
  }
}
