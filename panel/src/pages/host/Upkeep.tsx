// When old snapshots are forgotten, and how fast the host may be: parts of the plan that are of no group.

import { problemsAt } from '../../model/plan'
import { CronField, NextRuns } from '../../parts/CronField'
import { FieldRow, NumberField, Section, Skeleton, Stack, SwitchField } from '../../ui'
import { useHost } from './context'
import { useCronAnswer } from './cronAnswer'
import { usePlanEdit } from './planEdit'

const DEFAULT_FORGET = '0 3 * * *'

export function MaintenanceSection() {
  const { plan, edit, enabled, problems } = usePlanEdit()
  const { host } = useHost()
  const { forget } = plan.maintenance
  const set = (cron: string | null) =>
    edit((before) => ({ ...before, maintenance: { ...before.maintenance, forget: cron } }))
  const { said, failed } = useCronAnswer(forget ?? '', host.facts.zone)
  const wrong = problemsAt(problems, 'maintenance.forget', true).join(' ') || undefined
  return (
    <Section
      title="Forgetting"
      lead="Applies each group’s retention: removes snapshots that no rule keeps. Space is freed later, by pruning."
      data-testid="maintenance"
    >
      <Stack>
        <SwitchField
          label="Forget by itself"
          help={forget === null ? 'Off: every snapshot stays.' : 'In the host’s own time zone.'}
          checked={forget !== null}
          disabled={!enabled}
          onChange={(on) => set(on ? DEFAULT_FORGET : null)}
        />
        {forget !== null && (
          <CronField
            value={forget}
            onChange={set}
            disabled={!enabled}
            error={said === undefined && !failed ? undefined : (said?.problem ?? wrong)}
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
        )}
      </Stack>
    </Section>
  )
}

export function LimitsSection() {
  const { plan, edit, enabled, problems } = usePlanEdit()
  const { limits } = plan
  const set = (change: Partial<typeof limits>) =>
    edit((before) => ({ ...before, limits: { ...before.limits, ...change } }))
  const wrong = (field: string) => problemsAt(problems, `limits.${field}`).join(' ') || undefined
  return (
    <Section title="Limits" lead="For every job of this host. Empty: no limit." data-testid="limits">
      <FieldRow>
        <NumberField
          label="Upload at most"
          suffix=" KiB/s"
          placeholder="no limit"
          value={limits.upload_kib_s}
          disabled={!enabled}
          error={wrong('upload_kib_s')}
          onChange={(upload_kib_s) => set({ upload_kib_s })}
        />
        <NumberField
          label="Download at most"
          suffix=" KiB/s"
          placeholder="no limit"
          value={limits.download_kib_s}
          disabled={!enabled}
          error={wrong('download_kib_s')}
          onChange={(download_kib_s) => set({ download_kib_s })}
        />
        <NumberField
          label="Niceness"
          placeholder="as it is"
          value={limits.nice}
          min={-20}
          max={19}
          disabled={!enabled}
          error={wrong('nice')}
          help="−20 to 19; higher is more polite to other programs."
          onChange={(nice) => set({ nice })}
        />
      </FieldRow>
    </Section>
  )
}
