// @vitest-environment jsdom
//
// What a role is not enough for: told by the button itself, to whoever comes to it by mouse, keyboard or ear.

import { screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it, vi } from 'vitest'
import type { TemplateView } from '../../src/api/types.gen'
import { lackOf, rolesUpTo } from '../../src/model/roles'
import TemplatesPage from '../../src/pages/templates/TemplatesPage'
import { Button, LinkButton } from '../../src/ui'
import { PLAN } from '../hosts'
import { show } from '../stage'

afterEach(() => vi.unstubAllGlobals())

it('a button with a reason takes the focus and does nothing', async () => {
  const pressed = vi.fn()
  const user = show(
    <>
      <Button blocked="Not while it rains." onClick={pressed}>
        Go out
      </Button>
      <LinkButton to="/out" blocked="Not while it rains.">
        The way out
      </LinkButton>
      <Button blocked={null} onClick={pressed}>
        Stay in
      </Button>
    </>,
  )
  const button = screen.getByRole('button', { name: 'Go out' })
  expect(button.getAttribute('aria-disabled')).toBe('true')
  const reason = document.getElementById(button.getAttribute('aria-describedby') ?? '')
  expect(reason?.textContent).toBe('Not while it rains.')
  await user.tab()
  expect(document.activeElement).toBe(button)
  await user.keyboard('{Enter}')
  await user.click(screen.getByRole('button', { name: 'The way out' }))
  expect(pressed).not.toHaveBeenCalled()
  expect(screen.queryByRole('link')).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Stay in' }))
  expect(pressed).toHaveBeenCalledOnce()
})

it('the reason names the role that it takes, and one’s own', () => {
  expect(lackOf('admin', 'operator', 'run a backup')).toBeNull()
  expect(lackOf('viewer', 'operator', 'run a backup')).toBe(
    'It takes an operator to run a backup. You are a viewer here. Ask an admin.',
  )
  expect(rolesUpTo('operator')).toEqual(['viewer', 'operator'])
})

it('a viewer finds the verbs of a page, and why they are not theirs', async () => {
  const template: TemplateView = { name: 'web', plan: PLAN, made_by: 'bob', changed_at: 1 }
  vi.stubGlobal('fetch', async (input: string) => {
    const me = { user: 'eve', role: 'viewer', session_expires_at: 9e12, must_add_factor: false }
    return new Response(JSON.stringify(input.endsWith('/session') ? me : [template]))
  })
  show(<TemplatesPage />)
  const rename = async () => await screen.findByRole('button', { name: 'Rename… web' })
  await waitFor(async () => expect((await rename()).getAttribute('aria-disabled')).toBe('true'))
  expect(screen.queryByRole('link', { name: /Give to hosts/ })).toBeNull()
  expect(document.body.textContent).toContain('It takes an operator to give, rename or delete templates.')
})
