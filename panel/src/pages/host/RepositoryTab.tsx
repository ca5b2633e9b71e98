// A host's repositories, how they are looked after, and how fast the host may be.

import { useEffect, useState } from 'react'
import { useLocation } from 'react-router'
import { Button, EmptyState, Section, Stack } from '../../ui'
import { useHost } from './context'
import { EditNotice } from './EditNotice'
import { LimitsSection } from './Limits'
import { usePlanEdit } from './planEdit'
import { AddRepositoryDialog } from './repository/AddRepository'
import { Maintenance } from './repository/Maintenance'
import { Repository } from './repository/Repository'
import { RepositorySetup } from './repository/RepositorySetup'

export default function RepositoryTab() {
  const { host, mayOperate } = useHost()
  const { view, plan, enabled } = usePlanEdit()
  const [adding, setAdding] = useState(false)
  const { hash, key } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: also when the same place is asked for again
  useEffect(() => {
    if (hash !== '') document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView()
  }, [hash, key])
  const known = [...Object.keys(view.plan.repositories), ...host.repositories.map(({ name }) => name)]
  // Also those of an edit that is not saved yet, such as one that was withdrawn.
  const names = [...new Set([...known, ...Object.keys(plan.repositories)])]
  if (known.length === 0) {
    return (
      <Section title="Where the backups go" lead={`${host.row.name} has no repository yet.`}>
        {view.read_only !== null ? (
          <EmptyState title="No repository in the host’s plan.toml">
            Add one there; it appears here.
          </EmptyState>
        ) : mayOperate ? (
          <RepositorySetup name="main" />
        ) : (
          <EmptyState title="Nothing is backed up yet">
            Where its backups go is decided by an admin, and signed with their key.
          </EmptyState>
        )}
      </Section>
    )
  }
  return (
    <Stack>
      <EditNotice />
      {names.map((name) => (
        <Repository key={name} name={name} />
      ))}
      <div>
        <Button icon="add" disabled={!enabled} onClick={() => setAdding(true)} data-testid="add-repository">
          Add a repository
        </Button>
      </div>
      <Maintenance />
      <LimitsSection />
      <AddRepositoryDialog open={adding} onClose={() => setAdding(false)} />
    </Stack>
  )
}
