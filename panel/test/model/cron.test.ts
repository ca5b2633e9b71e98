import { describe, expect, test } from 'vitest'
import { crontabOf, pickOf, pickOfKind, readCron } from '../../src/model/cron'

const READINGS: readonly [string, string][] = [
  ['* * * * *', 'Every minute'],
  ['*/1 * * * *', 'Every minute'],
  ['*/5 * * * *', 'Every 5 minutes'],
  ['0,15,30,45 * * * *', 'Every 15 minutes'],
  ['*/7 * * * *', 'Every 7 minutes, counted from each full hour'],
  ['0 * * * *', 'Every hour'],
  ['@hourly', 'Every hour'],
  ['15 * * * *', 'Every hour at minute 15'],
  ['5,20 * * * *', 'Every hour at minutes 5 and 20'],
  ['0 2 * * *', 'Every day at 02:00'],
  ['  0   2 * * *  ', 'Every day at 02:00'],
  ['@daily', 'Every day at 00:00'],
  ['@midnight', 'Every day at 00:00'],
  ['30 2,14 * * *', 'Every day at 02:30 and 14:30'],
  ['0 6,12,18 * * *', 'Every day at 06:00, 12:00 and 18:00'],
  ['15,45 2-3 * * *', 'Every day at 02:15, 02:45, 03:15 and 03:45'],
  ['0 */2 * * *', 'Every 2 hours'],
  ['10 */3 * * *', 'Every 3 hours, at minute 10'],
  ['0 */6 * * *', 'Every day at 00:00, 06:00, 12:00 and 18:00'],
  ['0 9-17 * * *', 'Every hour from 09:00 to 17:00'],
  ['*/15 9-17 * * *', 'Every 15 minutes from 09:00 to 17:45'],
  ['* 2 * * *', 'Every minute from 02:00 to 02:59'],
  ['0,10,20 1,4,9 * * *', 'At minutes 0, 10 and 20 of the hours 1, 4 and 9'],
  ['0 4 * * 0', 'Every Sunday at 04:00'],
  ['0 4 * * 7', 'Every Sunday at 04:00'],
  ['0 4 * * sun', 'Every Sunday at 04:00'],
  ['@weekly', 'Every Sunday at 00:00'],
  ['0 2 * * 1-5', 'Monday to Friday at 02:00'],
  ['0 2 * * MON-FRI', 'Monday to Friday at 02:00'],
  ['0 2 * * 6,7', 'Saturday and Sunday at 02:00'],
  ['0 2 * * 5-7', 'Friday to Sunday at 02:00'],
  ['0 2 * * 1,3,5', 'Monday, Wednesday and Friday at 02:00'],
  ['0 2 * * 0-7', 'Every day at 02:00'],
  ['*/10 * * * 1-5', 'Every 10 minutes, Monday to Friday'],
  ['0 5 1 * *', 'On the 1st of every month at 05:00'],
  ['@monthly', 'On the 1st of every month at 00:00'],
  ['0 5 1,15 * *', 'On the 1st and 15th of every month at 05:00'],
  ['0 5 22 * *', 'On the 22nd of every month at 05:00'],
  ['0 5 11 * *', 'On the 11th of every month at 05:00'],
  ['0 5 31 * *', 'On the 31st of every month that has one at 05:00'],
  ['0 5 1-7 * *', 'On the 1st to 7th of every month at 05:00'],
  ['0 5 */2 * *', 'On every 2nd day from the 1st of every month at 05:00'],
  ['0 0 1 1 *', 'Every year on 1 January at 00:00'],
  ['@yearly', 'Every year on 1 January at 00:00'],
  ['@annually', 'Every year on 1 January at 00:00'],
  ['0 0 29 2 *', 'Every year on 29 February (leap years only) at 00:00'],
  ['0 0 1 1,4,7,10 *', 'On the 1st in January, April, July and October at 00:00'],
  ['0 3 * 5-9 *', 'Every day from May to September at 03:00'],
  ['0 3 * dec *', 'Every day in December at 03:00'],
  ['0 3 * jun,jul *', 'Every day in June and July at 03:00'],
  ['0 3 * * 1', 'Every Monday at 03:00'],
  ['0 3 13 * 5', 'On the 13th of the month and also every Friday at 03:00'],
  ['0 3 */2 * 5', 'Every Friday, but only on every 2nd day from the 1st of the month, at 03:00'],
  ['0 3 1-31 * 5', 'Every day at 03:00'],
  ['0 3 * 1 1-5', 'Monday to Friday in January at 03:00'],
  ['30 1 * 3-5 sat', 'Every Saturday from March to May at 01:30'],
  ['5 0 1 * 1', 'On the 1st of the month and also every Monday at 00:05'],
]

