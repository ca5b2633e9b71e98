// @vitest-environment jsdom

import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import { CronField } from '../../src/parts/CronField'

function Field({ start, error, seen }: { start: string; error: string | undefined; seen: string[] }) {
  const [cron, setCron] = useState(start)
  return (
    <CronField
      value={cron}
      error={error}
      next={<p>the next runs</p>}
      onChange={(next) => {
        seen.push(next)
        setCron(next)
      }}
    />
  )
}

function show(start: string, error?: string) {
  const seen: string[] = []
  render(
    <MantineProvider env="test">
      <Field start={start} error={error} seen={seen} />
    </MantineProvider>,
  )
  return seen
}

const reading = () => screen.getByTestId('cron-reading').textContent

describe('a crontab', () => {
  it('that is a quick pick is shown as one, and read in words', () => {
    show('0 2 * * *')
    expect(screen.getByLabelText<HTMLInputElement>('Daily').checked).toBe(true)
    expect(reading()).toContain('Every day at 02:00')
    expect(screen.queryByTestId('cron-text')).toBeNull()
  })

  it('that is none is free text', () => {
    show('*/5 9-17 * * mon-fri')
    expect(screen.getByTestId<HTMLInputElement>('cron-text').value).toBe('*/5 9-17 * * mon-fri')
    expect(reading()).toContain('Every 5 minutes from 09:00 to 17:55, Monday to Friday')
  })

  it('keeps its time when the pick changes, and its days can be ticked', async () => {
    const user = userEvent.setup()
    const seen = show('30 14 * * *')
    await user.click(screen.getByText('Weekly'))
    expect(seen.at(-1)).toBe('30 14 * * 0')
    await user.click(screen.getByRole('button', { name: 'Wednesday' }))
    expect(seen.at(-1)).toBe('30 14 * * 0,3')
    expect(reading()).toContain('Wednesday and Sunday at 14:30')
    await user.click(screen.getByRole('button', { name: 'Sunday' }))
    expect(seen.at(-1)).toBe('30 14 * * 3')
    // A week without a day never runs.
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Wednesday' }).disabled).toBe(true)
  })

  it('half typed says what is wrong, and shows no next runs', async () => {
    const user = userEvent.setup()
    show('0 2 * * *')
    await user.click(screen.getByText('Free text'))
    const text = screen.getByTestId('cron-text')
    expect(screen.getByText('the next runs')).toBeTruthy()
    await user.clear(text)
    await user.type(text, '0 25 * *')
    expect(screen.getByText(/five fields/, { selector: 'p' })).toBeTruthy()
    expect(screen.queryByText('the next runs')).toBeNull()
  })

  it('shows the coordinator’s word before its own', () => {
    show('*/5 * * * *', 'the coordinator knows better')
    expect(screen.getByText('The coordinator knows better.')).toBeTruthy()
  })
})
