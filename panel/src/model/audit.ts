// What the audit's records say, in plain words. Pure. Every action of the coordinator has its words here, or this file does
// not compile.

import type { Actor, AuditAction, AuditView, TargetKind } from '../api/types.gen'
import { actionWords as orderWords } from './orders'

export type ActionGroup = 'access' | 'people' | 'account' | 'programs' | 'fleet' | 'audit'

export const GROUPS: Readonly<Record<ActionGroup, string>> = {
  access: 'Signing in and out',
  people: 'People',
  account: 'One’s own account',
  programs: 'API tokens and operator keys',
  fleet: 'Fleet, hosts and plans',
  audit: 'Refusals, and the audit itself',
}

interface Words {
  group: ActionGroup
  /** What somebody did: “ada: Signed in”. */
  did: string
}

export const ACTIONS: Readonly<Record<AuditAction, Words>> = {
  set_up: { group: 'access', did: 'Set the coordinator up' },
  sign_in: { group: 'access', did: 'Signed in' },
  sign_in_refused: { group: 'access', did: 'Was not let in' },
  sign_out: { group: 'access', did: 'Signed out' },
  session_end: { group: 'access', did: 'Ended a session of their own' },
  provider_sign_out: { group: 'access', did: 'Was signed out by the provider' },

  person_invite: { group: 'people', did: 'Invited a person' },
  person_join: { group: 'people', did: 'Came by a provider for the first time' },
  setup_link_make: { group: 'people', did: 'Made a setup link' },
  setup_link_use: { group: 'people', did: 'Used a setup link' },
  person_change: { group: 'people', did: 'Changed a person' },
  person_disable: { group: 'people', did: 'Disabled a person' },
  person_enable: { group: 'people', did: 'Enabled a person again' },
  person_sign_out: { group: 'people', did: 'Signed a person out everywhere' },
  factors_reset: { group: 'people', did: 'Reset a person’s second factors' },

  password_change: { group: 'account', did: 'Changed the password' },
  totp_add: { group: 'account', did: 'Added a code generator' },
  totp_remove: { group: 'account', did: 'Removed the code generator' },
  passkey_add: { group: 'account', did: 'Added a passkey' },
  passkey_remove: { group: 'account', did: 'Removed a passkey' },
  recovery_codes_make: { group: 'account', did: 'Made new recovery codes' },
  recovery_code_use: { group: 'account', did: 'Used a recovery code' },

  api_token_make: { group: 'programs', did: 'Made an API token' },
  api_token_revoke: { group: 'programs', did: 'Revoked an API token' },
  key_announce: { group: 'programs', did: 'Announced an operator key' },
  key_forget: { group: 'programs', did: 'Forgot an operator key' },

  statement_publish: { group: 'fleet', did: 'Published a fleet statement' },
  host_approve: { group: 'fleet', did: 'Approved a host' },
  host_reject: { group: 'fleet', did: 'Rejected a host' },
  host_remove: { group: 'fleet', did: 'Removed a retired host' },
  token_make: { group: 'fleet', did: 'Made a token that admits hosts' },
  token_revoke: { group: 'fleet', did: 'Revoked a token that admits hosts' },
  escrow_take: { group: 'fleet', did: 'Took the escrow bundle' },
  order_give: { group: 'fleet', did: 'Gave a host an order' },
  order_withdraw: { group: 'fleet', did: 'Withdrew an order' },
  template_keep: { group: 'fleet', did: 'Kept a template of plans' },
  template_remove: { group: 'fleet', did: 'Removed a template of plans' },

  refused: { group: 'audit', did: 'Was refused' },
  audit_trim: { group: 'audit', did: 'Dropped records whose time was over' },
}

const ALL = Object.keys(ACTIONS) as AuditAction[]

export function actionsOf(group: ActionGroup): AuditAction[] {
  return ALL.filter((action) => ACTIONS[action].group === group)
}

export function isAction(text: string): text is AuditAction {
  return Object.hasOwn(ACTIONS, text)
}

export function isGroup(text: string): text is ActionGroup {
  return Object.hasOwn(GROUPS, text)
}

/** A record of a newer coordinator: its own word is better than nothing. */
export function actionWords(action: AuditAction): string {
  return isAction(action) ? ACTIONS[action].did : humanised(action)
}

/** What a record says that somebody did; of an order, which one, where the record names it. */
export function didWords({ action, before, after }: Pick<AuditView, 'action' | 'before' | 'after'>): string {
  const did = actionWords(action)
  if (action !== 'order_give' && action !== 'order_withdraw') return did
  const order = (after ?? before) as { action?: unknown } | null | undefined
  return typeof order?.action === 'string' ? `${did}: ${orderWords(order.action)}` : did
}

