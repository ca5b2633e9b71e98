// @vitest-environment jsdom
//
// What a job found, drawn by its kind.

import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { JobView, Lock, Restore, JobResult as Result } from '../../src/api/types.gen'
import { FIGURES, JobFacts } from '../../src/pages/job/JobFacts'
import { JobResult, Lacks } from '../../src/pages/job/JobResult'
import { show } from '../stage'

function job(change: Partial<JobView> = {}): JobView {
  return {
    agent: 'a',
    host: 'web-1',
    job: 'j',
    kind: 'check',
    repository: 'main',
    group: null,
    origin: { by: 'local' },
    state: 'succeeded',
    reason: null,
    explanation: null,
    numbers: {},
    options: {},
    result: null,
    lacks: [],
    queued_at: 1,
    started_at: 2,
    finished_at: 3,
    progress: null,
    ...change,
  }
}

const lock = (hostname: string, dead: boolean): Lock => ({
  id: hostname,
  hostname,
  username: 'root',
  pid: 7,
  since: 1,
  exclusive: true,
  dead,
})

const RESTORED: Extract<Result, { of: 'restore' }> = {
  ...{ of: 'restore', snapshot: 'abcdef0123', target: '/srv/rm-restore/j', restored: 12, skipped: 2 },
  ...{ restored_bytes: 3072, skipped_bytes: 9, failed: [], failed_total: 0, verified: 12 },
  ...{ would: [], warnings: [] },
}

const ASKED: Restore = {
  ...{ repository: 'main', snapshot: 'abcdef0123', picks: [], target: { to: 'fresh' }, overwrite: 'always' },
  ...{ ownership: 'keep', verify: true, dry_run: false, meanwhile: 'wait' },
}

describe('what a restore came to', () => {
  it('that was cut off claims nothing of what it wrote', () => {
    const result = { ...RESTORED, restored: 0, restored_bytes: 0, skipped: 0 }
    show(<JobResult job={job({ kind: 'restore', state: 'interrupted', result })} />)
    const shown = screen.getByTestId('result-restore').textContent
    expect(shown).toMatch(/What was written by then stays where it is, and how much that is nobody knows/)
    expect(shown).toMatch(/Restorednot known/)
    expect(shown).not.toMatch(/Nothing was written/)
    document.body.replaceChildren()
    show(<JobResult job={job({ kind: 'restore', state: 'interrupted', result: RESTORED })} />)
    expect(screen.getByTestId('result-restore').textContent).toMatch(/12 items – stays where it is/)
  })

  it('of a dry run is what would be written', () => {
    const would = [{ path: '/a/b', action: 'updated', bytes: 5 }]
    const options = { restore: { ...ASKED, dry_run: true } }
    show(<JobResult job={job({ kind: 'restore', options, result: { ...RESTORED, would } })} />)
    const shown = screen.getByTestId('result-restore').textContent
    expect(shown).toMatch(/Nothing was written: this is what would be.*Would be restored/)
    expect(shown).toMatch(/\/a\/bwritten over5 B/)
    expect(shown).toMatch(/Only the first 1 are listed/)
  })

  it('is not told as nothing where restic does not count', () => {
    const lacks = [{ what: 'counts', needed: '0.17' }]
    const result = { ...RESTORED, restored: 0, restored_bytes: 0 }
    show(<JobResult job={job({ kind: 'restore', state: 'cancelled', lacks, result })} />)
    const shown = screen.getByTestId('result-restore').textContent
    expect(shown).toMatch(/What was written by then stays where it is\./)
    expect(shown).toMatch(/Restorednot counted: restic ≥ 0\.17 needed/)
  })

  it('cut short says what is there by then', () => {
    show(<JobResult job={job({ kind: 'restore', state: 'cancelled', result: RESTORED })} />)
    expect(screen.getByTestId('result-restore').textContent).toMatch(
      /It ended before all was back.*12 items – stays where it is/,
    )
  })

  it('in place is where the files were; lent, it names whose they are', () => {
    const lent = { source: 's'.repeat(4), source_name: 'db-1', job: 'j', box: '' }
    const options = { restore: { ...ASKED, target: { to: 'in_place', host: 'web-1' } as const, lent } }
    show(<JobResult job={job({ kind: 'restore', options, result: RESTORED })} />)
    expect(screen.getByTestId('result-restore').textContent).toMatch(/Where it iswhere the files were/)
    expect(screen.getByRole('link', { name: 'db-1' }).getAttribute('href')).toBe('/hosts/ssss')
    expect(screen.getByRole('link', { name: 'abcdef01' }).getAttribute('href')).toBe(
      '/hosts/ssss/restore/main/abcdef0123',
    )
  })
})

