// Templates: what of a plan can be given to other hosts, and what giving it to one host would mean. A host keeps its own
// repositories, presence and pings; hooks' scripts are secrets and travel apart. Pure.

import type { Group, Hook, Hooks, Plan, PolicyFacts, Repository } from '../api/types.gen'
import {
  HOOK_TIME_WORDS,
  HOOK_TIMES,
  HOST_HOOKS,
  type HookTime,
  hookSlot,
  hooksOf,
  meantGroup,
  NO_HOOKS,
  normalise,
  slotWords,
  wantedSecrets,
} from './plan'
import { belowFloor } from './policy'

export const TEMPLATE_NAME_MOST = 64

/** What is wrong with a template's name, if anything is. */
export function templateNameProblem(name: string): string | null {
  const sound = name.trim() !== '' && [...name].length <= TEMPLATE_NAME_MOST && !/\p{Cc}/u.test(name)
  return sound ? null : `A name has 1 to ${TEMPLATE_NAME_MOST} characters, and no control characters.`
}

/** The template of that name: names differ by more than case. */
export function templateNamed<T extends { name: string }>(all: readonly T[], name: string): T | undefined {
  return all.find((one) => one.name.toLowerCase() === name.trim().toLowerCase())
}

/** What a template keeps of a plan. Of repositories only the names stay, behind a place that is nobody's. */
export function templateOf(plan: Plan): Plan {
  const names = new Set(
    Object.values(plan.groups).flatMap(({ repository, copy_to }) =>
      copy_to === undefined ? [repository] : [repository, copy_to],
    ),
  )
  const { groups, schedules, maintenance, limits, hooks } = normalise(plan)
  return {
    repositories: Object.fromEntries([...names].map((name): [string, Repository] => [name, placeOf(name)])),
    groups: mapped(groups, (group) => withHooks(group, withoutFiles(hooksOf(group)))),
    schedules,
    maintenance,
    limits,
    presence: 'always_on',
    ...meantHostHooks(withoutFiles(hooksOf({ hooks }))),
  }
}

function placeOf(name: string): Repository {
  return { backend: { kind: 'local', path: `/repository/${name}` } }
}

/** What a template is given to. */
export interface Recipient {
  plan: Plan
  /** The slots that the host holds, or is given along. */
  held: ReadonlySet<string>
  policy: Pick<PolicyFacts, 'refuse_hooks' | 'refuse_orders' | 'keep_at_least'>
  /** Why nothing can be saved from here, such as the host's own file. */
  readOnly: string | null
}

export interface Applied {
  /** What the host's plan would be. */
  plan: Plan
  /** Done otherwise than the template says, and why. */
  notes: string[]
  /** While there are any, nothing can be given to this host. */
  problems: string[]
}

export interface ApplyOptions {
  /** Also takes out groups and schedules that the template does not have. */
  exact: boolean
}

/** The host's plan with the template on it. */
export function applyTemplate(to: Recipient, template: Plan, { exact }: ApplyOptions): Applied {
  const notes: string[] = []
  const problems: string[] = []
  const { plan: host, policy } = to
  if (to.readOnly !== null) problems.push('The host’s own plan.toml governs its plan.')
  if (policy.refuse_orders.includes('set_plan')) problems.push('The host’s policy takes no plan from afar.')

  const groups = mapped(template.groups, (group, name) => {
    const placed = placeGroup(name, group, host, { notes, problems })
    const own = host.groups[name]
    const hooks = givenHooks(name, hooksOf(group), own === undefined ? NO_HOOKS : hooksOf(own), to, notes)
    const least = belowFloor(group.retention, policy.keep_at_least)
    if (least !== null) {
      problems.push(`The group ${name} would keep less than the host’s policy wants: ${least}.`)
    }
    return withHooks(placed, hooks)
  })
  const kept = exact ? {} : host.groups
  const schedules = exact ? template.schedules : { ...host.schedules, ...template.schedules }
  const plan: Plan = {
    ...host,
    groups: { ...kept, ...groups },
    schedules,
    maintenance: template.maintenance,
    limits: template.limits,
    hooks: undefined,
    ...meantHostHooks(givenHooks(HOST_HOOKS, hooksOf(template), hooksOf(host), to, notes)),
  }
  return { plan: normalise(withoutLostPings(plan, notes)), notes, problems: [...new Set(problems)] }
}

