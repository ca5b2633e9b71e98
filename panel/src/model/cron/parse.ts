// Text to sets, as crontab(5) has it and without extensions. Knows the grammar; must not know words for people, nor zones.

export type FieldName = 'minute' | 'hour' | 'day of month' | 'month' | 'day of week'

/** Sorted values; weekdays are 0–6 from Sunday. */
export interface CronFields {
  minutes: readonly number[]
  hours: readonly number[]
  days: readonly number[]
  months: readonly number[]
  weekdays: readonly number[]
  /** False when the field begins with `*`: then it does not count for the either-day rule. */
  daysRestrict: boolean
  weekdaysRestrict: boolean
}

export class CronProblem extends Error {
  override readonly name = 'CronProblem'
}

interface Field {
  name: FieldName
  low: number
  high: number
  names: readonly string[]
  expected: string
}

const FIELDS: readonly [Field, Field, Field, Field, Field] = [
  { name: 'minute', low: 0, high: 59, names: [], expected: 'a minute from 0 to 59' },
  { name: 'hour', low: 0, high: 23, names: [], expected: 'an hour from 0 to 23 (midnight is 0)' },
  { name: 'day of month', low: 1, high: 31, names: [], expected: 'a day from 1 to 31' },
  {
    name: 'month',
    low: 1,
    high: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
    expected: 'a month from 1 to 12, or jan to dec',
  },
  {
    name: 'day of week',
    low: 0,
    high: 7,
    names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
    expected: 'a day from 0 to 7 (0 and 7 are Sunday), or sun to sat',
  },
]

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const
const MAX_LENGTH = 1024

/** The sets that a crontab stands for; throws a `CronProblem` that names the field. */
export function parseCron(text: string): CronFields {
  if (text.length > MAX_LENGTH)
    throw new CronProblem('That is too long: write ranges and steps instead of long lists.')
  const words = expand(text.split(/[ \t\n\f\r]+/).filter((word) => word !== ''))
  if (words.length !== 5) {
    throw new CronProblem(
      `A crontab has five fields – minute, hour, day of month, month, day of week –, this has ${words.length}.`,
    )
  }
  const [minute, hour, day, month, weekday] = words as [string, string, string, string, string]
  const fields: CronFields = {
    minutes: list(FIELDS[0], minute),
    hours: list(FIELDS[1], hour),
    days: list(FIELDS[2], day),
    months: list(FIELDS[3], month),
    weekdays: sorted(list(FIELDS[4], weekday).map((n) => n % 7)),
    daysRestrict: !day.startsWith('*'),
    weekdaysRestrict: !weekday.startsWith('*'),
  }
  if (!everHappens(fields)) {
    throw new CronProblem(
      `No month that is named has such a day: day of month ${day} with month ${month} never comes.`,
    )
  }
  return fields
}

function expand(words: string[]): string[] {
  const [first] = words
  if (words.length !== 1 || first === undefined || !first.startsWith('@')) return words
  const five = NICKNAMES[first]
  if (five !== undefined) return five.split(' ')
  if (first === '@reboot') {
    throw new CronProblem(
      '@reboot is not a time: write one such as @daily; what was missed while off is caught up.',
    )
  }
  throw new CronProblem(
    `${first} is unknown: write @hourly, @daily, @weekly, @monthly or @yearly, or five fields.`,
  )
}

/** Vixie's rule: with both day fields restricted either suffices, and a weekday always comes. */
function everHappens({ days, months, daysRestrict, weekdaysRestrict }: CronFields): boolean {
  if (daysRestrict && weekdaysRestrict) return true
  return months.some((month) => days.some((day) => day <= (DAYS_IN_MONTH[month - 1] ?? 31)))
}

function list(field: Field, text: string): number[] {
  return sorted(text.split(',').flatMap((part) => item(field, part)))
}

/** `*`, `n`, `a-b`, or the first or last of these with `/step`. */
function item(field: Field, text: string): number[] {
  if (text === '') throw problem(field, 'an item of the list is empty')
  const [range = '', step, ...tooMany] = text.split('/')
  if (tooMany.length > 0 || (step !== undefined && !/^0*[1-9]\d{0,3}$/.test(step))) {
    throw problem(field, `“${text}” has no usable step, such as */2`)
  }
  const [low, high] = bounds(field, range, text, step !== undefined)
  const values: number[] = []
  for (let n = low; n <= high; n += Number(step ?? 1)) values.push(n)
  return values
}

function bounds(field: Field, range: string, whole: string, stepped: boolean): [number, number] {
  if (range === '*') return [field.low, field.high]
  const dash = range.indexOf('-')
  if (dash < 0) {
    const only = value(field, range, whole)
    if (stepped)
      throw problem(field, `“${whole}” has a step without a range, such as ${only}-${field.high}/2`)
    return [only, only]
  }
  const [first, last] = [
    value(field, range.slice(0, dash), whole),
    value(field, range.slice(dash + 1), whole),
  ]
  if (first > last) throw problem(field, `“${whole}” runs backwards: write two ranges with a comma between`)
  return [first, last]
}

function value(field: Field, text: string, whole: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    if (number < field.low || number > field.high) throw problem(field, `“${whole}” is out of range`)
    return number
  }
  const named = field.names.indexOf(text.toLowerCase())
  if (named < 0) throw problem(field, `“${whole}” cannot be read`)
  return field.low + named
}

function problem(field: Field, what: string): CronProblem {
  return new CronProblem(
    `${field.name[0]?.toUpperCase()}${field.name.slice(1)}: ${what}. It takes ${field.expected}.`,
  )
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}