describe('what a job found', () => {
  const cases: [Result, RegExp[]][] = [
    [
      { of: 'check', read_data_percent: 0, problems: [] },
      [/Whole, as far as it looked/, /no data is read back/],
    ],
    [
      { of: 'check', read_data_percent: 100, problems: ['pack 1a2b: content differs'] },
      [/1 problem/, /pack 1a2b: content differs/, /all data/],
    ],
    [
      { of: 'unlock', removed: [lock('web-1', true)], left: [lock('nas', false)] },
      [/Removed: 1/, /root@web-1, process 7/, /Still there: 1/, /root@nas/],
    ],
    [{ of: 'unlock', removed: [], left: [] }, [/There was no lock/]],
    [
      { of: 'drill', snapshot: 'abcdef0123', files: 20, compared_with_source: 17, mismatches: [] },
      [/What was restored is what was backed up/, /abcdef01/, /17 of 20/, /removed again/],
    ],
    [
      {
        of: 'drill',
        snapshot: 'abcdef0123',
        files: 20,
        compared_with_source: 0,
        mismatches: [{ path: '/home/letter', what: 'size is 3, not 5' }],
      },
      [/1 of the restored files differ/, /\/home\/letter/, /size is 3, not 5/],
    ],
    [
      {
        of: 'dry_run',
        includes: [{ path: '/etc', change: 'new', files: 3, bytes: 9 }],
        largest: [],
        missing: ['/srv'],
        unreadable: [],
      },
      [/What would be backed up/, /\/etc/, /\/srv/],
    ],
    [
      { of: 'retention', keep: [{ id: 'a'.repeat(64), time: 1, rules: ['daily snapshot'] }], remove: [] },
      [/What would be forgotten/, /daily snapshot/],
    ],
    [
      RESTORED,
      [/All of it is back/, /\/srv\/rm-restore\/j/, /12, 3\.00 KiB/, /Left as it was2, 9 B/, /12 files/],
    ],
    [
      { ...RESTORED, failed: [{ path: '/a/b', what: 'no space left' }], failed_total: 3 },
      [/3 items did not come back whole/, /\/a\/b/, /no space left/, /The first 1 of 3/],
    ],
    [
      { ...RESTORED, warnings: ['Owners could not be kept.'] },
      [/What to know about it/, /Owners could not be kept\./],
    ],
  ]
  it.each(cases)('%j', (result, wanted) => {
    show(<JobResult job={job({ result })} />)
    const shown = screen.getByTestId(`result-${result.of}`).textContent ?? ''
    for (const words of wanted) expect(shown).toMatch(words)
  })

  it('is no section where there is nothing', () => {
    show(<JobResult job={job()} />)
    expect(screen.queryByRole('heading')).toBeNull()
  })
})

it('says in the place of a number which restic would know it, and the rest below', () => {
  const lacks = [
    { what: 'bytes_stored', needed: '0.17' },
    { what: 'skip_if_unchanged', needed: '0.17' },
  ]
  const one = job({ kind: 'backup', numbers: { bytes_added: 5 }, lacks, options: { upload_kib_s: 64 } })
  show(
    <>
      <JobFacts job={one} />
      <Lacks job={one} told={FIGURES} />
    </>,
  )
  const facts = screen.getByTestId('job-facts').textContent
  expect(facts).toMatch(/Stored.*restic ≥ 0\.17 needed/)
  expect(facts).toMatch(/Asked for.*upload at most 64 KiB\/s/)
  const rest = within(screen.getByRole('list')).getAllByRole('listitem')
  expect(rest.map((item) => item.textContent)).toEqual([
    'leaving out snapshots without a change: restic ≥ 0.17 needed',
  ])
})
