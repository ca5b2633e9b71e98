// What a role is enough for. Pure; the coordinator and the agents decide, this only keeps useless buttons away.

import type { Role } from '../api/types.gen'

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

/** Whether a role is enough where `needed` is asked for. */
export function covers(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && RANK[role] >= RANK[needed]
}

const WITH_ARTICLE: Record<Role, string> = { viewer: 'a viewer', operator: 'an operator', admin: 'an admin' }

/** What each role is for, as whoever gives one chooses it. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  viewer: 'Sees hosts, jobs, logs and snapshots. Changes nothing.',
  operator: 'Runs and edits backups, restores, makes tokens for new hosts.',
  admin: 'Everything: also approves hosts and keys, hooks, people and their roles.',
}

export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']

/** The roles that are no more than this one. */
export function rolesUpTo(role: Role): readonly Role[] {
  return ROLES.filter((one) => covers(role, one))
}

export function roleWithArticle(role: Role): string {
  return WITH_ARTICLE[role]
}

/** Why a role is not enough to do something ("invite people"), and what to do about it; `null`: it is enough. */
export function lackOf(role: Role | undefined, needed: Role, what: string): string | null {
  if (covers(role, needed)) return null
  const own = role === undefined ? '' : ` You are ${WITH_ARTICLE[role]} here.`
  return `It takes ${WITH_ARTICLE[needed]} to ${what}.${own} Ask an admin.`
}
