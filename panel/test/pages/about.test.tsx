// @vitest-environment jsdom
//
// About: the fleet's fingerprint as this browser verified it, what is shipped; and the API to read.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import AboutPage from '../../src/pages/settings/AboutPage'
import ApiPage from '../../src/pages/settings/ApiPage'
import listed from '../../src/pages/settings/licences.gen.json'
import { fingerprintText } from '../../src/seal'
import { type Fleet, foundFleet } from '../fleet'
import { show } from '../stage'
import { Team } from '../team'

const ROOT = resolve(import.meta.dirname, '../../..')
let fleet: Fleet
let team: Team
beforeAll(async () => {
  fleet = await foundFleet('ann')
})
afterEach(() => vi.unstubAllGlobals())

function play() {
  team = new Team(fleet)
  team.openapi = JSON.parse(readFileSync(resolve(ROOT, 'docs/openapi.json'), 'utf8'))
  vi.stubGlobal('fetch', vi.fn(team.fetch))
}

describe('about', () => {
  it('shows the fleet’s fingerprint as it was verified here, not as the coordinator says', async () => {
    fleet.view.fingerprint = 'SHA256:0000'
    play()
    show(<AboutPage />)
    const print = await screen.findByTestId('fleet-fingerprint')
    expect(print.textContent).toContain(fingerprintText(fleet.view.fleet))
    screen.getByText('0.1.0')
    screen.getByRole('button', { name: 'Copy the coordinator’s id' })
  })

  it('lists what it is built of when asked', async () => {
    play()
    const user = show(<AboutPage />)
    await user.click(await screen.findByTestId('show-licences'))
    const table = await screen.findByRole('table', { name: 'Shipped packages' })
    const rows = listed.packages.length + listed.crates.length
    expect(table.getAttribute('aria-rowcount')).toBe(String(rows + 1))
    screen.getByText(/Permission is hereby granted/)
  })
})

describe('the list of what is shipped', () => {
  it('has the texts of our own licences', () => {
    const own = (name: string) => readFileSync(resolve(ROOT, name), 'utf8')
    expect(listed.mit).toBe(own('LICENSE-MIT'))
    expect(listed.apache).toBe(own('LICENSE-APACHE'))
  })

  it('has every production package of the panel, as it is locked', () => {
    const lock = JSON.parse(readFileSync(resolve(ROOT, 'panel/package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string; dev?: boolean; devOptional?: boolean; optional?: boolean }>
    }
    const wanted = Object.entries(lock.packages)
      .filter(([path, one]) => path !== '' && !one.dev && !one.devOptional && !one.optional)
      .map(([path, { version }]) => `${path.split('node_modules/').at(-1)} ${version}`)
    const found = listed.packages.map(([name, version]) => `${name} ${version}`)
    expect(found.toSorted(), 'run npm run licences').toEqual(wanted.toSorted())
  })

  it('has no crate that is not locked, and every one that a program names', () => {
    const lock = readFileSync(resolve(ROOT, 'Cargo.lock'), 'utf8')
    const gone = listed.crates.filter(
      ([name, version]) => !lock.includes(`name = "${name}"\nversion = "${version}"\n`),
    )
    expect(gone, 'run npm run licences').toEqual([])
    const found = new Set(listed.crates.map(([name]) => name))
    for (const program of ['agent', 'coordinator']) {
      const manifest = readFileSync(resolve(ROOT, program, 'Cargo.toml'), 'utf8')
      const [, section = ''] = manifest.split(/^\[dependencies\]$/m)
      const [own = ''] = section.split(/^\[/m)
      const named = [...own.matchAll(/^([a-z0-9_-]+)\b/gim)].map(([, name]) => name ?? '')
      expect(named.length).toBeGreaterThan(3)
      const missing = named.filter((name) => !name.startsWith('restic-manager-') && !found.has(name))
      expect(missing, `of ${program}: run npm run licences`).toEqual([])
    }
  })
})

describe('the reader of the API', () => {
  it('opens an operation, and finds by what is typed', async () => {
    play()
    const user = show(<ApiPage />)
    const templates = await screen.findByTestId('api-templates')
    await user.type(screen.getByRole('searchbox', { name: /^Search the API/ }), 'put templates')
    await waitFor(() => expect(screen.queryByTestId('api-hosts')).toBeNull())
    await user.click(within(templates).getByText('/templates/{name}'))
    await within(templates).findAllByText('If-Match')
    within(templates).getByText(/Body: /)
  })

  it('is open where the address leads to, and says when nothing matches', async () => {
    play()
    show(<ApiPage />, { at: '/settings/api#get-tokens' })
    const tokens = await screen.findByTestId('api-tokens')
    await within(tokens).findByText(/Needs the role operator/)
    const user = show(<ApiPage />, { at: '/settings/api?q=nonsense' })
    await user.click(await screen.findByRole('button', { name: 'Show everything' }))
  })
})
