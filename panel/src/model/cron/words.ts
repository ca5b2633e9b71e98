// Sets to a sentence: "Monday to Friday at 02:00". Says what the crontab means, not what it looks like.

import { type CronFields, CronProblem, parseCron } from './parse'

export const WEEKDAYS = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

/** So many points in time are listed; more are described. */
const TIMES_LISTED = 6

export type CronReading = { ok: true; words: string } | { ok: false; problem: string }

/** The crontab as a sentence, or what is wrong with it. */
export function readCron(text: string): CronReading {
  try {
    return { ok: true, words: sentence(parseCron(text)) }
  } catch (error) {
    if (error instanceof CronProblem) return { ok: false, problem: error.message }
    throw error
  }
}

/** `02:05`. */
export function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}

function sentence(fields: CronFields): string {
  const { words, often } = times(fields)
  const day = days(fields)
  if (day === '') return capital(often ? words : `every day ${words}`)
  return capital(often ? `${words}, ${day}` : `${day} ${words}`)
}

/** `often`: the words stand by themselves ("every 5 minutes"); otherwise they follow a day ("at 02:00"). */
function times({ minutes, hours }: CronFields): { words: string; often: boolean } {
  const allHours = hours.length === 24
  const [minute] = minutes
  const [hour] = hours
  if (minute === undefined || hour === undefined) throw new CronProblem('A crontab names at least one time.')
  if (allHours) return { words: withinEveryHour(minutes, minute), often: true }
  if (minutes.length * hours.length <= TIMES_LISTED) {
    const all = hours.flatMap((h) => minutes.map((m) => clock(h, m)))
    return { words: `at ${and(all)}`, often: false }
  }
  const step = evenStep(hours, 24)
  if (minutes.length === 1 && step !== null) {
    return { words: `every ${step} hours${minute === 0 ? '' : `, at minute ${minute}`}`, often: true }
  }
  const last = hours[hours.length - 1] ?? hour
  if (last - hour === hours.length - 1) {
    const to = clock(last, minutes[minutes.length - 1] ?? minute)
    return { words: `${withinHours(minutes)} from ${clock(hour, minute)} to ${to}`, often: true }
  }
  const at = `at ${plural(minutes, 'minute')} ${and(shortened(minutes))}`
  return {
    words: `${minutes.length === 60 ? 'every minute' : at} of the hours ${and(hours.map(String))}`,
    often: true,
  }
}

function withinEveryHour(minutes: readonly number[], first: number): string {
  if (minutes.length === 60) return 'every minute'
  if (minutes.length === 1) return first === 0 ? 'every hour' : `every hour at minute ${first}`
  const step = evenStep(minutes, 60)
  if (step !== null) return `every ${step} minutes`
  const uneven = anyStep(minutes, 60)
  if (uneven !== null) return `every ${uneven} minutes, counted from each full hour`
  return `every hour at minutes ${and(shortened(minutes))}`
}

function withinHours(minutes: readonly number[]): string {
  if (minutes.length === 60) return 'every minute'
  if (minutes.length === 1) return 'every hour'
  const step = evenStep(minutes, 60)
  return step === null ? `at minutes ${and(shortened(minutes))} of each hour` : `every ${step} minutes`
}

/** A step that divides the circle: the distance is the same everywhere. */
function evenStep(values: readonly number[], circle: number): number | null {
  const step = circle / values.length
  return Number.isInteger(step) && step > 1 && values.every((value, n) => value === n * step) ? step : null
}

/** A step that does not divide the circle: shorter at its end. */
function anyStep(values: readonly number[], circle: number): number | null {
  const step = (values[1] ?? 0) - (values[0] ?? 0)
  const whole = values[0] === 0 && step > 1 && values.every((value, n) => value === n * step)
  return whole && (values[values.length - 1] ?? 0) + step >= circle && values.length > 2 ? step : null
}

