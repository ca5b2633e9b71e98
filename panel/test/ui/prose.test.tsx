// @vitest-environment jsdom

import { screen } from '@testing-library/react'
import { expect, it } from 'vitest'
import { ErrorState } from '../../src/ui'
import { show } from '../stage'

it('an error shows what is to be typed as such, and no backticks', () => {
  show(<ErrorState error={new Error('Run `restic-manager-agent hold`, then `ls`. One ` stays.')} />)
  const alert = screen.getByRole('alert')
  expect(alert.textContent).toContain('Run restic-manager-agent hold, then ls. One ` stays.')
  expect([...alert.querySelectorAll('code')].map((code) => code.textContent)).toEqual([
    'restic-manager-agent hold',
    'ls',
  ])
})
