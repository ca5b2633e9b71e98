// What one record of the audit says besides who, when and on what, line by line as people read it. Pure.

import type { AuditView, Operator } from '../api/types.gen'
import { type Difference, differences, reasonOf } from './audit'
import { actionWords as orderWords } from './orders'
import { shownPath } from './rawPath'
import { OVERWRITES, OWNERSHIPS } from './restore'

/** Said once: there is nothing that it was before. */
interface Fact {
  kind: 'fact'
  label: string
  text: string
}

export type Detail = ({ kind: 'change' } & Difference) | Fact

interface Tell {
  time: (at: number) => string
  /** An operator key's fingerprint, short enough for a line. */
  fingerprint: (key: string) => string
}

export function detailsOf(record: AuditView, tell: Tell): Detail[] {
  const { action, before, after } = record
  // The reason stands in the list itself.
  if (reasonOf(record) !== null) return facts(before, tell)
  if (action === 'statement_publish' && areOperators(before) && areOperators(after))
    return operators(before, after, tell)
  if (action === 'order_give' || action === 'order_withdraw') return order(record, tell)
  if (before === undefined || before === null) return facts(after, tell)
  return changes(before, after, tell)
}

function facts(value: unknown, { time }: Tell): Fact[] {
  return differences(undefined, value, time).map(({ label, after }) => ({
    kind: 'fact',
    label,
    text: after ?? '',
  }))
}

function changes(before: unknown, after: unknown, { time }: Tell): Detail[] {
  return differences(before, after, time).map((one) => ({ kind: 'change', ...one }))
}

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What the host was asked for, in the words of its page of orders. */
function order({ before, after }: AuditView, tell: Tell): Detail[] {
  const whole = isFields(after) ? after : isFields(before) ? before : {}
  const { order: id, action, base_revision, ...asked } = whole
  const isRenamed = action === 'rename' && isFields(before)
  const given = Object.entries(asked).filter(([, value]) => !(Array.isArray(value) && value.length === 0))
  return [
    ...(typeof action === 'string' ? [fact('Asked for', orderWords(action))] : []),
    ...(isRenamed
      ? changes(before, asked, tell)
      : action === 'restore'
        ? restore(asked, tell)
        : facts(Object.fromEntries(given), tell)),
    ...(typeof base_revision === 'number' ? [fact('Made on', `revision ${base_revision} of the plan`)] : []),
    ...(typeof id === 'string' ? [fact('Order', id)] : []),
  ]
}

/** What of a snapshot came back, where to, and what became of what was there: in the words of the page it was asked for on. */
function restore({ target, paths, source, ...asked }: Fields, tell: Tell): Detail[] {
  const { overwrite, ownership, verify, dry_run, ...rest } = asked
  const where = isFields(target) ? target : {}
  const picks = (Array.isArray(paths) ? paths : []).filter(isFields)
  const of = (taken: boolean) =>
    picks.flatMap(({ path, take }) => (typeof path === 'string' && take === taken ? [shownPath(path)] : []))
  const more = picks.flatMap((one) =>
    typeof one.more === 'number' ? [`${one.more} more, in or left out`] : [],
  )
  const taken = [...of(true), ...more]
  const left = of(false)
  return [
    ...facts(rest, tell),
    ...(typeof source === 'string' ? [fact('From the repository of', source)] : []),
    fact('What', taken.length === 0 ? 'everything' : taken.join(', ')),
    ...(left.length === 0 ? [] : [fact('Left out', left.join(', '))]),
    ...('to' in where ? [fact('Where to', targetWords(where))] : []),
    ...(where.to === 'in_place' ? [fact('Files that are there', wordOf(OVERWRITES, overwrite))] : []),
    ...(ownership === undefined ? [] : [fact('Owners', wordOf(OWNERSHIPS, ownership))]),
    ...(verify === true ? [fact('Verified', 'every file is read again and compared')] : []),
    ...(dry_run === true ? [fact('Dry run', 'nothing is written')] : []),
  ].filter(({ text }) => text !== '')
}

function targetWords({ to, path, base, host }: Fields): string {
  if (to === 'fresh') return 'a new directory'
  if (to === 'in_place') return `where the files were, on ${String(host)}`
  const without = typeof base === 'string' ? `, without ${shownPath(base)} above the files` : ''
  return `${shownPath(String(path))}${without}`
}

/** A record of a newer coordinator: its own word is better than nothing. */
function wordOf(words: Readonly<Record<string, string>>, value: unknown): string {
  return typeof value === 'string' ? (words[value] ?? value) : ''
}

function areOperators(value: unknown): value is Operator[] {
  return Array.isArray(value) && value.every((one) => isFields(one) && typeof one.key === 'string')
}

/** Each key once: who came, who went, whose name or role is another one, and who stayed. */
function operators(before: readonly Operator[], after: readonly Operator[], tell: Tell): Detail[] {
  const text = ({ name, role, key }: Operator) => `${name}, ${role}, ${tell.fingerprint(key)}`
  const old = new Map(before.map((one) => [one.key, one]))
  const came = after.filter(({ key }) => !old.has(key))
  const went = before.filter(({ key }) => !after.some((one) => one.key === key))
  const rest = after.flatMap((one) => {
    const was = old.get(one.key)
    return was === undefined ? [] : [{ was, one, same: was.name === one.name && was.role === one.role }]
  })
  const changed = rest.filter(({ same }) => !same)
  return [
    ...came.map((one): Detail => ({ kind: 'change', label: 'Added', before: null, after: text(one) })),
    ...went.map((one): Detail => ({ kind: 'change', label: 'Removed', before: text(one), after: null })),
    ...changed.map(
      ({ was, one }): Detail => ({
        kind: 'change',
        label: 'Changed',
        before: `${was.name}, ${was.role}`,
        after: text(one),
      }),
    ),
    ...rest.filter(({ same }) => same).map(({ one }) => fact('Kept', text(one))),
  ]
}

function fact(label: string, text: string): Fact {
  return { kind: 'fact', label, text }
}