const PROBLEMS: readonly [string, RegExp][] = [
  ['', /five fields.*this has 0/],
  ['0 2 * *', /this has 4/],
  ['0 0 2 * * *', /this has 6/],
  ['60 * * * *', /^Minute: “60” is out of range/],
  ['0 24 * * *', /^Hour: “24” is out of range.*midnight is 0/],
  ['0 2 0 * *', /^Day of month: “0” is out of range/],
  ['0 2 * 13 *', /^Month: “13”/],
  ['0 2 * * 8', /^Day of week: “8”/],
  ['0 2 * * monday', /^Day of week: “monday” cannot be read/],
  ['*/0 * * * *', /no usable step/],
  ['5/15 * * * *', /step without a range/],
  ['0 22-6 * * *', /runs backwards/],
  ['1,,2 * * * *', /an item of the list is empty/],
  ['0 2 L * *', /cannot be read/],
  ['0 2 ? * *', /cannot be read/],
  ['0 2 30 2 *', /never comes/],
  ['0 2 31 4,6 *', /never comes/],
  ['@reboot', /not a time/],
  ['@nightly', /unknown/],
]

describe('a crontab in words', () => {
  test.each(READINGS)('%s', (text, words) => {
    expect(readCron(text)).toEqual({ ok: true, words })
  })

  test('the reading is the same for 30 February under a weekday, which comes all the same', () => {
    expect(readCron('0 2 30 2 1')).toMatchObject({ ok: true })
  })
})

describe('what is no crontab says where and why', () => {
  test.each(PROBLEMS)('%s', (text, problem) => {
    const reading = readCron(text)
    expect(reading.ok).toBe(false)
    if (!reading.ok) expect(reading.problem).toMatch(problem)
  })
})

test('a crontab of more than a kilobyte is not read', () => {
  expect(readCron(`${'1,'.repeat(600)}2 * * * *`)).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/too long/),
  })
})

describe('quick picks', () => {
  test.each([
    '0 * * * *',
    '25 * * * *',
    '0 2 * * *',
    '30 14 * * *',
    '0 4 * * 0',
    '15 3 * * 1,2,3,4,5',
    '0 5 1 * *',
    '45 23 28 * *',
  ])('%s is a pick and comes back as it was', (text) => {
    const pick = pickOf(text)
    expect(pick.kind).not.toBe('custom')
    if (pick.kind !== 'custom') expect(crontabOf(pick)).toBe(text)
  })

  test.each([
    '*/5 * * * *',
    '0 2,14 * * *',
    '0 2 * 1 *',
    '0 2 13 * 5',
    '0 2 1,15 * *',
    'nonsense',
    '0 2 1-31 * 5',
  ])('%s stays as it is written', (text) => {
    const pick = pickOf(text)
    if (pick.kind !== 'custom') expect(readCron(crontabOf(pick))).toEqual(readCron(text))
    else expect(pick).toEqual({ kind: 'custom' })
  })

  test('nicknames and names are recognised', () => {
    expect(pickOf('@weekly')).toEqual({ kind: 'weekly', weekdays: [0], hour: 0, minute: 0 })
    expect(pickOf('0 3 * * mon-fri')).toEqual({
      kind: 'weekly',
      weekdays: [1, 2, 3, 4, 5],
      hour: 3,
      minute: 0,
    })
  })

  test('all seven days ticked stay a weekly pick', () => {
    expect(pickOf('0 3 * * 0,1,2,3,4,5,6')).toMatchObject({ kind: 'weekly', weekdays: [0, 1, 2, 3, 4, 5, 6] })
  })

  test('changing the kind keeps the time', () => {
    const daily = pickOf('30 14 * * *')
    expect(pickOfKind('weekly', daily)).toEqual({ kind: 'weekly', weekdays: [0], hour: 14, minute: 30 })
    expect(pickOfKind('monthly', daily)).toEqual({ kind: 'monthly', day: 1, hour: 14, minute: 30 })
    expect(pickOfKind('daily', { kind: 'custom' })).toEqual({ kind: 'daily', hour: 2, minute: 0 })
  })
})
