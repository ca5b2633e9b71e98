// Another host as the target of a restore: which one, where to on it, and how what opens the repository comes there.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { hostQuery, hostsQuery, planQuery, type WholeHost } from '../../api/queries'
import type { Restore } from '../../api/types.gen'
import { machineOf, ownershipWarning, reachWarning } from '../../model/otherHost'
import { shownPath } from '../../model/rawPath'
import { abilitiesOf, directoryProblem, policyBarrier } from '../../model/restore'
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
import type { OtherHostProps, OtherTarget } from './otherHost'

interface Chosen {
  agent: string | null
  to: 'fresh' | 'directory'
  directory: string
  strip: boolean
  by: 'source' | 'kit'
  words: string
}

export default function OtherHost({ source, restore, base, onTarget }: OtherHostProps) {
  const operator = useOperator()
  const lending = useLending(operator)
  const role = useRole()
  const present = source.row.presence === 'online' && source.retired_at === null
  const [chosen, setChosen] = useState<Chosen>(() => ({
    agent: null,
    to: 'fresh',
    directory: '',
    strip: false,
    by: present ? 'source' : 'kit',
    words: '',
  }))
  const change = (next: Partial<Chosen>) => setChosen((before) => ({ ...before, ...next }))
  const host = useQuery({ ...hostQuery(chosen.agent ?? ''), enabled: chosen.agent !== null }).data
  const target = host?.row.agent === chosen.agent ? host : undefined
  const by = present ? chosen.by : 'kit'
  const strip = chosen.to === 'directory' && chosen.strip ? base : null
  const needed = by === 'kit' ? 'admin' : 'operator'
  const able = operator.state === 'ready' && covers(operator.role, needed) && covers(role, needed)

  async function give(): Promise<boolean> {
    if (target === undefined) return false
    const to: Restore['target'] =
      chosen.to === 'fresh'
        ? { to: 'fresh' }
        : { to: 'directory', path: chosen.directory.trim(), ...(strip !== null && { base: strip }) }
    const given = await lending.give(
      { ...restore, target: to },
      {
        source: { agent: source.row.agent, name: source.row.name },
        repository: restore.repository,
        target,
        by: by === 'source' ? { by } : { by, words: chosen.words },
      },
    )
    // Only as long as they are needed.
    if (given) change({ words: '' })
    return given
  }

  useTold(onTarget, {
    words: wordsOf(chosen, target, strip),
    missing: lacksKey(by, able) ?? missingOf({ ...chosen, by }, target, strip),
    give,
  })
  return (
    <FieldStack>
      <OperatorNotice operator={operator} needed={needed} what="restore onto another host" />
      <HostChoice source={source.row.agent} chosen={chosen.agent} onChange={(agent) => change({ agent })} />
      <Where chosen={chosen} change={change} base={base} target={target} />
      <How
        name={source.row.name}
        present={present}
        chosen={{ ...chosen, by }}
        change={change}
        error={lending.error}
        busy={lending.busy}
      />
      {target !== undefined && <Warnings source={source} restore={restore} target={target} />}
      {lending.error !== null && !isAboutWords(lending.error) && (
        <ErrorState error={lending.error} title="Nothing was restored" />
      )}
    </FieldStack>
  )
}

/** Tells the page whenever its words or what is missing change; what it is handed gives what is chosen by then. */
function useTold(onTarget: OtherHostProps['onTarget'], { words, missing, give }: OtherTarget) {
  const latest = useRef({ give, onTarget })
  useEffect(() => {
    latest.current = { give, onTarget }
  })
  useEffect(() => {
    latest.current.onTarget({ words, missing, give: () => latest.current.give() })
  }, [words, missing])
  useEffect(() => () => latest.current.onTarget(null), [])
}

function wordsOf({ to, directory }: Chosen, target: WholeHost | undefined, strip: string | null): string {
  const place =
    to === 'fresh'
      ? 'a new directory, $HOME/rm-restore/<job>/,'
      : directory.trim() || 'a directory that is not named yet'
  const without = strip === null ? '' : `, without ${shownPath(strip)} above them`
  return `into ${place} on ${target?.row.name ?? 'a host that is not chosen yet'}${without}`
}

function lacksKey(by: Chosen['by'], able: boolean): string | null {
  if (able) return null
  return by === 'kit'
    ? 'Only an admin, in a browser with an admin’s key, opens the escrow with the recovery kit.'
    : 'It takes an operator, in a browser with an operator’s key: see the notice above.'
}

/** What is still missing before it can be given; `null`: nothing is. */
function missingOf(chosen: Chosen, target: WholeHost | undefined, strip: string | null): string | null {
  if (target === undefined) return 'Choose the host to restore on.'
  const { row, facts } = target
  if (row.presence !== 'online') return `${row.name} is not connected: this cannot wait for it.`
  const barrier = policyBarrier(chosen.to, facts.policy)
  if (barrier !== null) return barrier
  if (chosen.to === 'directory') {
    if (chosen.directory.trim() === '') return 'Name the directory to restore to.'
    const problem = directoryProblem(chosen.directory, facts.policy)
    if (problem !== null) return problem
    if (strip !== null && !abilitiesOf(facts).subfolder) {
      return `The restic of ${row.name} cannot leave the path above out: take the tick away, or install a newer one.`
    }
  }
  if (chosen.by === 'kit' && chosen.words.trim() === '') return 'Type the words of the recovery kit.'
  return null
}

/** Hosts that are connected, but for the one that the snapshot is of. */
function HostChoice(props: { source: string; chosen: string | null; onChange: (agent: string) => void }) {
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
  const rows = hosts.data.pages.flatMap(({ items }) => items).filter(({ agent }) => agent !== source)
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
  name: string
  present: boolean
  chosen: Chosen
  change: (next: Partial<Chosen>) => void
  error: unknown
  busy: boolean
}) {
  const { name, present, chosen, change, error, busy } = props
  return (
    <>
      {present ? (
        <RadioField
          label="What opens the repository there"
          value={chosen.by}
          onChange={(by) => change({ by, words: '' })}
          choices={[
            {
              value: 'source',
              label: `${name} lends it`,
              help: 'It seals its credential to the other host, for this one restore. That host keeps it in memory alone, and both journals tell.',
            },
            {
              value: 'kit',
              label: 'From the escrow, with the recovery kit',
              help: `For when ${name} does not answer. Admins only.`,
            },
          ]}
        />
      ) : (
        <Notice
          tone="warn"
          title={`${name} is not connected, so it cannot lend its credential`}
          role="status"
        >
          What it left in escrow opens with the recovery kit. It is opened in this browser, and sealed to the
          other host for this one restore. Where the kit is not at hand, wait until {name} is back.
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

function Warnings(props: { source: WholeHost; restore: OtherHostProps['restore']; target: WholeHost }) {
  const { source, restore, target } = props
  const plan = useQuery({ ...planQuery(source.row.agent), retry: false }).data?.plan
  const backend = plan?.repositories[restore.repository]?.backend
  const [from, to] = [source.row.name, target.row.name]
  const reach = backend === undefined ? null : reachWarning(backend, from, to)
  const owners = ownershipWarning(
    restore.ownership,
    machineOf(from, source.facts),
    machineOf(to, target.facts),
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
