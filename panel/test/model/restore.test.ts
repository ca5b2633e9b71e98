// A restore in words and as an order: what is in the way of it is said before the host has to.

import { describe, expect, it } from 'vitest'
import type { Restore } from '../../src/api/types.gen'
import { isSigned } from '../../src/model/orders'
import {
  abilitiesOf,
  baseOf,
  directoryProblem,
  lackOfRestic,
  missingOf,
  NO_WISH,
  policyBarrier,
  readWish,
  restoreOf,
  restoreOptionWords,
  summaryWords,
  totalWords,
  type Wish,
  wishOf,
} from '../../src/model/restore'

/** In braces, as a shell has it. */
const BRACED = '$' + '{HOME}'
const take = (path: string) => ({ path, take: true })
const wish = (change: Partial<Wish> = {}): Wish => ({
  ...NO_WISH,
  picks: [take('/home/ada/letters')],
  ...change,
})
const OF = { repository: 'main', snapshot: 'ab'.repeat(32), host: 'web-3' }
const POLICY = {
  ...{ refuse_destination_changes: false, refuse_hooks: false, refuse_orders: [], keep_at_least: null },
}
const TOTAL = { files: 3, directories: 1, bytes: 1_288_490_189, more: [], less: [] }
const ALL_ABILITIES = abilitiesOf({
  restic_can: [
    ...['restore_overwrite', 'restore_dry_run', 'restore_ownership_by_name', 'restore_no_ownership'],
    'restore_subfolder',
  ],
})

describe('in words', () => {
  const facts = { host: 'web-3', time: '12 May 02:00', total: TOTAL }
  it.each<[Partial<Wish>, string]>([
    [
      {},
      'Restores /home/ada/letters (3 files and 1 directory, 1.20 GiB) of the snapshot of 12 May 02:00 into a new directory, $HOME/rm-restore/<job>/, on web-3; owners are kept. It waits for a job that runs on the repository.',
    ],
    [
      { to: 'in_place', overwrite: 'if_newer', verify: true, meanwhile: 'cancel' },
      'Restores /home/ada/letters (3 files and 1 directory, 1.20 GiB) of the snapshot of 12 May 02:00 to where they were on web-3; files that are there already are written over where the saved ones are newer; owners are kept; every file is read again and compared. A job that runs on the repository is cancelled for it.',
    ],
    [
      { to: 'directory', directory: '/srv/back', strip: true, ownership: 'drop' },
      'Restores /home/ada/letters (3 files and 1 directory, 1.20 GiB) of the snapshot of 12 May 02:00 into /srv/back on web-3, without /home/ada above them; all belongs to the account that the agent runs as. It waits for a job that runs on the repository.',
    ],
    [
      { picks: [take('/')], dryRun: true, verify: true },
      'Says what a restore would write of everything (3 files and 1 directory, 1.20 GiB) of the snapshot of 12 May 02:00 into a new directory, $HOME/rm-restore/<job>/, on web-3. Nothing is written. It waits for a job that runs on the repository.',
    ],
  ])('%j', (change, words) => expect(summaryWords(wish(change), facts)).toBe(words))

  it('of nothing says so, and promises nothing', () => {
    expect(summaryWords(wish({ picks: [] }), facts)).toBe(
      'Nothing is ticked of the snapshot of 12 May 02:00.',
    )
  })

  it('tells what is not measured', () => {
    expect(totalWords({ ...TOTAL, more: ['/a'], less: ['/b', '/c'] })).toBe(
      '3 files and 1 directory, 1.20 GiB + 1 item not measured yet (less 2 items not measured yet)',
    )
    expect(totalWords({ files: 0, directories: 0, bytes: 0, more: ['/a', '/b'], less: [] })).toBe(
      '2 items not measured yet',
    )
  })
})

