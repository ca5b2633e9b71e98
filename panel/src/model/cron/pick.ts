// Quick picks: the crontabs that most people mean, as a few choices. What is none of them stays as it was written.

import { CronProblem, parseCron } from './parse'

export type Pick =
  | { kind: 'hourly'; minute: number }
  | { kind: 'daily'; hour: number; minute: number }
  | { kind: 'weekly'; weekdays: readonly number[]; hour: number; minute: number }
  | { kind: 'monthly'; day: number; hour: number; minute: number }
  | { kind: 'custom' }

export type PickKind = Pick['kind']

export function crontabOf(pick: Exclude<Pick, { kind: 'custom' }>): string {
  switch (pick.kind) {
    case 'hourly':
      return `${pick.minute} * * * *`
    case 'daily':
      return `${pick.minute} ${pick.hour} * * *`
    case 'weekly':
      return `${pick.minute} ${pick.hour} * * ${[...pick.weekdays].sort((a, b) => a - b).join(',')}`
    case 'monthly':
      return `${pick.minute} ${pick.hour} ${pick.day} * *`
  }
}

/** Which pick a crontab is. */
export function pickOf(text: string): Pick {
  let fields: ReturnType<typeof parseCron>
  try {
    fields = parseCron(text)
  } catch (error) {
    if (error instanceof CronProblem) return { kind: 'custom' }
    throw error
  }
  const { minutes, hours, days, months, weekdays } = fields
  const [minute] = minutes
  const [hour] = hours
  const everyDate = days.length === 31
  const everyWeekday = weekdays.length === 7
  if (minute === undefined || minutes.length > 1 || months.length < 12) return { kind: 'custom' }
  if (hours.length === 24 && everyDate && everyWeekday) return { kind: 'hourly', minute }
  if (hour === undefined || hours.length > 1) return { kind: 'custom' }
  // All seven days ticked one by one are still a week's choice, so that one can be unticked again.
  if (everyDate && !fields.weekdaysRestrict) return { kind: 'daily', hour, minute }
  if (everyDate && !fields.daysRestrict) return { kind: 'weekly', weekdays, hour, minute }
  const [day] = days
  if (everyWeekday && !fields.weekdaysRestrict && days.length === 1 && day !== undefined) {
    return { kind: 'monthly', day, hour, minute }
  }
  return { kind: 'custom' }
}

/** Another kind of pick that keeps what of the time can be kept. */
export function pickOfKind(kind: Exclude<PickKind, 'custom'>, from: Pick): Exclude<Pick, { kind: 'custom' }> {
  const minute = 'minute' in from ? from.minute : 0
  const hour = 'hour' in from ? from.hour : 2
  switch (kind) {
    case 'hourly':
      return { kind, minute }
    case 'daily':
      return { kind, hour, minute }
    case 'weekly':
      return { kind, weekdays: 'weekdays' in from ? from.weekdays : [0], hour, minute }
    case 'monthly':
      return { kind, day: 'day' in from ? from.day : 1, hour, minute }
  }
}
