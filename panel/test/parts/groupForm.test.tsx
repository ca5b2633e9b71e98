// @vitest-environment jsdom

import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useEffect, useState } from 'react'
import { describe, expect, it } from 'vitest'
import type { Group, PlanProblem } from '../../src/api/types.gen'
import { emptyGroup } from '../../src/model/plan'
import { GroupForm } from '../../src/parts/GroupForm'

interface Last {
  group: Group
}

function Form({ last, problems, disabled }: { last: Last; problems: PlanProblem[]; disabled: boolean }) {
  const [group, setGroup] = useState(last.group)
  useEffect(() => {
    last.group = group
  }, [last, group])
  return (
    <GroupForm
      name="default"
      group={group}
      repositories={['main']}
      problems={problems}
      disabled={disabled}
      onChange={setGroup}
    />
  )
}

function show(problems: PlanProblem[] = [], disabled = false) {
  const last: Last = { group: { ...emptyGroup('main'), includes: ['/etc'] } }
  render(
    <MantineProvider env="test">
      <Form last={last} problems={problems} disabled={disabled} />
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
