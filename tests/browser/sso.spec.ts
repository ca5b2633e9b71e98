// By way of an identity provider: there and back, a role from the groups, somebody without one who is told why, and out again
// on both sides.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foundFleet, signOut } from './person'
import { freePort, type Place, Program, ROOT } from './place'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const SECRET = 'hush, hush: nobody else/knows'
const USERS = {
  alice: { groups: ['backup-admins'], email: 'alice@example.test', preferred_username: 'alice' },
  bob: { groups: ['staff', 'other'], email: 'bob@example.test', preferred_username: 'bob' },
  carol: { groups: ['canteen'], email: 'carol@example.test', preferred_username: 'carol' },
}

scene('people come by way of an identity provider', 240_000, async (stage) => {
  const provider = await office(stage.place)
  try {
    await foundFleet(stage)
    await signOut(stage.page)
    await walk(stage, provider.issuer)
  } finally {
    await provider.program.end()
  }
})

/** A provider beside the coordinator, which is told of it while it runs. */
async function office(place: Place): Promise<{ issuer: string; program: Program }> {
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const told = JSON.stringify({ port, panel: place.url, secret: SECRET, users: USERS, signed: false })
  const log = join(place.dir, 'provider.log')
  const program = new Program('node', [join(ROOT, 'tests/browser/provider.mjs')], log, { PROVIDER: told })
  await until(
    'the provider answers',
    async () => (await fetch(`${issuer}/.well-known/openid-configuration`)).status,
    (status) => status === 200,
  )
  mkdirSync(place.coordinatorDir, { recursive: true })
  writeFileSync(join(place.coordinatorDir, 'office.secret'), `${SECRET}\n`, { mode: 0o600 })
  const lines = [
    '[[sso]]',
    'id = "office"',
    'name = "Office account"',
    `issuer = "${issuer}"`,
    'client_id = "fleet"',
    'client_secret_file = "office.secret"',
    '[sso.roles]',
    'admin = ["backup-admins"]',
    'viewer = ["staff"]',
  ]
  writeFileSync(join(place.coordinatorDir, 'coordinator.toml'), `${lines.join('\n')}\n`)
  await until(
    'the coordinator has read of the provider',
    async () => await (await fetch(`${place.url}/api/v1/session/ways`)).text(),
    (ways) => ways.includes('Office account'),
  )
  return { issuer, program }
}

async function walk({ page, place, browser, another }: Stage, issuer: string) {
  browser.neighbours.push(`${issuer}/`)
  await goThere(page, place.url, 'alice')
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  assert.equal(new URL(page.url()).search, '', 'the code is out of the address')
  await page.getByTestId('account').click()
  await sees(page.locator('body'), 'alice')
  await page.keyboard.press('Escape')

  const bob = await another()
  await goThere(bob.page, place.url, 'bob')
  await bob.page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  await bob.page.getByTestId('account').click()
  await sees(bob.page.locator('body'), 'viewer')

  const carol = await another()
  await goThere(carol.page, place.url, 'carol')
  const refusal = await sees(carol.page.locator('body'), 'canteen')
  assert.match(refusal, /no role here/)
  await carol.page.getByRole('link', { name: 'Back to signing in' }).click()
  await carol.page.getByRole('button', { name: 'Office account' }).waitFor()

  await neverMind((await another()).page, place.url)

  await page.getByTestId('account').click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  // The provider asks whether the session there is to end as well.
  await page.waitForURL(`${issuer}/session/end*`)
  await page.locator('button[name="logout"]').click()
  await page.waitForURL(`${place.url}/sign-in*`)
  await page.getByRole('button', { name: 'Office account' }).click()
  // It asks anew: nobody is signed in there any more.
  await page.getByRole('link', { name: 'I am alice' }).waitFor()
}

async function goThere(page: Page, url: string, who: string) {
  await page.goto(`${url}/sign-in`)
  await page.getByRole('button', { name: 'Office account' }).click()
  await page.getByRole('link', { name: `I am ${who}` }).click()
}

/** Somebody changes their mind at the provider. */
async function neverMind(page: Page, url: string) {
  await page.goto(`${url}/sign-in`)
  await page.getByRole('button', { name: 'Office account' }).click()
  await page.getByRole('link', { name: 'Never mind' }).click()
  await sees(page.getByRole('alert'), /did not let you in|cancelled/)
}
