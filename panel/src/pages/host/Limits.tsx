// How fast and how politely the host works: a part of the plan that is of no group.

import type { IoPriority } from '../../api/types.gen'
import { problemsAt } from '../../model/plan'
import { BOUNDS } from '../../model/whole'
import { FieldRow, NumberField, Section, SelectField } from '../../ui'
import { usePlanEdit } from './planEdit'

const AS_IT_IS = '*'
const IO: readonly { value: IoPriority | typeof AS_IT_IS; label: string }[] = [
  { value: AS_IT_IS, label: 'As it is' },
  { value: 'low', label: 'Low: after others' },
  { value: 'idle', label: 'Idle: only when nobody else wants the disk' },
]

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
          unit="KiB/s"
          {...BOUNDS.rate}
          placeholder="no limit"
          value={limits.upload_kib_s}
          disabled={!enabled}
          error={wrong('upload_kib_s')}
          onChange={(upload_kib_s) => set({ upload_kib_s })}
        />
        <NumberField
          label="Download at most"
          unit="KiB/s"
          {...BOUNDS.rate}
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
          {...BOUNDS.nice}
          disabled={!enabled}
          error={wrong('nice')}
          help="−20 to 19; higher is more polite to other programs."
          onChange={(nice) => set({ nice })}
        />
        <SelectField
          label="Turn at the disk"
          value={limits.io ?? AS_IT_IS}
          choices={IO}
          disabled={!enabled}
          error={wrong('io')}
          help="As ionice(1) has it; on Linux."
          onChange={(io) =>
            edit((before) => {
              const { io: _, ...rest } = before.limits
              return { ...before, limits: io === AS_IT_IS ? rest : { ...rest, io } }
            })
          }
        />
      </FieldRow>
    </Section>
  )
}
