// A restore onto another host than the snapshot's: what opens the repository is sealed to that host, by the source while it
// is there, else here from the escrow with the recovery kit; then the restore is signed and given. Signs for hosts only
// whose keys this browser has checked.

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { giveOrder } from '../../api/calls'
import type { WholeHost } from '../../api/queries'
import { lend, readEscrow } from '../../api/recovery'
import type { Backend, EscrowHost, Lent, Restore } from '../../api/types.gen'
import type { Operator } from '../../parts/operator'
import { paths } from '../../paths'
import {
  EscrowError,
  type Kit,
  kitOfFleet,
  lentFrom,
  newJobId,
  openEscrow,
  sealLent,
  signOrder,
  trustMember,
} from '../../seal'
import { toast } from '../../ui'
import { answerTo, tellAnswer } from '../host/orders'

type Ready = Extract<Operator, { state: 'ready' }>

/** The host whose snapshot it is, dead or alive. */
export interface Source {
  agent: string
  name: string
}

/** How the credential comes to the other host. `kit`: its words, opened from what the coordinator keeps. `bundle`: from a file. */
export type By =
  | { by: 'source' }
  | { by: 'kit'; words: string }
  | { by: 'bundle'; kit: Kit; fleet: string; host: EscrowHost }

export interface Loan {
  source: Source
  repository: string
  target: WholeHost
  by: By
}

/** What `lent` of the restore says. The target's keys are checked before anything is asked for. */
export async function borrow({ source, repository, target, by }: Loan, operator: Ready): Promise<Lent> {
  const { binding, credential, row } = target
  const to = trustMember(operator.trust, row.agent, binding, credential)
  const job = newJobId()
  const about = { source: source.agent, source_name: source.name, job }
  if (by.by === 'source') {
    const action = { do: 'lend', repository, to: binding, to_name: row.name, job } as const
    const { box } = await lend(source.agent, await signOrder(action, source.agent, operator.pen))
    return { ...about, box }
  }
  const seal = async (kit: Kit, fleet: string, host: EscrowHost) => {
    const backend = backendIn(host, repository)
    const opened = await openEscrow(kit, fleet, host)
    const about = { job, source: source.agent, repository, backend }
    return sealLent(lentFrom(opened, host.hostname, about), to)
  }
  if (by.by === 'bundle') return { ...about, box: await seal(by.kit, by.fleet, by.host) }
  const kit = kitOfFleet(by.words, operator.trust.statement)
  try {
    const { hosts } = await readEscrow([source.agent])
    const host = hosts.find(({ agent }) => agent === source.agent)
    if (host === undefined) throw nothingLeft(source)
    return { ...about, box: await seal(kit, operator.trust.fleet, host) }
  } finally {
    kit.wipe()
  }
}

function backendIn({ name, repositories }: EscrowHost, repository: string): Backend {
  const backend = repositories[repository]
  if (backend !== undefined) return backend
  throw new EscrowError(
    `The escrow of ${name} does not say where its repository ${repository} is.`,
    'Look for an older bundle, or for the plan on the host’s page.',
  )
}

function nothingLeft({ name }: Source): EscrowError {
  return new EscrowError(
    `The coordinator has nothing in escrow of ${name}.`,
    'The host never told it what it used. Open a bundle that was kept elsewhere, under Settings, Recovery.',
  )
}

/** The order that goes to the target. */
export async function giveLent(
  queries: QueryClient,
  restore: Restore,
  loan: Loan,
  operator: Ready,
): Promise<{ job: string; given: boolean }> {
  const { target } = loan
  const agent = target.row.agent
  const lent = await borrow(loan, operator)
  const grave = await signOrder({ do: 'restore', ...restore, lent }, agent, operator.pen)
  const answer = await answerTo(queries, await giveOrder(agent, { grave }), true)
  tellAnswer(answer, `restore ${loan.source.name}’s files`, true)
  return { job: lent.job, given: answer.outcome?.outcome === 'accepted' }
}

export interface Lending {
  busy: boolean
  error: unknown
  /** Lends, gives, and opens the job's page. Says whether the target took it; never throws: what went wrong is `error`. */
  give: (restore: Restore, loan: Loan) => Promise<boolean>
}

export function useLending(operator: Operator): Lending {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  return {
    busy,
    error,
    give: async (restore, loan) => {
      if (operator.state !== 'ready') return false
      setBusy(true)
      setError(null)
      try {
        const { job, given } = await giveLent(queries, restore, loan, operator)
        if (!given) return false
        toast.ok(`${restore.dry_run ? 'Tries it' : 'Restores'} on ${loan.target.row.name}`)
        void navigate(paths.job(loan.target.row.agent, job))
        return true
      } catch (problem) {
        setError(problem)
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}
