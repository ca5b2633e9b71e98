// A host's schedules: when each runs; add one.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { schedulesQuery } from '../../api/queries'
import type { Schedule } from '../../api/types.gen'
import { withParams } from '../../model/search'
import { paths } from '../../paths'
import { Button, EmptyState, ErrorState, Section, Stack } from '../../ui'
import { useHost } from './context'
import { EditNotice } from './EditNotice'
import { NameDialog } from './NameDialog'
import { PlanLine } from './PlanLine'
import { usePlanEdit } from './planEdit'
import { ScheduleSection } from './ScheduleSection'

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
      <PlanLine />
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
      {schedules.isError && schedules.data === undefined && (
        <ErrorState
          error={schedules.error}
          title="When they ran and run next is not here"
          retry={() => void schedules.refetch()}
        />
      )}
      {names.map((name) => (
        <ScheduleSection
          key={name}
          name={name}
          live={schedules.data?.find((one) => one.name === name)}
          known={schedules.data !== undefined}
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
