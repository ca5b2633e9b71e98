// What a role is enough for. Pure; the coordinator and the agents decide, this only keeps useless buttons away.

import type { Role } from '../api/types.gen'

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

/** Whether a role is enough where `needed` is asked for. */
export function covers(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && RANK[role] >= RANK[needed]
}
