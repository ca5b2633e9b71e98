// At an approval: in whose place the host comes, if in anybody's, and what that will do.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { isApiError } from '../../api/error'
import { hostQuery, hostsQuery, planQuery } from '../../api/queries'
import type { EscrowBundle, HostRow, PendingView } from '../../api/types.gen'
import { readBundle } from '../../model/escrow'
import type { Next } from '../../model/replacement'
import { textOf } from '../../parts/fileText'
import { EscrowError } from '../../seal'
import {
  Button,
  ErrorState,
  FieldStack,
  FileField,
  LinesField,
  lines,
  Notice,
  Section,
  SelectField,
  Skeleton,
  TextField,
} from '../../ui'
import { type By, Inheriting } from './Inheriting'
import { hasPlan, type Place } from './replacing'

const NOBODY = ''
const BUNDLE = 'bundle'
/** Not here, for one reason or another; who replaced them already is not among them. */
const GONE = ['offline', 'asleep', 'never_seen', 'retired'] as const

export interface Replacing {
  /** Nobody, a host's id, or a bundle. */
  choice: string
  bundle: EscrowBundle | null
  /** Of the bundle's hosts, by id. */
  host: string | null
  /** Of a host out of a bundle, whose plan nobody has. */
  includes: string
  by: By
  words: string
}

export const newReplacing = (): Replacing => ({
  choice: NOBODY,
  bundle: null,
  host: null,
  includes: '/etc\n/home\n/root',
  by: 'kit',
  words: '',
})

export interface Replaced {
  /** Somebody was chosen; what is known of them may still be on its way. */
  chosen: boolean
  place: Place | null
  /** What the host is called and tagged, in the old one's place. */
  name: string | null
  tags: readonly string[]
  error: unknown
}

/** Whose place is taken, as far as it is known by now. */
export function useReplaced(replacing: Replacing): Replaced {
  const { choice, bundle, host } = replacing
  const isHost = choice !== NOBODY && choice !== BUNDLE
  const id = isHost ? choice : choice === BUNDLE ? (host ?? '') : ''
  const old = useQuery({ ...hostQuery(id), enabled: id !== '', retry: false })
  const plan = useQuery({ ...planQuery(id), enabled: isHost })
  if (choice === NOBODY) return { chosen: false, place: null, name: null, tags: [], error: null }
  if (isHost) {
    const place =
      old.data === undefined || plan.data === undefined
        ? null
        : ({ of: 'host', old: old.data, plan: plan.data.plan } as const)
    const { name = null, tags = [] } = old.data?.row ?? {}
    const error = old.error ?? plan.error
    if (place === null || plan.data === undefined || hasPlan(plan.data))
      return { chosen: true, place, name, tags, error }
    return { chosen: true, place: null, name, tags, error: noPlanOf(place.old.row.name) }
  }
  const found = bundle?.hosts.find(({ agent }) => agent === host)
  // Whether this coordinator knows the host decides what the admission says: no guess.
  const settled = old.data !== undefined || isApiError(old.error, 'not_found')
  if (bundle === null || found === undefined || !settled) {
    return {
      chosen: true,
      place: null,
      name: found?.name ?? null,
      tags: [],
      error: settled ? null : old.error,
    }
  }
  const known = old.data !== undefined
  const includes = lines(replacing.includes)
  return {
    chosen: true,
    place: { of: 'bundle', host: found, fleet: bundle.fleet, known, includes },
    name: found.name,
    tags: old.data?.row.tags ?? [],
    error: null,
  }
}

function noPlanOf(name: string): EscrowError {
  return new EscrowError(
    `This coordinator never saw a plan of ${name}: there is none to hand on.`,
    'Choose it out of an escrow bundle, or approve this host as a new one.',
  )
}

interface Props {
  pending: PendingView
  replacing: Replacing
  onChange: (replacing: Replacing) => void
  replaced: Replaced
  next: Next
  /** Of the words, or of what they open. */
  error: unknown
  problems: Record<string, string>
  disabled: boolean
}

