// Another host as the target of a restore: which one, where to on it, and how what opens the repository comes there. Used by
// the restore page: it draws `fields`, shows `words` in its summary, asks `lack` before it lets one go on, and calls `give`.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { hostQuery, hostsQuery, planQuery, type WholeHost } from '../../api/queries'
import type { Restore } from '../../api/types.gen'
import { machineOf, ownershipWarning, reachWarning } from '../../model/otherHost'
import { shownPath } from '../../model/rawPath'
import { abilitiesOf, baseOf, directoryProblem, policyBarrier } from '../../model/restore'
import { useRole } from '../../parts/Allowed'
import { isAboutWords, KitWords } from '../../parts/KitWords'
import { OperatorNotice } from '../../parts/OperatorNotice'
import { covers, useOperator } from '../../parts/operator'
import {
  CheckField,
  ErrorState,
  FieldStack,
  Notice,
  RadioField,
  SelectField,
  Skeleton,
  TextField,
} from '../../ui'
import { useLending } from './lending'

/** The host whose snapshot it is. */
export interface SourceHost {
  agent: string
  name: string
  /** It is connected: it can lend. */
  present: boolean
}

export interface OtherHost {
  fields: ReactNode
  /** Where to, for the summary: "into /srv/back on web-3". */
  words: string
  /** Why it cannot be given as it is; nothing: it can. */
  lack: string | undefined
  busy: boolean
  /**
   * Lends and gives it, then opens the job's page of the other host. `target` and `lent` of what is handed over do not count.
   * Says whether that host took it. Never throws.
   */
  give: (restore: Restore) => Promise<boolean>
}

interface Chosen {
  agent: string | null
  to: 'fresh' | 'directory'
  directory: string
  strip: boolean
  by: 'source' | 'kit'
  words: string
}

/** `restore`: as it would be given now; its ticks and its rule for owners count. */
export function useOtherHost(source: SourceHost, repository: string, restore: Restore): OtherHost {
  const operator = useOperator()
  const lending = useLending(operator)
  const role = useRole()
  const [chosen, setChosen] = useState<Chosen>(() => ({
    agent: null,
    to: 'fresh',
    directory: '',
    strip: false,
    by: source.present ? 'source' : 'kit',
    words: '',
  }))
  const change = (next: Partial<Chosen>) => setChosen((before) => ({ ...before, ...next }))
  const host = useQuery({ ...hostQuery(chosen.agent ?? ''), enabled: chosen.agent !== null }).data
  const target = host !== undefined && host.row.agent === chosen.agent ? host : undefined
  const by = source.present ? chosen.by : 'kit'
  const base = baseOf(restore.picks)
  const strip = chosen.to === 'directory' && chosen.strip && base !== null
  const needed = by === 'kit' ? 'admin' : 'operator'

  function lack(): string | undefined {
    if (operator.state !== 'ready' || !covers(operator.role, needed)) {
      return by === 'kit'
        ? 'Only an admin’s key opens the escrow, together with the recovery kit.'
        : 'It takes the key of an operator in this browser: see the notice above.'
    }
    if (by === 'kit' && !covers(role, 'admin')) return 'It takes an admin to open the escrow.'
    if (target === undefined) return 'Choose the host to restore on.'
    if (target.row.presence !== 'online')
      return `${target.row.name} is not connected: this cannot wait for it.`
    const barrier = policyBarrier(chosen.to, target.facts.policy)
    if (barrier !== null) return barrier
    if (chosen.to === 'directory') {
      if (chosen.directory.trim() === '') return 'Name the directory to restore to.'
      const problem = directoryProblem(chosen.directory, target.facts.policy)
      if (problem !== null) return problem
      if (strip && !abilitiesOf(target.facts).subfolder) {
        return `The restic of ${target.row.name} cannot leave the path above out: take the tick away, or install a newer one.`
      }
    }
    if (by === 'kit' && chosen.words.trim() === '') return 'Type the words of the recovery kit.'
    return undefined
  }

  async function give(asked: Restore): Promise<boolean> {
    if (target === undefined) return false
    const to: Restore['target'] =
      chosen.to === 'fresh'
        ? { to: 'fresh' }
        : { to: 'directory', path: chosen.directory.trim(), ...(strip && base !== null && { base }) }
    const given = await lending.give(
      { ...asked, target: to },
      { source, repository, target, by: by === 'source' ? { by } : { by, words: chosen.words } },
    )
    // Only as long as they are needed.
    if (given) change({ words: '' })
    return given
  }

  const place =
    chosen.to === 'fresh'
      ? 'a new directory, $HOME/rm-restore/<job>/,'
      : chosen.directory.trim() || 'a directory that is not named yet'
  return {
    words: `into ${place} on ${target?.row.name ?? 'a host that is not chosen yet'}${strip && base !== null ? `, without ${shownPath(base)} above them` : ''}`,
    lack: lack(),
    busy: lending.busy,
    give,
    fields: (
      <FieldStack>
        <OperatorNotice operator={operator} needed={needed} what="restore onto another host" />
        <HostChoice source={source} chosen={chosen.agent} onChange={(agent) => change({ agent })} />
        <Where chosen={chosen} change={change} base={base} target={target} />
        <How
          source={source}
          chosen={{ ...chosen, by }}
          change={change}
          error={lending.error}
          busy={lending.busy}
        />
        {target !== undefined && (
          <Warnings source={source} repository={repository} restore={restore} target={target} />
        )}
        {lending.error !== null && !isAboutWords(lending.error) && (
          <ErrorState error={lending.error} title="Nothing was restored" />
        )}
      </FieldStack>
    ),
  }
}

