// The next fleet statement where only its operators change: a key is approved, or no longer counts. Signed by an admin's
// operator key; everybody who follows the fleet checks that nothing else was touched (trust.ts). Touches no network.

import type { Operator, SignedDocument, Statement } from '../api/types.gen'
import type { Signer } from './ed25519'
import { sign } from './signed'
import type { Trust } from './trust'

/** With this key, in place of whatever stood there for it. */
export function withOperator(trust: Trust, operator: Operator, now = Date.now()): Statement {
  const others = trust.statement.operators.filter(({ key }) => key !== operator.key)
  return following(trust, [...others, operator], now)
}

/** Without this key. */
export function withoutOperator(trust: Trust, key: string, now = Date.now()): Statement {
  return following(
    trust,
    trust.statement.operators.filter((one) => one.key !== key),
    now,
  )
}

/** Whether the fleet would be left without an admin's key: no statement may say that. */
export function isLastAdmin(trust: Trust, key: string): boolean {
  const admins = trust.statement.operators.filter(({ role }) => role === 'admin')
  return admins.length === 1 && admins[0]?.key === key
}

export function signStatement(statement: Statement, signer: Signer): Promise<SignedDocument> {
  return sign('statement', statement, signer)
}

function following({ fleet, hashes, statement }: Trust, operators: Operator[], now: number): Statement {
  return {
    fleet,
    version: statement.version + 1,
    previous: hashes[hashes.length - 1] ?? '',
    issued_at: now,
    root: statement.root,
    recovery: statement.recovery,
    coordinators: statement.coordinators,
    operators,
  }
}
