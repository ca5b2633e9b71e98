// The values of a plan, each as labelled words, so that two of them can be told apart. Pure.

import type {
  Conditions,
  Group,
  Hooks,
  Limits,
  Maintenance,
  Ping,
  Repository,
  Schedule,
} from '../../api/types.gen'
import { readCron } from '../cron'
import { locationOf } from '../repository'
import { formatDuration } from '../time'
import { saidWhole } from '../whole'
import { hooksOf, hookWords } from './hooks'
import { pinnedTags, retentionWords } from './words'

export type Value = string | readonly string[] | null
export type Described = readonly (readonly [label: string, value: Value])[]

export function describeRepository({ backend, append_only, owner, wards }: Repository): Described {
  return [
    ['Kind', backend.kind],
    ['Destination', locationOf(backend)],
    ['Region', backend.kind === 's3' ? backend.region : null],
    ['Everyday credential', append_only === true ? 'can only add' : 'may do everything'],
    ['Pruned and checked by', owner === undefined ? 'this host, while it is alone there' : owner.name],
    [
      'Forgets for',
      (wards ?? []).map(({ hostname, revision }) => `${hostname}, by revision ${revision} of its plan`),
    ],
  ]
}

export function describeGroup(group: Group): Described {
  const { max, backoff_s } = group.retry
  return [
    ['Repository', group.repository],
    ['Copied to', group.copy_to ?? 'nowhere'],
    ['Paths', group.includes],
    ['Excludes', group.excludes],
    ['Left out if they hold', group.exclude_if_present],
    ['Other file systems', group.one_file_system ? 'left out' : 'included'],
    ['Keeps', retentionWords(group.retention) ?? 'everything'],
    ['Pinned by the tags', pinnedTags(group.retention)],
    ['Retry', max === 0 ? 'never' : `${saidWhole(max)} times, first after ${saidWhole(backoff_s, seconds)}`],
    ...describeHooks(hooksOf(group), false),
  ]
}

export function describeSchedule(schedule: Schedule): Described {
  return [
    ['When', cronWords(schedule.cron)],
    ['Crontab', schedule.cron],
    ['Time zone', schedule.zone ?? 'the host’s own'],
    ['State', schedule.enabled ? 'on' : 'paused'],
    ['Groups', schedule.groups],
    ['Spread', schedule.jitter_s === 0 ? 'none' : `up to ${formatDuration(schedule.jitter_s * 1_000)}`],
    ['Waits for', conditionWords(schedule.conditions)],
  ]
}

/** What has to hold before a schedule runs; empty when it always does. */
export function conditionWords(conditions: Conditions | undefined): string[] {
  return [
    conditions?.mains_power === true ? 'mains power' : '',
    conditions?.unmetered === true ? 'an unmetered network' : '',
    conditions?.reachable === true ? 'a repository that answers' : '',
  ].filter((words) => words !== '')
}

export function describeMaintenance(maintenance: Maintenance): Described {
  const cadence = (cron: string | null) => (cron === null ? 'never by itself' : cronWords(cron))
  return [
    ['Forget', cadence(maintenance.forget)],
    ['Prune', cadence(maintenance.prune)],
    ['Check', cadence(maintenance.check)],
    ['Data that a check reads', `${maintenance.check_read_data_percent} %`],
    ['Restore drill', cadence(maintenance.drill)],
    ['A drill restores at most', `${maintenance.drill_files} files, ${maintenance.drill_mib} MiB`],
  ]
}

export function describeLimits(limits: Limits): Described {
  const rate = (kib: number | null) => (kib === null ? 'no limit' : `${saidWhole(kib)} KiB/s`)
  const io = { idle: 'only when nobody else wants the disk', low: 'low' }
  return [
    ['Upload', rate(limits.upload_kib_s)],
    ['Download', rate(limits.download_kib_s)],
    ['Niceness', limits.nice === null ? 'as it is' : saidWhole(limits.nice)],
    ['Disk priority', limits.io === undefined ? 'as it is' : io[limits.io]],
  ]
}

export function describeHooks(hooks: Hooks, ofHost: boolean): Described {
  return [
    ['Hook before', hookWords(hooks.pre, ofHost)],
    ['Hook after', hookWords(hooks.post, ofHost)],
    [
      'A hook’s time limit',
      hooks.timeout_s === null ? (ofHost ? 'the usual' : 'the host’s') : saidWhole(hooks.timeout_s, seconds),
    ],
  ]
}

const seconds = (s: number) => formatDuration(s * 1_000)

export function describePing(ping: Ping): Described {
  return [
    ['Called on', pingWords(ping)],
    ['Of the groups', ping.groups.length === 0 ? ['all'] : ping.groups],
  ]
}

export function pingWords({ start, success, failure }: Ping): string[] {
  return [start ? 'start' : '', success ? 'success' : '', failure ? 'failure' : ''].filter((on) => on !== '')
}

function cronWords(cron: string): string {
  const reading = readCron(cron)
  return reading.ok ? reading.words : cron
}
