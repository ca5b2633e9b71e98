// @vitest-environment jsdom
//
// What a job found, drawn by its kind.

import { screen, within } from '@testing-library/react'
import { describe, expect, it } from 'vitest'
import type { JobView, Lock, JobResult as Result } from '../../src/api/types.gen'
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
