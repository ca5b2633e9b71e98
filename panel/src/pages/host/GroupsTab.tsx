// A host's groups: what each backs up and keeps; add one. Below them what holds for all: the host's own hooks, and whom its
// backups tell.

import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { emptyGroup, HOST_HOOKS } from '../../model/plan'
import { withParams } from '../../model/search'
import { paths } from '../../paths'
import { Button, EmptyState, Section, Stack } from '../../ui'
import { useHost } from './context'
import { EditNotice } from './EditNotice'
import { GroupSection } from './GroupSection'
import { HostHooks } from './HostHooks'
import { NameDialog } from './NameDialog'
import { Pings } from './Pings'
import { PlanLine } from './PlanLine'
import { usePlanEdit } from './planEdit'

export default function GroupsTab() {
  const { plan, edit, enabled } = usePlanEdit()
  const { host, agent } = useHost()
  const [search, setSearch] = useSearchParams()
  const [adding, setAdding] = useState(false)
  const open = search.get('edit')
  const setOpen = (name: string | null) => setSearch(withParams(search, { edit: name }), { replace: true })
  const names = Object.keys(plan.groups)
  const repositories = Object.keys(plan.repositories)
  const [repository] = repositories

  function add(name: string) {
    edit((before) => ({ ...before, groups: { ...before.groups, [name]: emptyGroup(repository ?? 'main') } }))
    setAdding(false)
    setOpen(name)
  }

  return (
    <Stack>
      <EditNotice />
      <PlanLine />
      {names.length === 0 && (
        <Section>
          <EmptyState title="Nothing is backed up yet">
            {repository === undefined ? (
              <>
                A group needs a repository first. <Link to={paths.repository(agent)}>Set it up</Link>
              </>
            ) : (
              `A group names what ${host.row.name} backs up together, and how long it is kept.`
            )}
          </EmptyState>
        </Section>
      )}
      {names.map((name) => (
        <GroupSection key={name} name={name} open={open === name} setOpen={setOpen} />
      ))}
      {repository !== undefined && (
        <div>
          <Button icon="add" onClick={() => setAdding(true)} disabled={!enabled} data-testid="add-group">
            Add a group
          </Button>
        </div>
      )}
      <HostHooks open={open === HOST_HOOKS} setOpen={setOpen} />
      <Pings />
      <NameDialog
        open={adding}
        onClose={() => setAdding(false)}
        title="Add a group"
        verb="Add"
        taken={names}
        help="The name is also the tag of its snapshots."
        onName={add}
      />
    </Stack>
  )
}
