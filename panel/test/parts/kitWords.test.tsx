// @vitest-environment jsdom
//
// The recovery kit's words are covered while they are typed, and shown when one asks; pasted lines stay words of their own.

import { MantineProvider } from '@mantine/core'
import { render, screen } from '@testing-library/react'
import axe from 'axe-core'
import { useState } from 'react'
import { beforeEach, expect, it } from 'vitest'
import { KitWords } from '../../src/parts/KitWords'
import { KitError } from '../../src/seal'
import { show } from '../stage'

let typed: string

function Typed() {
  const [words, setWords] = useState('')
  typed = words
  return <KitWords value={words} onChange={setWords} />
}

function Tried({ disabled, error }: { disabled: boolean; error?: unknown }) {
  return <KitWords value="abandon" onChange={() => {}} disabled={disabled} error={error} />
}

beforeEach(() => {
  typed = ''
})

const field = () => screen.getByLabelText<HTMLTextAreaElement>(/^The 24 words of the recovery kit/)

it('are covered until one asks, and covered again', async () => {
  const user = show(<Typed />)
  expect(field().dataset.covered).toBe('true')
  await user.click(screen.getByRole('button', { name: 'Show the words' }))
  expect(field().dataset.covered).toBe('false')
  await user.click(screen.getByRole('button', { name: 'Hide the words' }))
  expect(field().dataset.covered).toBe('true')
})

it('may be pasted line by line, also while they are covered', async () => {
  const user = show(<Typed />)
  await user.click(field())
  await user.paste('1. abandon\n2. ability')
  expect(typed).toBe('1. abandon\n2. ability')
})

it('have the focus again once it is said that they are wrong', async () => {
  const refused = new KitError('The words are another fleet’s.')
  const { rerender } = render(<Tried disabled />, { wrapper: MantineProvider })
  rerender(<Tried disabled error={refused} />)
  expect(document.activeElement).toBe(document.body)
  rerender(<Tried disabled={false} error={refused} />)
  expect(document.activeElement).toBe(field())
})

it('are no business of spelling, completion or correction', () => {
  show(<Typed />)
  const said = (name: string) => field().getAttribute(name)
  expect(['spellcheck', 'autocomplete', 'autocapitalize', 'autocorrect'].map(said)).toEqual([
    'false',
    'off',
    'none',
    'off',
  ])
})

it('have a field for everybody to use, covered or not', async () => {
  const user = show(<Typed />)
  const found = async () => {
    const { violations } = await axe.run(document.body, {
      rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
    })
    return violations.map(({ id, nodes }) => [id, nodes[0]?.html])
  }
  expect(await found()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Show the words' }))
  expect(await found()).toEqual([])
})