/** The scripts that the template's hooks want; a host that has none of its own needs them given. */
export function templateSecrets(template: Plan): string[] {
  return wantedSecrets(template).map(({ slot }) => slot)
}

interface Said {
  notes: string[]
  problems: string[]
}

/** The group in the host's own repositories. */
function placeGroup(name: string, group: Group, host: Plan, { notes, problems }: Said): Group {
  const { copy_to, ...rest } = group
  const there = Object.keys(host.repositories)
  const repository = homeOf(group.repository, host.groups[name]?.repository, there)
  if (repository === null) {
    problems.push(
      there.length === 0
        ? 'It has no repository yet: set one up on its page.'
        : `It has no repository ${group.repository} for the group ${name}: it has ${there.join(', ')}.`,
    )
    return rest
  }
  if (repository !== group.repository) {
    notes.push(`The group ${name} goes to ${repository}: there is no repository ${group.repository} here.`)
  }
  if (copy_to === undefined) return { ...rest, repository }
  if (copy_to !== repository && there.includes(copy_to)) return { ...rest, repository, copy_to }
  notes.push(`The group ${name} is not copied: there is no repository ${copy_to} here.`)
  return { ...rest, repository }
}

/** The repository of that name, else where the group of that name is already, else the only one. */
function homeOf(wanted: string, present: string | undefined, there: readonly string[]): string | null {
  if (there.includes(wanted)) return wanted
  if (present !== undefined && there.includes(present)) return present
  return there.length === 1 ? (there[0] ?? null) : null
}

/** The template's choice where the host can follow it, else the host's own. */
function givenHooks(scope: string, wanted: Hooks, own: Hooks, to: Recipient, notes: string[]): Hooks {
  const choice = (time: HookTime): Hook => {
    const hook = wanted[time]
    if (hook !== 'secret' || to.held.has(hookSlot(scope, time))) return hook
    const why = to.policy.refuse_hooks
      ? 'its policy takes no script from afar'
      : 'its script is not there, and is not given'
    notes.push(`${capital(slotWords(hookSlot(scope, time)))} stays as it is: ${why}.`)
    return own[time]
  }
  return { pre: choice('pre'), post: choice('post'), timeout_s: wanted.timeout_s }
}

/** Pings are the host's own; one whose groups are all gone would otherwise be called for every group. */
function withoutLostPings(plan: Plan, notes: string[]): Plan {
  if (plan.pings === undefined) return plan
  const pings = Object.entries(plan.pings).flatMap(([name, ping]): [string, typeof ping][] => {
    const groups = ping.groups.filter((group) => plan.groups[group] !== undefined)
    if (ping.groups.length === 0 || groups.length > 0) return [[name, { ...ping, groups }]]
    notes.push(`The ping ${name} goes: none of its groups is left.`)
    return []
  })
  return { ...plan, pings: Object.fromEntries(pings) }
}

/** Only the endpoint's own plan.toml may name a file. */
function withoutFiles(hooks: Hooks): Hooks {
  const [pre, post] = HOOK_TIMES.map((time) => (typeof hooks[time] === 'object' ? 'inherit' : hooks[time]))
  return { ...hooks, pre: pre ?? 'inherit', post: post ?? 'inherit' }
}

function withHooks(group: Group, hooks: Hooks): Group {
  return meantGroup({ ...group, hooks })
}

function meantHostHooks(hooks: Hooks): Pick<Plan, 'hooks'> {
  return hooks.pre === 'inherit' && hooks.post === 'inherit' && hooks.timeout_s === null ? {} : { hooks }
}

/** What a template holds, in a line: "2 groups, 1 schedule, hooks before". */
export function templateWords(template: Plan): string {
  const count = (n: number, one: string, more = `${one}s`) => `${n} ${n === 1 ? one : more}`
  const hooks = HOOK_TIMES.filter((time) =>
    [hooksOf(template), ...Object.values(template.groups).map(hooksOf)].some(
      (choice) => choice[time] === 'secret',
    ),
  )
  return [
    count(Object.keys(template.groups).length, 'group'),
    count(Object.keys(template.schedules).length, 'schedule'),
    ...(hooks.length === 0 ? [] : [`hooks ${hooks.map((time) => HOOK_TIME_WORDS[time]).join(' and ')}`]),
  ].join(', ')
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
}

function mapped<T>(
  record: { [key in string]: T },
  change: (value: T, name: string) => T,
): { [key in string]: T } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}