const TARGETS: Readonly<Record<TargetKind, string>> = {
  person: 'Person',
  session: 'Session',
  api_token: 'API token',
  key: 'Operator key',
  fleet: 'Fleet',
  host: 'Host',
  token: 'Token',
  template: 'Template',
  route: 'Route',
  audit: 'Audit',
}

export function targetWords(kind: TargetKind): string {
  return TARGETS[kind] ?? humanised(kind)
}

/** As the API's filter takes them. */
export const CONSOLE = '(console)'
export const COORDINATOR = '(coordinator)'

export interface ActorWords {
  name: string
  /** Besides the name: by which way, or as what. */
  as: string | null
  /** What the list is filtered by. */
  filter: string
}

export function actorWords(actor: Actor): ActorWords {
  switch (actor.kind) {
    case 'person':
      return { name: actor.name, as: actor.role, filter: actor.name }
    case 'token':
      return { name: actor.name, as: `by the API token ${actor.token}, ${actor.role}`, filter: actor.name }
    case 'console':
      return { name: 'The coordinator’s machine', as: 'at its terminal', filter: CONSOLE }
    case 'coordinator':
      return { name: 'The coordinator', as: 'by itself', filter: COORDINATOR }
    case 'nobody':
      return {
        name: actor.name === '' ? 'Somebody unknown' : actor.name,
        as: 'not signed in',
        filter: actor.name,
      }
  }
}

/** Why somebody was refused or not let in, where a record says it: it belongs beside what happened. */
export function reasonOf({ action, after }: Pick<AuditView, 'action' | 'after'>): string | null {
  if (action !== 'refused' && action !== 'sign_in_refused') return null
  if (typeof after !== 'string') return null
  const text = after.replace(/^"([^"]*)"$/, '$1').trim()
  return text === '' ? null : text.charAt(0).toUpperCase() + text.slice(1)
}

export interface Difference {
  label: string
  /** `null`: it was not there, or is not any more. */
  before: string | null
  after: string | null
}

/** What changed, field by field in the order of what is there now; what stayed the same is left out. */
export function differences(before: unknown, after: unknown, time: (at: number) => string): Difference[] {
  const [old, fresh] = [flat(before, time), flat(after, time)]
  return [...new Set([...fresh.keys(), ...old.keys()])]
    .map((path) => ({
      label: path === '' ? 'Value' : path,
      before: old.get(path) ?? null,
      after: fresh.get(path) ?? null,
    }))
    .filter((one) => one.before !== one.after)
}

/** Nested objects become one list of paths; a list of plain values is one value. */
function flat(
  value: unknown,
  time: (at: number) => string,
  path: readonly string[] = [],
): Map<string, string> {
  if (value === undefined || value === null) return new Map()
  if (typeof value === 'object' && !Array.isArray(value)) {
    return new Map(Object.entries(value).flatMap(([name, inner]) => [...flat(inner, time, [...path, name])]))
  }
  const words = path.map(humanised).join(', ').toLowerCase()
  const label = words.charAt(0).toUpperCase() + words.slice(1)
  return new Map([[label, spelled(value, path.at(-1) ?? '', time)]])
}

function spelled(value: unknown, name: string, time: (at: number) => string): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? 'none' : value.map((one) => spelled(one, name, time)).join(', ')
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return name.endsWith('_at') ? time(value) : String(value)
  if (typeof value === 'string') return value === '' ? '(empty)' : value
  return value === null ? 'none' : entry(value as Readonly<Record<string, unknown>>, time)
}

/** One of a list: what changed of a plan, a secret's place, how many more there are; of anything else, each field. */
function entry(one: Readonly<Record<string, unknown>>, time: (at: number) => string): string {
  const { what, more, slot, revision, ...rest } = one
  if (typeof more === 'number') return `and ${more} more`
  if (typeof slot === 'string')
    return `${slot}${typeof revision === 'number' ? `, revision ${revision}` : ''}`
  const fields = Object.entries(typeof what === 'string' ? rest : one).filter(([, inner]) => inner !== null)
  if (typeof what !== 'string') {
    return fields.map(([name, inner]) => `${humanised(name)} ${spelled(inner, name, time)}`).join(', ')
  }
  // `repository_changed` of `main`
  const [area = '', ...did] = humanised(what).split(' ')
  return [area, ...fields.map(([name, inner]) => spelled(inner, name, time)), ...did].join(' ')
}

/** `expires_at` → `expires at` */
export function humanised(name: string): string {
  return name.replaceAll('_', ' ')
}
