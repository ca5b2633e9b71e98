// A restore straight from an open bundle, when no coordinator knows the host's snapshots any more: by the snapshot's id, as
// `restic snapshots` tells it, onto a host of this fleet that is connected.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hostQuery, hostsQuery } from '../../api/queries'
import type { EscrowHost, Restore } from '../../api/types.gen'
import { reachWarning } from '../../model/otherHost'
import { directoryProblem, policyBarrier } from '../../model/restore'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { useOperator } from '../../parts/operator'
import type { Kit } from '../../seal'
import { Button, Dialog, ErrorState, FieldStack, Notice, SelectField, TextField } from '../../ui'
import { useLending } from '../restore/lending'

interface Props {
  host: EscrowHost
  repository: string
  kit: Kit
  /** Of the bundle. */
  fleet: string
  /** This coordinator has its snapshots: they are better chosen there. */
  known: boolean
  onClose: () => void
}

/** Everything of the snapshot. */
const ALL: Omit<Restore, 'repository' | 'snapshot' | 'target'> = {
  picks: [],
  overwrite: 'always',
  ownership: 'keep',
  verify: false,
  dry_run: false,
  meanwhile: 'wait',
}

export function RestoreById({ host, repository, kit, fleet, known, onClose }: Props) {
  const operator = useOperator()
  const lending = useLending(operator)
  const [text, setText] = useState('')
  const q = text.trim()
  const hosts = useInfiniteQuery(hostsQuery({ ...(q !== '' && { q }), status: ['online'], sort: 'name' }))
  const rows = hosts.data?.pages.flatMap(({ items }) => items) ?? []
  const [agent, setAgent] = useState<string | null>(null)
  const [snapshot, setSnapshot] = useState('')
  const [directory, setDirectory] = useState('')
  const target = useQuery({ ...hostQuery(agent ?? ''), enabled: agent !== null }).data
  // What is chosen stays in sight, whatever is looked for.
  const chosen = target === undefined || rows.some((row) => row.agent === agent) ? [] : [target.row]
  const listed = [...chosen, ...rows]
  const id = snapshot.trim().toLowerCase()
  const problem = directory.trim() === '' ? null : directoryProblem(directory, target?.facts.policy)
  const backend = host.repositories[repository]
  const reach =
    backend === undefined || target === undefined ? null : reachWarning(backend, host.name, target.row.name)
  const barrier = target === undefined ? null : policyBarrier('fresh', target.facts.policy)
  const ready =
    mayAct(operator, 'admin') && target !== undefined && isWhole(id) && problem === null && barrier === null

  async function give() {
    if (target === undefined) return
    const to: Restore['target'] =
      directory.trim() === '' ? { to: 'fresh' } : { to: 'directory', path: directory.trim() }
    const source = { agent: host.agent, name: host.name }
    await lending.give(
      { ...ALL, repository, snapshot: id, target: to },
      { source, repository, target, by: { by: 'bundle', kit, fleet, host } },
    )
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title={`Restore from ${repository} of ${host.name}`}
      busy={lending.busy}
      actions={
        <>
          <Button onClick={onClose} disabled={lending.busy}>
            Leave it
          </Button>
          <Button look="primary" busy={lending.busy} disabled={!ready} onClick={() => void give()}>
            Seal and restore
          </Button>
        </>
      }
    >
      <FieldStack>
        <OperatorNotice operator={operator} needed="admin" what="restore from an escrow" />
        {known && (
          <Notice tone="idle" title={`${host.name} is known here`} role="status">
            Its snapshots are on its page, where single files can be chosen. Here the whole snapshot comes
            back.
          </Notice>
        )}
        {(hosts.hasNextPage || q !== '') && (
          <TextField label="Find a host to restore on" inputMode="search" value={text} onChange={setText} />
        )}
        <SelectField
          label="Host to restore on"
          help="Those that are connected now."
          required
          searchable
          value={agent}
          onChange={setAgent}
          choices={listed.map((row) => ({ value: row.agent, label: row.name }))}
          data-testid="restore-host"
        />
        <TextField
          label="Snapshot"
          help={
            <>
              All 64 digits of its id: run <code>restic snapshots --json</code> anywhere, with what is shown
              on this page.
            </>
          }
          mono
          required
          value={snapshot}
          onChange={setSnapshot}
          error={id === '' || isWhole(id) ? null : 'An id has 64 digits, 0 to 9 and a to f.'}
        />
        <TextField
          label="Directory on that host"
          help="Empty: a new one, $HOME/rm-restore/<job>/."
          mono
          value={directory}
          onChange={setDirectory}
          error={problem}
        />
        {barrier !== null && <Notice tone="warn" title={barrier} role="status" />}
        {reach !== null && (
          <Notice tone="warn" title="That host has to reach the repository by itself" role="status">
            {reach}
          </Notice>
        )}
        {lending.error !== null && <ErrorState error={lending.error} title="Nothing was restored" />}
      </FieldStack>
    </Dialog>
  )
}

const isWhole = (id: string) => /^[0-9a-f]{64}$/.test(id)
