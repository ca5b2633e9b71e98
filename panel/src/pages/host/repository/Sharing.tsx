// The other hosts that use the same repository, whom each plan names as its owner, and the proposal of one for all.

import { useState } from 'react'
import { Link } from 'react-router'
import type { RepositoryView } from '../../../api/types.gen'
import { type Claim, type Ownership, ownershipOf } from '../../../model/owner'
import { paths } from '../../../paths'
import { Button, type Column, DataTable, Notice } from '../../../ui'
import { useHost } from '../context'
import { usePlanEdit } from '../planEdit'
import styles from '../Tabs.module.css'
import { OwnerDialog } from './OwnerDialog'

export function Sharing({ name, state }: { name: string; state: RepositoryView }) {
  const { agent, host, mayOperate } = useHost()
  const { view } = usePlanEdit()
  const [proposing, setProposing] = useState(false)
  if (state.sharing.length === 0 && !state.owner_gone) return null
  const mine: Claim = {
    agent,
    name: host.row.name,
    owner: view.plan.repositories[name]?.owner ?? null,
  }
  const claims = [
    mine,
    ...state.sharing.map((one) => ({ agent: one.agent, name: one.name, owner: one.owner })),
  ]
  const ownership = ownershipOf(claims)
  const owns = ownership.is === 'agreed' && ownership.owner.agent === agent
  const unlisted = state.sharing_total - state.sharing.length
  return (
    <div className={styles.part} id={`sharing-${name}`} data-testid={`sharing-${name}`}>
      <h3>Shared with other hosts</h3>
      {state.owner_gone ? <OwnerGone /> : <Standing ownership={ownership} self={agent} />}
      <DataTable
        label={`Hosts that use ${name}`}
        rows={claims}
        columns={columns(agent)}
        rowKey={(claim) => claim.agent}
      />
      {unlisted > 0 && <p className={styles.hint}>And {unlisted} more hosts.</p>}
      {mayOperate && !owns && (
        <div>
          <Button onClick={() => setProposing(true)} data-testid={`propose-owner-${name}`}>
            Make {host.row.name} the owner…
          </Button>
        </div>
      )}
      <OwnerDialog name={name} state={state} open={proposing} onClose={() => setProposing(false)} />
    </div>
  )
}

function OwnerGone() {
  return (
    <Notice
      tone="bad"
      title="The owner that is named is no longer in the fleet: nobody prunes or checks it"
      role="status"
    >
      It was retired or removed, or never joined. Backups go on. Name an owner who is here in all plans.
    </Notice>
  )
}

function Standing({ ownership, self }: { ownership: Ownership; self: string }) {
  switch (ownership.is) {
    case 'alone':
      return null
    case 'agreed':
      return (
        <p>
          {ownership.owner.agent === self ? 'This host' : <strong>{ownership.owner.name}</strong>} prunes and
          checks it; the others only add and forget their own.
        </p>
      )
    case 'unset':
      return (
        <Notice
          tone="bad"
          title="Each of them takes itself for the owner: nobody prunes or checks it"
          role="status"
        >
          Two hosts that prune at once can destroy each other’s backups. Backups go on; name one owner in all
          plans at once.
        </Notice>
      )
    case 'split':
      return (
        <Notice
          tone="bad"
          title="Their plans disagree on the owner: nobody prunes or checks it"
          role="status"
        >
          Backups go on. Name one owner in all plans at once.
        </Notice>
      )
  }
}

function columns(self: string): Column<Claim>[] {
  return [
    {
      id: 'host',
      header: 'Host',
      cell: (claim) =>
        claim.agent === self ? (
          `${claim.name} (this host)`
        ) : (
          <Link to={paths.repository(claim.agent)}>{claim.name}</Link>
        ),
    },
    {
      id: 'owner',
      header: 'Its plan names as owner',
      cell: ({ owner, agent }) =>
        owner === null ? 'nobody, so itself' : owner.agent === agent ? `itself, ${owner.name}` : owner.name,
    },
  ]
}