/** Hosts that are connected, but for the one that the snapshot is of. */
function HostChoice(props: { source: SourceHost; chosen: string | null; onChange: (agent: string) => void }) {
  const { source, chosen, onChange } = props
  const [text, setText] = useState('')
  const q = text.trim()
  const hosts = useInfiniteQuery(hostsQuery({ ...(q !== '' && { q }), status: ['online'], sort: 'name' }))
  if (hosts.data === undefined) {
    return hosts.isError ? (
      <ErrorState error={hosts.error} retry={() => void hosts.refetch()} />
    ) : (
      <Skeleton rows={1} label="Loading the hosts" />
    )
  }
  const rows = hosts.data.pages.flatMap(({ items }) => items).filter(({ agent }) => agent !== source.agent)
  const more = hosts.hasNextPage || q !== ''
  return (
    <>
      {more && (
        <TextField
          label="Find a host"
          help="By name, tag or system."
          inputMode="search"
          value={text}
          onChange={setText}
        />
      )}
      <SelectField
        label="Host to restore on"
        help="Those that are connected now."
        required
        searchable
        placeholder={rows.length === 0 ? 'No other host is connected' : 'Choose a host'}
        value={rows.some(({ agent }) => agent === chosen) ? chosen : null}
        onChange={onChange}
        disabled={rows.length === 0}
        choices={rows.map(({ agent, name }) => ({ value: agent, label: name }))}
        data-testid="other-host"
      />
    </>
  )
}

function Where(props: {
  chosen: Chosen
  change: (next: Partial<Chosen>) => void
  base: string | null
  target: WholeHost | undefined
}) {
  const { chosen, change, base, target } = props
  const problem = chosen.to === 'directory' ? directoryProblem(chosen.directory, target?.facts.policy) : null
  return (
    <>
      <RadioField
        label="Where to on that host"
        value={chosen.to}
        onChange={(to) => change({ to })}
        choices={[
          {
            value: 'fresh',
            label: 'A new directory',
            help: '$HOME/rm-restore/<job>/ of the account that the agent runs as.',
          },
          {
            value: 'directory',
            label: 'A directory that I name',
            help: 'It must be empty, or not be there yet.',
          },
        ]}
      />
      {chosen.to === 'directory' && (
        <>
          <TextField
            label="Directory on that host"
            mono
            required
            placeholder="/srv/back"
            value={chosen.directory}
            onChange={(directory) => change({ directory })}
            error={problem}
          />
          {base !== null && (
            <CheckField
              label={`Leave out ${shownPath(base)} above the files`}
              help="What lies in it comes to lie in the directory itself."
              checked={chosen.strip}
              onChange={(strip) => change({ strip })}
            />
          )}
        </>
      )}
    </>
  )
}

function How(props: {
  source: SourceHost
  chosen: Chosen
  change: (next: Partial<Chosen>) => void
  error: unknown
  busy: boolean
}) {
  const { source, chosen, change, error, busy } = props
  return (
    <>
      {source.present ? (
        <RadioField
          label="What opens the repository there"
          value={chosen.by}
          onChange={(by) => change({ by })}
          choices={[
            {
              value: 'source',
              label: `${source.name} lends it`,
              help: 'It seals its credential to the other host, for this one restore. That host keeps it in memory alone, and both journals tell.',
            },
            {
              value: 'kit',
              label: 'From the escrow, with the recovery kit',
              help: `For when ${source.name} does not answer. Admins only.`,
            },
          ]}
        />
      ) : (
        <Notice
          tone="warn"
          title={`${source.name} is not connected, so it cannot lend its credential`}
          role="status"
        >
          What it left in escrow opens with the recovery kit. It is opened in this browser, and sealed to the
          other host for this one restore. Where the kit is not at hand, wait until {source.name} is back.
        </Notice>
      )}
      {chosen.by === 'kit' && (
        <KitWords
          value={chosen.words}
          onChange={(words) => change({ words })}
          error={error}
          disabled={busy}
        />
      )}
    </>
  )
}

function Warnings(props: { source: SourceHost; repository: string; restore: Restore; target: WholeHost }) {
  const { source, repository, restore, target } = props
  const facts = useQuery({ ...hostQuery(source.agent), retry: false }).data?.facts
  const plan = useQuery({ ...planQuery(source.agent), retry: false }).data?.plan
  const backend = plan?.repositories[repository]?.backend
  const reach = backend === undefined ? null : reachWarning(backend, source.name, target.row.name)
  const owners =
    facts === undefined
      ? null
      : ownershipWarning(
          restore.ownership,
          machineOf(source.name, facts),
          machineOf(target.row.name, target.facts),
        )
  return (
    <>
      {reach !== null && (
        <Notice tone="warn" title="The other host has to reach the repository by itself" role="status">
          {reach}
        </Notice>
      )}
      {owners !== null && (
        <Notice tone="warn" title="Owners may be other people there" role="status">
          {owners}
        </Notice>
      )}
    </>
  )
}
