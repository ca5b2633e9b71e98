// Credentials of a repository: what each is called, and giving one – sealed in this browser to the host
// whose admission it checked itself, in a grave order signed by this browser's key.

import { useQueryClient } from '@tanstack/react-query'
import { giveOrder } from '../../api/calls'
import { key } from '../../api/queries'
import type { OrderView } from '../../api/types.gen'
import { type CredentialKind, credentialKinds, credentialSlot } from '../../model/credentials'
import type { BackendKind } from '../../model/repository'
import { sealSecret, signOrder, trustMember } from '../../seal'
import { useHost } from './context'
import { answerTo } from './orders'
import { nextRevision, usePlanEdit } from './planEdit'

export interface CredentialSlot {
  kind: CredentialKind
  slot: string
  label: string
  /** What it is for. */
  help: string
}

const WORDS: Readonly<Record<CredentialKind, Pick<CredentialSlot, 'label' | 'help'>>> = {
  password: { label: 'Repository password', help: 'Opens what is encrypted in the repository.' },
  login: { label: 'Login', help: 'User and password of the REST server.' },
  environment: { label: 'Access keys', help: 'What the storage lets the host in by.' },
}

/** What a host holds, or should, for one repository. */
export function slotsOf(repository: string, backend: BackendKind): CredentialSlot[] {
  return credentialKinds(backend).map((kind) => ({
    kind,
    slot: credentialSlot(repository, kind),
    ...WORDS[kind],
  }))
}

/** Gives one secret; resolves when the host has answered or is known to be absent. */
export function useGiveSecret() {
  const { agent, host, present } = useHost()
  const { view, operator } = usePlanEdit()
  const queries = useQueryClient()
  return async (slot: string, value: string): Promise<OrderView> => {
    if (operator.state !== 'ready') throw new Error('This browser cannot sign: it has no operator key.')
    const to = trustMember(operator.trust, agent, host.binding, host.credential)
    const secret = await sealSecret(slot, nextRevision(view, slot), value, to)
    const grave = await signOrder({ do: 'set_secret', secret }, agent, operator.pen)
    const answer = await answerTo(queries, await giveOrder(agent, { grave }), present)
    void queries.invalidateQueries({ queryKey: key.host(agent) })
    return answer
  }
}