export function Replacement(props: Props) {
  const { pending, replacing, onChange, replaced, next, error, problems, disabled } = props
  const [text, setText] = useState('')
  const q = text.trim()
  const hosts = useInfiniteQuery(hostsQuery({ ...(q !== '' && { q }), status: GONE, sort: 'name' }))
  const rows = hosts.data?.pages.flatMap(({ items }) => items) ?? []
  const same = useSameName(pending.hostname)
  const set = (change: Partial<Replacing>) => onChange({ ...replacing, ...change })
  const listed = same === undefined || rows.some(({ agent }) => agent === same.agent) ? rows : [same, ...rows]
  return (
    <Section
      title="In whose place"
      lead="A host that is gone can be followed by this one: by name, plan and repository, with its history at hand."
    >
      <FieldStack>
        {same !== undefined && replacing.choice === NOBODY && (
          <Notice
            tone="idle"
            title={`${same.name} is not connected, and has this host’s name`}
            role="status"
            action={
              <Button small disabled={disabled} onClick={() => set({ choice: same.agent })}>
                It takes the place of {same.name}
              </Button>
            }
          >
            Was its machine or its disk replaced? Then this one can take over.
          </Notice>
        )}
        {(hosts.hasNextPage || q !== '') && (
          <TextField label="Find a host that is gone" inputMode="search" value={text} onChange={setText} />
        )}
        <SelectField
          label="Takes the place of"
          searchable
          disabled={disabled}
          value={replacing.choice}
          onChange={(choice) => set({ choice, words: '' })}
          choices={[
            { value: NOBODY, label: 'Nobody: it is a new host' },
            ...listed.map((row) => ({ value: row.agent, label: labelOf(row) })),
            { value: BUNDLE, label: 'A host out of an escrow bundle…' },
          ]}
          error={problems.place}
          data-testid="replaces"
        />
        {replacing.choice === BUNDLE && (
          <FromBundle replacing={replacing} set={set} disabled={disabled} problems={problems} />
        )}
        {replaced.error !== null && <ErrorState error={replaced.error} />}
        {replaced.chosen &&
          replaced.place === null &&
          replaced.error === null &&
          replacing.choice !== BUNDLE && <Skeleton rows={3} label="Loading its plan" />}
        {replaced.place !== null && (
          <Inheriting
            place={replaced.place}
            next={next}
            by={replacing.by}
            words={replacing.words}
            onChange={set}
            error={error}
            problem={problems.words}
            disabled={disabled}
          />
        )}
      </FieldStack>
    </Section>
  )
}

function labelOf({ name, retired, presence }: HostRow): string {
  const why = retired === true ? 'retired' : presence === 'never_seen' ? 'never seen' : presence
  return `${name} · ${why}`
}

/** The host that is gone and is called like the one at the door. */
function useSameName(hostname: string): HostRow | undefined {
  const { data } = useInfiniteQuery(hostsQuery({ q: hostname, status: GONE, sort: 'name' }))
  return data?.pages
    .flatMap(({ items }) => items)
    .find(({ name }) => name.toLowerCase() === hostname.toLowerCase())
}

function FromBundle(props: {
  replacing: Replacing
  set: (change: Partial<Replacing>) => void
  disabled: boolean
  problems: Record<string, string>
}) {
  const { replacing, set, disabled, problems } = props
  const [error, setError] = useState<unknown>(null)
  const { bundle } = replacing

  async function take(file: File) {
    setError(null)
    try {
      const read = readBundle(await textOf(file))
      set({ bundle: read, host: read.hosts[0]?.agent ?? null })
    } catch (problem) {
      set({ bundle: null, host: null })
      setError(problem)
    }
  }

  return (
    <>
      <FileField
        label="The bundle’s file"
        help="As Settings, Recovery downloads it, or escrow.json out of a backup of a coordinator. It is read here, and sent nowhere."
        accept=".json,application/json"
        disabled={disabled}
        onFile={(file) => void take(file)}
        data-testid="replaces-bundle"
      />
      {error !== null && <ErrorState error={error} title="Not read" />}
      {bundle !== null && (
        <>
          <SelectField
            label="Which of its hosts"
            searchable
            disabled={disabled}
            value={replacing.host}
            onChange={(host) => set({ host })}
            choices={bundle.hosts.map(({ agent, name, hostname }) => ({
              value: agent,
              label: name === hostname ? name : `${name} · snapshots of ${hostname}`,
            }))}
          />
          <LinesField
            label="What to back up"
            required
            help="A bundle has no plans: absolute paths, one per line, daily from tomorrow on. All of it can be changed later."
            value={replacing.includes}
            onChange={(includes) => set({ includes })}
            error={problems.includes}
            disabled={disabled}
          />
        </>
      )}
    </>
  )
}

/** Lets the form take over name and tags once, when somebody is chosen. */
export function useTakeOver(replaced: Replaced, take: (name: string, tags: string[]) => void) {
  const { name, tags } = replaced
  const key = name === null ? null : `${name}\n${tags.join('\n')}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each host that is chosen, whatever is typed later
  useEffect(() => {
    if (name !== null) take(name, [...tags])
  }, [key])
}
