// Hooks and other secrets of a plan: which slots it wants filled, and which of them nobody filled yet. Bodies and addresses
// are secrets: the plan says only which hook runs. The spelling of slots is wire::seal::SecretSlot's.

import type { Hook, Hooks, Plan, PlanProblem, Role } from '../../api/types.gen'

export type HookTime = 'pre' | 'post'
export const HOOK_TIMES: readonly HookTime[] = ['pre', 'post']
/** The scope of the host's own hooks, which every group inherits. */
export const HOST_HOOKS = '*'
/** As the agent has it where neither group nor host says. */
export const USUAL_HOOK_LIMIT_S = 300
export const LONGEST_HOOK_S = 86_400

export const NO_HOOKS: Hooks = { pre: 'inherit', post: 'inherit', timeout_s: null }

export function hooksOf({ hooks }: { hooks?: Hooks }): Hooks {
  return hooks ?? NO_HOOKS
}

/** As the plan writes it: what says nothing is left out. */
export function meantHooks(hooks: Hooks | undefined): Hooks | undefined {
  if (hooks === undefined) return undefined
  const { pre, post, timeout_s } = hooks
  return pre === 'inherit' && post === 'inherit' && timeout_s === null ? undefined : hooks
}

export function hookSlot(scope: string, time: HookTime): string {
  return `hook/${scope}/${time}`
}

export function pingSlot(name: string): string {
  return `ping/${name}`
}

export const HOOK_TIME_WORDS: Readonly<Record<HookTime, string>> = { pre: 'before', post: 'after' }

/** Which hook runs, in a few words. `ofHost`: it is the host's own default. */
export function hookWords(hook: Hook, ofHost: boolean): string {
  if (typeof hook === 'object') return `the host’s file ${hook.file}`
  switch (hook) {
    case 'inherit':
      return ofHost ? 'none' : 'the host’s'
    case 'none':
      return 'none'
    case 'secret':
      return 'a script of its own'
  }
}

/** `hook/photos/pre` → "the hook before backups of photos". */
export function slotWords(slot: string): string {
  const [area = '', name = '', what = ''] = slot.split('/')
  if (area === 'hook') {
    const when = what === 'pre' ? 'before' : 'after'
    return name === HOST_HOOKS ? `the host’s hook ${when} backups` : `the hook ${when} backups of ${name}`
  }
  if (area === 'ping') return `the address of the ping ${name}`
  const words = { environment: 'access keys', login: 'login', admin: 'admin login' }[what] ?? 'password'
  return `the ${words} of repository ${name}`
}

/** Whose key gives it: what decides where data goes, or runs with all power, is an admin's. */
export function slotRole(slot: string): Role {
  return slot.startsWith('ping/') ? 'operator' : 'admin'
}

/** The hooks and addresses that the plan relies on, with the field that does. */
export function wantedSecrets(plan: Plan): { slot: string; field: string }[] {
  const scopes: [scope: string, field: string, hooks: Hooks][] = [
    [HOST_HOOKS, 'hooks', hooksOf(plan)],
    ...Object.entries(plan.groups).map(([name, group]): [string, string, Hooks] => [
      name,
      `groups.${name}.hooks`,
      hooksOf(group),
    ]),
  ]
  return [
    ...scopes.flatMap(([scope, field, hooks]) =>
      HOOK_TIMES.filter((time) => hooks[time] === 'secret').map((time) => ({
        slot: hookSlot(scope, time),
        field: `${field}.${time}`,
      })),
    ),
    ...Object.keys(plan.pings ?? {}).map((name) => ({ slot: pingSlot(name), field: `pings.${name}` })),
  ]
}

/** What the plan relies on and neither the host holds nor this edit gives. A hook that is not there fails every backup. */
export function missingSecrets(plan: Plan, held: ReadonlySet<string>): PlanProblem[] {
  return wantedSecrets(plan)
    .filter(({ slot }) => !held.has(slot))
    .map(({ slot, field }) => ({
      field,
      message: slot.startsWith('ping/')
        ? 'its address is not given yet: type it in'
        : 'its script is not given yet: type it in, or choose another',
    }))
}

/** What is wrong with a ping's address, as it is typed. */
export function pingAddressProblem(address: string): string | null {
  return /^https?:\/\/[^\s/]+\S*$/.test(address)
    ? null
    : 'its address must be one line that begins with https:// or http://'
}