function days(fields: CronFields): string {
  const { days, weekdays, months, daysRestrict, weekdaysRestrict } = fields
  const everyDate = days.length === 31
  const everyWeekday = weekdays.length === 7
  const inMonths = months.length === 12 ? '' : monthWords(months)
  const either = daysRestrict && weekdaysRestrict
  if (either && (everyDate || everyWeekday)) return inMonths === '' ? '' : `every day ${inMonths}`
  if (everyDate && everyWeekday) return inMonths === '' ? '' : `every day ${inMonths}`
  if (everyDate) return join(weekdayWords(weekdays), inMonths)
  if (everyWeekday) return dates(days, months)
  const date = dateList(days)
  if (either) return join(`on ${date} of the month and also ${weekdayWords(weekdays)}`, inMonths)
  return join(`${weekdayWords(weekdays)}, but only on ${date} of the month,`, inMonths)
}

function dates(days: readonly number[], months: readonly number[]): string {
  const [month] = months
  if (months.length === 1 && month !== undefined) {
    const leap = month === 2 && days.every((day) => day >= 29) ? ' (leap years only)' : ''
    return `every year on ${and(days.map(String))} ${MONTHS[month - 1]}${leap}`
  }
  const [first = 1] = days
  const rare = days.length === 1 && first > 28 && months.length === 12
  const date = `on ${dateList(days)} of every month${rare ? ' that has one' : ''}`
  return months.length === 12 ? date : `on ${dateList(days)} ${monthWords(months)}`
}

function dateList(days: readonly number[]): string {
  const step = (days[1] ?? 0) - (days[0] ?? 0)
  const [first = 1] = days
  const regular = days.length > 4 && step > 1 && days.every((day, n) => day === first + n * step)
  if (regular && (days[days.length - 1] ?? 0) + step > 31) {
    return first === 1
      ? `every ${ordinal(step)} day from the 1st`
      : `every ${ordinal(step)} day from the ${ordinal(first)}`
  }
  const ranges = runs(days)
  return `the ${and(ranges.map(([from, to]) => (from === to ? ordinal(from) : `${ordinal(from)} to ${ordinal(to)}`)))}`
}

function weekdayWords(weekdays: readonly number[]): string {
  // The week begins on Monday here, so that Saturday and Sunday stand together.
  const fromMonday = weekdays.map((day) => (day + 6) % 7).sort((a, b) => a - b)
  const name = (day: number) => WEEKDAYS[(day + 1) % 7] ?? ''
  if (fromMonday.length === 1) return `every ${name(fromMonday[0] ?? 0)}`
  return and(
    runs(fromMonday).map(([from, to]) => (from === to ? name(from) : `${name(from)} to ${name(to)}`)),
  )
}

function monthWords(months: readonly number[]): string {
  const name = (month: number) => MONTHS[month - 1] ?? ''
  const ranges = runs(months)
  const [only] = ranges
  if (ranges.length === 1 && only !== undefined && only[0] !== only[1])
    return `from ${name(only[0])} to ${name(only[1])}`
  return `in ${and(months.map(name))}`
}

/** Runs of three and more become ranges; pairs stay two. */
function runs(values: readonly number[]): [number, number][] {
  const all: [number, number][] = []
  for (const value of values) {
    const open = all[all.length - 1]
    if (open !== undefined && open[1] + 1 === value) open[1] = value
    else all.push([value, value])
  }
  return all.flatMap(([from, to]): [number, number][] =>
    to === from + 1
      ? [
          [from, from],
          [to, to],
        ]
      : [[from, to]],
  )
}

function shortened(values: readonly number[]): string[] {
  const most = 8
  const shown = values.slice(0, most).map(String)
  return values.length > most ? [...shown, `${values.length - most} more`] : shown
}

function ordinal(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}

function plural(values: readonly number[], word: string): string {
  return values.length === 1 ? word : `${word}s`
}

function and(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ')
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
}
