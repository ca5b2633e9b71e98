// @vitest-environment jsdom

import { MantineProvider } from '@mantine/core'
import { cleanup, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useEffect, useState } from 'react'
import { describe, expect, it } from 'vitest'
import type { Group, PlanProblem } from '../../src/api/types.gen'
import { emptyGroup } from '../../src/model/plan'
import { GroupForm } from '../../src/parts/GroupForm'

interface Last {
  group: Group
}

interface FormProps {
  last: Last
  problems: PlanProblem[]
  disabled: boolean
  repositories?: string[]
}

function Form({ last, problems, disabled, repositories = ['main'] }: FormProps) {
  const [group, setGroup] = useState(last.group)
  useEffect(() => {
    last.group = group
  }, [last, group])
  return (
    <GroupForm
      name="default"
      group={group}
      repositories={repositories}
      warnings={['default keeps hourly snapshots, but no schedule makes them that often.']}
      problems={problems}
      disabled={disabled}
      onChange={setGroup}
    />
  )
}

function show(problems: PlanProblem[] = [], disabled = false, repositories = ['main']) {
  const last: Last = { group: { ...emptyGroup('main'), includes: ['/etc'] } }
  render(
    <MantineProvider env="test">
      <Form last={last} problems={problems} disabled={disabled} repositories={repositories} />
    </MantineProvider>,
  )
  return last
}

describe('the form of a group', () => {
  it('lets a half-typed line stand', async () => {
    const user = userEvent.setup()
    const last = show()
    const paths = screen.getByLabelText<HTMLTextAreaElement>(/Paths to back up/)
    await user.type(paths, '\n')
    expect(paths.value).toBe('/etc\n')
    await user.type(paths, '/home')
    expect(last.group.includes).toEqual(['/etc', '/home'])
    await user.clear(paths)
    expect(last.group.includes).toEqual([])
  })

  it('reads retention in words as it changes', async () => {
    const user = userEvent.setup()
    const last = show()
    const words = () => screen.getByTestId('retention-words').textContent
    expect(words()).toContain('7 daily, 4 weekly and 12 monthly')
    for (const label of ['Daily', 'Weekly', 'Monthly']) await user.clear(screen.getByLabelText(label))
    expect(words()).toContain('everything is kept')
    await user.type(screen.getByLabelText('All within'), '14d')
    expect(last.group.retention).toMatchObject({ keep_daily: 0, keep_within: '14d' })
    expect(words()).toContain('all of the last 14d')
  })

  it('shows what will surprise beside the rules themselves', () => {
    show()
    expect(screen.getByTestId('retention').textContent).toContain('no schedule makes them that often')
  })

  it('pins by tags, none when all are taken out', async () => {
    const user = userEvent.setup()
    const last = show()
    const tags = screen.getByTestId('pinned-tags')
    expect(screen.getByTestId('retention').textContent).toContain('pinned')
    await user.type(tags, 'legal,')
    expect(last.group.retention.keep_tags).toEqual(['pinned', 'legal'])
    await user.type(tags, '{Backspace}{Backspace}')
    expect(last.group.retention.keep_tags).toEqual([])
  })

  it('copies only to another repository, and asks only where there is one', async () => {
    const user = userEvent.setup()
    show()
    expect(screen.queryByTestId('group-copy-to')).toBeNull()
    cleanup()
    const last = show([], false, ['main', 'offsite'])
    const field = screen.getByTestId('group-copy-to')
    await user.click(field)
    const shown = document.getElementById(field.getAttribute('aria-controls') ?? '') as HTMLElement
    expect(within(shown).queryByText('main')).toBeNull()
    await user.click(within(shown).getByText('offsite'))
    expect(last.group.copy_to).toBe('offsite')
  })

  it('shows each problem at its field', () => {
    show([
      { field: 'groups.default.includes[0]', message: '`etc` must be an absolute path, such as /home' },
      { field: 'groups.default.retry.max', message: 'must be 20 at most' },
      { field: 'groups.other.includes', message: 'is of another group' },
    ])
    const paths = screen.getByLabelText(/Paths to back up/)
    expect(paths.getAttribute('aria-invalid')).toBe('true')
    const described = (paths.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent)
    expect(described.join(' ')).toContain('`etc` must be an absolute path, such as /home.')
    expect(screen.getByText('Must be 20 at most.')).toBeTruthy()
    expect(screen.queryByText(/another group/)).toBeNull()
  })

  it('takes nothing while it is disabled', () => {
    show([], true)
    expect(screen.getByLabelText<HTMLTextAreaElement>(/Paths to back up/).disabled).toBe(true)
    expect(screen.getByLabelText<HTMLInputElement>('Daily').disabled).toBe(true)
  })
})
