// @vitest-environment jsdom

import { MantineProvider } from '@mantine/core'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { expect, it, vi } from 'vitest'
import type { Schedule } from '../../src/api/types.gen'
import { ScheduleForm } from '../../src/parts/ScheduleForm'

const NIGHTLY: Schedule = { cron: '0 2 * * *', zone: null, enabled: true, groups: ['default'], jitter_s: 0 }

function show(schedule: Schedule) {
  const changed = vi.fn()
  render(
    <MantineProvider env="test">
      <ScheduleForm
        name="nightly"
        schedule={schedule}
        groups={['default']}
        hostZone="Europe/Berlin"
        problems={[]}
        disabled={false}
        onChange={changed}
      />
    </MantineProvider>,
  )
  return changed
}

it('waits for what is ticked, and for nothing by itself', async () => {
  const user = userEvent.setup()
  const changed = show(NIGHTLY)
  const conditions = within(screen.getByTestId('conditions'))
  for (const box of conditions.getAllByRole<HTMLInputElement>('checkbox')) expect(box.checked).toBe(false)
  await user.click(conditions.getByLabelText('An unmetered network'))
  expect(changed).toHaveBeenLastCalledWith({
    ...NIGHTLY,
    conditions: { mains_power: false, unmetered: true, reachable: false },
  })
})

it('shows what is asked for already', () => {
  show({ ...NIGHTLY, conditions: { mains_power: true, unmetered: false, reachable: true } })
  const on = (label: string) => screen.getByLabelText<HTMLInputElement>(label).checked
  expect([on('Mains power'), on('An unmetered network'), on('The repository answers')]).toEqual([
    true,
    false,
    true,
  ])
})