describe('as an order', () => {
  it('takes no key where the agent makes the directory, and one everywhere else', () => {
    const signed = (change: Partial<Wish>) => isSigned({ do: 'restore', ...restoreOf(wish(change), OF) })
    expect(signed({})).toBe(false)
    expect(signed({ to: 'directory', directory: '/srv/back' })).toBe(true)
    expect(signed({ to: 'in_place' })).toBe(true)
    const lent = { source: 'a', source_name: 'db-1', job: 'j', box: '' }
    expect(isSigned({ do: 'restore', ...restoreOf(wish(), OF), lent })).toBe(true)
  })

  it('has what was chosen, and nothing that does not go with it', () => {
    expect(
      restoreOf(wish({ picks: [take('/')], verify: true, dryRun: true, overwrite: 'never' }), OF),
    ).toEqual({
      repository: 'main',
      snapshot: OF.snapshot,
      picks: [],
      target: { to: 'fresh' },
      overwrite: 'always',
      ownership: 'keep',
      verify: false,
      dry_run: true,
      meanwhile: 'wait',
    })
    expect(restoreOf(wish({ to: 'directory', directory: ' ~/back ', strip: true }), OF).target).toEqual({
      ...{ to: 'directory', path: '~/back', base: '/home/ada' },
    })
    expect(restoreOf(wish({ to: 'in_place', overwrite: 'never' }), { ...OF, host: 'web-3 ' })).toMatchObject({
      ...{ target: { to: 'in_place', host: 'web-3 ' }, overwrite: 'never' },
    })
  })

  it('is chosen again as it was', () => {
    const was: Restore = restoreOf(
      wish({ to: 'directory', directory: '/srv/back', strip: true, ownership: 'by_name', verify: true }),
      OF,
    )
    expect(restoreOf(wishOf(was), OF)).toEqual(was)
    expect(wishOf(restoreOf(wish({ picks: [take('/')] }), OF)).picks).toEqual([take('/')])
    expect(readWish(JSON.stringify(wish()))).toEqual(wish())
    for (const other of [null, 'no', '[]', 'null', '{"picks":1}']) expect(readWish(other)).toEqual(NO_WISH)
  })

  it('is told among a job’s facts', () => {
    const was = restoreOf(wish({ to: 'in_place', overwrite: 'never', ownership: 'drop', dryRun: true }), OF)
    expect(restoreOptionWords(was)).toEqual([
      ...['/home/ada/letters', 'in place', 'files that are there already stay as they are'],
      ...['all belongs to the account that the agent runs as', 'nothing is written'],
    ])
  })

  it('leaves out what all ticked things lie in', () => {
    expect(baseOf([take('/home/ada/a'), take('/home/ada/b/c'), { path: '/x', take: false }])).toBe(
      '/home/ada',
    )
    expect(baseOf([take('/home')])).toBeNull()
    expect(baseOf([take('/')])).toBeNull()
  })
})

describe('what is in the way', () => {
  it.each([
    ['/srv/back', true],
    ['~/back', true],
    ['$HOME/x', true],
    [`${BRACED}/x y`, true],
    ...[
      '/',
      '~',
      '~/',
      'a/b',
      '~ada/x',
      '/srv/../etc',
      '/x/$HOME',
      '$HOMEx/a',
      '/a\nb',
      BRACED.replace('HOME', 'PWD'),
    ].map((path) => [path, false] as const),
  ] as const)('directory %j: %s', (path, good) => {
    expect(directoryProblem(path, POLICY) === null).toBe(good)
  })

  it('is the host’s policy', () => {
    const below = { ...POLICY, restore_below: ['/srv/restore'] }
    expect(directoryProblem('/srv/restore/x', below)).toBeNull()
    expect(directoryProblem('/srv/restored', below)).toMatch(/below \/srv\/restore alone/)
    expect(directoryProblem('~/x', below)).toBeNull()
    expect(policyBarrier('in_place', { ...POLICY, refuse_in_place: true })).toMatch(/choose a directory/)
    expect(policyBarrier('fresh', { ...POLICY, refuse_in_place: true })).toBeNull()
    expect(policyBarrier('fresh', { ...POLICY, refuse_orders: ['restore'] })).toMatch(/at its terminal/)
  })

  it('is what was not chosen yet', () => {
    const missing = (change: Partial<Wish>, typed = '') =>
      missingOf(wish(change), { policy: POLICY, host: 'web-3', typed })
    expect(missing({})).toBeNull()
    expect(missing({ picks: [] })).toMatch(/Tick/)
    expect(missing({ to: 'directory' })).toMatch(/Name the directory/)
    expect(missing({ to: 'directory', directory: 'x' })).toMatch(/absolute/)
    expect(missing({ to: 'in_place' }, 'web-4')).toMatch(/Type web-3/)
    expect(missing({ to: 'in_place' }, ' web-3 ')).toBeNull()
  })

  it('is what this restic cannot', () => {
    const none = abilitiesOf({})
    for (const change of [
      { to: 'in_place', overwrite: 'never' },
      { dryRun: true },
      { ownership: 'by_name' },
      { ownership: 'drop' },
      { to: 'directory', strip: true },
    ] as const) {
      expect(lackOfRestic(wish(change), none)).toMatch(/This host’s restic cannot .*: choose otherwise/)
      expect(lackOfRestic(wish(change), ALL_ABILITIES)).toBeNull()
    }
    expect(lackOfRestic(wish({ overwrite: 'never' }), none)).toBeNull()
  })
})
