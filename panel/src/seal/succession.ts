// Going on with a fleet whose coordinator lost its people: the highest statement as it is, where this browser's key stands
// in it, or the next one signed by the recovery kit's root. Never another fleet. Touches neither network nor memory.

import type { SignedDocument, Statement } from '../api/types.gen'
import type { Signer } from './ed25519'
import { sign } from './signed'
import { operatorOf, type Trust } from './trust'

/** Who has lost its database; the same keys as before, unless its key file was lost too. */
export interface Survivor {
  id: string
  channel: string
  name: string
}

/** Whether the highest statement needs no other: it names this browser's key as an admin's, and this coordinator. */
export function standsAlready(trust: Trust, key: string | undefined, coordinator: Survivor): boolean {
  if (key === undefined || operatorOf(trust, key)?.role !== 'admin') return false
  return trust.statement.coordinators.some((one) => sameKeys(one, coordinator))
}

/** The next statement: the same fleet, with this browser's key as an admin's. */
export function nextStatement(
  trust: Trust,
  coordinator: Survivor,
  operator: { key: string; name: string },
  now = Date.now(),
): Statement {
  const { statement, hashes } = trust
  const others = statement.operators.filter(({ key }) => key !== operator.key)
  const { id, channel, name } = coordinator
  const coordinators = statement.coordinators.some((one) => sameKeys(one, coordinator))
    ? statement.coordinators
    : [
        ...statement.coordinators.filter((one) => one.id !== id && one.channel !== channel),
        { id, channel, name },
      ]
  return {
    fleet: trust.fleet,
    version: statement.version + 1,
    previous: hashes[hashes.length - 1] ?? '',
    issued_at: now,
    root: statement.root,
    recovery: statement.recovery,
    coordinators,
    operators: [...others, { ...operator, role: 'admin' }],
  }
}

/** Signed by the kit's root: nobody else may add an admin whom the fleet does not know. */
export function signSuccession(statement: Statement, root: Signer): Promise<SignedDocument> {
  return sign('statement', statement, root)
}

function sameKeys(one: { id: string; channel: string }, other: Survivor): boolean {
  return one.id === other.id && one.channel === other.channel
}
