// @vitest-environment jsdom
//
// What a new host begins with: paths of its own, or a template that goes to its one repository.

import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plan, TemplateView } from '../../src/api/types.gen'
import { EMPTY_REPOSITORY } from '../../src/model/repository'
import { templateOf } from '../../src/model/template'
import { type Start, StartFields } from '../../src/pages/add/StartFields'
import { checkStart } from '../../src/pages/add/start'
import { PLAN } from '../hosts'
import { show } from '../stage'

const SOURCE: Plan = {
  ...PLAN,
  repositories: { ...PLAN.repositories, offsite: { backend: { kind: 'local', path: '/mnt/offsite' } } },
  groups: {
    letters: {
      ...(PLAN.groups.default as Plan['groups'][string]),
      repository: 'offsite',
      includes: ['/srv/letters'],
      hooks: { pre: 'secret', post: 'inherit', timeout_s: null },
    },
  },
  schedules: { weekly: { cron: '0 4 * * 0', zone: null, enabled: true, groups: ['letters'], jitter_s: 0 } },
}
const TEMPLATE: TemplateView = { name: 'letters', plan: templateOf(SOURCE), made_by: 'bob', changed_at: 1 }
const START: Start = {
  repository: { ...EMPTY_REPOSITORY, kind: 'local', path: '/srv/new', password: 'pw' },
  paths: '',
  template: TEMPLATE,
}

function Form({ changed }: { changed: (start: Start) => void }) {
  const [start, setStart] = useState<Start>({ ...START, template: null, paths: '/etc' })
  const change = (next: Start) => {
    changed(next)
    setStart(next)
  }
  return <StartFields start={start} onChange={change} problems={{}} hostname="web-9" />
}

beforeEach(() => {
  vi.stubGlobal(
    'fetch',
    vi.fn(
      async (input: RequestInfo | URL) =>
        new Response(
          JSON.stringify(String(input).endsWith('/templates') ? [TEMPLATE] : { problems: [], warnings: [] }),
        ),
    ),
  )
})
afterEach(() => vi.unstubAllGlobals())

describe('a template as a beginning', () => {
  it('becomes the plan, in the host’s own repository, and wants no paths', async () => {
    const checked = await checkStart(START, 'web-9')
    if (!('plan' in checked)) throw new Error(JSON.stringify(checked))
    const { plan } = checked
    expect(plan.repositories).toEqual({ main: { backend: { kind: 'local', path: '/srv/new' } } })
    expect(Object.keys(plan.groups)).toEqual(['letters'])
    expect(plan.groups.letters).toMatchObject({ repository: 'main', includes: ['/srv/letters'] })
    expect(plan.groups.letters?.hooks).toBeUndefined()
    expect(Object.keys(plan.schedules)).toEqual(['weekly'])
    expect(await checkStart({ ...START, template: null }, 'web-9')).toEqual({
      problems: { paths: 'Name at least one path.' },
    })
  })

  it('is chosen in place of paths, and says what a new host cannot do of it', async () => {
    const changed = vi.fn()
    show(<Form changed={changed} />)
    const user = userEvent.setup()
    const field = await screen.findByTestId('start-template')
    await user.click(field)
    await user.click(await screen.findByText('The template letters'))
    expect(screen.queryByTestId('start-paths')).toBeNull()
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ template: TEMPLATE, paths: '/etc' }))
    const said = document.body.textContent ?? ''
    expect(said).toContain('letters: 1 group, 1 schedule, hooks before')
    expect(said).toContain('The group letters goes to main')
    expect(said).toContain('its script is not there, and is not given')
  })
})
