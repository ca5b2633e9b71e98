// Any two revisions of a plan side by side, or one as it was, in words. Which, stands in the address.

import { useQuery } from '@tanstack/react-query'
import { planRevisionQuery } from '../../api/queries'
import type { Plan, PlanRevisionView } from '../../api/types.gen'
import { changes, NO_PLAN } from '../../model/plan'
import { formatExact } from '../../model/time'
import { PlanDiff } from '../../parts/PlanDiff'
import { ErrorState, FieldRow, Section, SelectField, Skeleton, Stack } from '../../ui'
import { useHost } from './context'

const NOTHING = 'nothing'

export function CompareRevisions(props: {
  rows: readonly PlanRevisionView[]
  from: string | null
  to: string | null
  show: (from: string | null, to: string | null) => void
}) {
  const { rows, show } = props
  const find = (wanted: string | null) => rows.find(({ place }) => place === wanted)
  const to = find(props.to) ?? rows[0]
  const from = find(props.from)
  if (to === undefined) return null
  const choices = rows.map((row) => ({ value: row.place, label: `Revision ${called(rows, row)}` }))
  return (
    <Section title="Compare" data-testid="compare-revisions">
      <Stack>
        <FieldRow>
          <SelectField
            label="From"
            searchable
            value={from?.place ?? NOTHING}
            choices={[{ value: NOTHING, label: 'Nothing: show the whole plan' }, ...choices]}
            onChange={(value) => show(value === NOTHING ? null : value, to.place)}
          />
          <SelectField
            label="To"
            searchable
            value={to.place}
            choices={choices}
            onChange={(value) => show(from?.place ?? null, value)}
          />
        </FieldRow>
        <Difference rows={rows} from={from} to={to} />
      </Stack>
    </Section>
  )
}

/** Its number, and where a disk that was set back used that twice, its time. */
function called(rows: readonly PlanRevisionView[], row: PlanRevisionView): string {
  const alone = rows.filter(({ revision }) => revision === row.revision).length === 1
  return alone ? String(row.revision) : `${row.revision} of ${formatExact(row.at)}`
}

function Difference(props: {
  rows: readonly PlanRevisionView[]
  from: PlanRevisionView | undefined
  to: PlanRevisionView
}) {
  const { rows, from, to } = props
  const { agent } = useHost()
  const old = useQuery({ ...planRevisionQuery(agent, from ?? to), enabled: from !== undefined })
  const now = useQuery(planRevisionQuery(agent, to))
  const failed = [old, now].find(({ isError, data }) => isError && data === undefined)
  if (failed !== undefined) {
    return (
      <ErrorState
        error={failed.error}
        title="This revision is not here"
        retry={() => void failed.refetch()}
      />
    )
  }
  const before: Plan | undefined = from === undefined ? NO_PLAN : old.data?.plan
  if (before === undefined || now.data === undefined)
    return <Skeleton rows={4} label="Loading the revisions" />
  const label =
    from === undefined
      ? `The plan at revision ${called(rows, to)}`
      : `From revision ${called(rows, from)} to ${called(rows, to)}`
  return <PlanDiff changes={changes(before, now.data.plan)} label={label} whole={from === undefined} />
}
