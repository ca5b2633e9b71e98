// A restore straight from an open bundle onto a host of this fleet that is connected. The snapshot is chosen from a list where
// the coordinator knows the host's; where it does not, its id is typed as `restic snapshots` tells it.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { hostQuery, hostsQuery } from '../../api/queries'
import type { EscrowHost, Restore, SnapshotRow } from '../../api/types.gen'
import { reachWarning } from '../../model/otherHost'
import { shownPath } from '../../model/rawPath'
import { directoryProblem, policyBarrier } from '../../model/restore'
import { ofRepository } from '../../model/snapshots'
import { formatExact } from '../../model/time'
import { mayAct, OperatorNotice } from '../../parts/OperatorNotice'
import { useOperator } from '../../parts/operator'
import { useSnapshots } from '../../parts/snapshots'
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
  const [byId, setById] = useState(false)
  const told = useSnapshots(host.agent, known).all
  const snapshots = useMemo(() => ofRepository(told, repository), [told, repository])
  const picked = byId ? undefined : snapshots.find((row) => row.snapshot.id === snapshot)?.snapshot.id
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
            Here a whole snapshot comes back. On the host’s page single files can be chosen too, while it is
            connected: only the host itself can show what is in its snapshots.
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
        {snapshots.length > 0 && (
          <SelectField
            label="Snapshot"
            help="Those that the host told this coordinator of, the newest first."
            required
            searchable
            value={picked ?? (byId ? OTHER : null)}
            onChange={(value) => {
              setById(value === OTHER)
              setSnapshot(value === OTHER ? '' : value)
            }}
            choices={[
              ...snapshots.map((row) => ({ value: row.snapshot.id, label: snapshotWords(row) })),
              { value: OTHER, label: 'Another one, by its id' },
            ]}
            data-testid="known-snapshot"
          />
        )}
        {(snapshots.length === 0 || byId) && (
          <TextField
            label={snapshots.length === 0 ? 'Snapshot' : 'Id of the snapshot'}
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
        )}
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

/** No id: it is typed. */
const OTHER = 'other'

/** Enough to tell snapshots of the same minute apart. */
function snapshotWords({ snapshot }: SnapshotRow): string {
  const group = snapshot.group ?? snapshot.paths.map(shownPath).join(', ')
  return `${formatExact(snapshot.time)} · ${group} · ${snapshot.id.slice(0, 8)}`
}

const isWhole = (id: string) => /^[0-9a-f]{64}$/.test(id)
