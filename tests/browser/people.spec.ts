// A team, in browsers of their own: somebody is invited, comes, may less from one moment to the next, is kept out while they
// look, and comes back. And a second person's key, from its announcement to a signature that a host believes, to its end.

import assert from 'node:assert/strict'
import { admitHost, foundFleet, savePlan } from './person'
import { type Stage, scene } from './scene'
import { assertNowhere } from './secrets'
import { until } from './wait'
import { type Page, sees, type Window } from './window'

const BOB = { name: 'bob', password: 'a horse of another colour' } as const

scene('somebody is invited, may less, is kept out and comes back', 150_000, async (stage) => {
  const { page } = stage
  const words = await foundFleet(stage)
  const link = await invite(stage)
  const bob = await comes(stage, link)
  await usedOnce(stage, link)

  // They may make tokens, until the very moment in which they may not.
  await bob.page.goto(`${stage.place.url}/tokens`)
  await sees(bob.page.getByRole('main'), 'No token yet')
  assert.equal(await asks(bob.page, '/tokens'), 200)
  await openPerson(page, stage.place.url)
  await page.getByTestId('person-form').getByLabel('Viewer').check()
  await page.getByTestId('save-person').click()
  await page.getByText('bob is changed').waitFor()
  assert.equal(await asks(bob.page, '/tokens'), 403, 'a role counts from the next request on')
  await sees(
    bob.page.getByRole('main'),
    'It takes an operator to see and make tokens. You are a viewer here.',
  )
  await bob.page.goto(`${stage.place.url}/settings/people`)
  await sees(bob.page.getByRole('main'), 'It takes an admin to see and manage people')

  await keptOut(stage, bob)
  await assertNowhere(stage, { password: BOB.password, words, others: [link.split('#')[1] ?? ''] })
})

/** As an admin does it, by hand. Gives the link that is shown once. */
async function invite({ page, place }: Stage): Promise<string> {
  await page.goto(`${place.url}/settings/people`)
  await page.getByTestId('invite').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(BOB.name)
  await dialog.getByLabel('E-mail').fill('bob@example.org')
  await dialog.getByLabel('Operator').check()
  await dialog.getByRole('button', { name: 'Make the setup link' }).click()
  const link = await sees(page.getByTestId('setup-link').locator('code'), `${place.url}/welcome#`)
  await page.getByRole('button', { name: 'Done' }).click()
  await sees(page.getByTestId('person-bob'), 'Set-up pending')
  return link.trim()
}

/** The invited person, in a browser of their own. */
async function comes({ another, page }: Stage, link: string): Promise<Window> {
  const bob = await another()
  await bob.page.goto(link)
  await sees(bob.page.getByRole('main'), 'Welcome, bob')
  assert.equal(new URL(bob.page.url()).hash, '', 'the token is out of the address')
  await bob.page.getByLabel('Password', { exact: false }).first().fill(BOB.password)
  await bob.page.getByLabel('Password again').fill(BOB.password)
  await bob.page.getByRole('button', { name: 'Set the password and sign in' }).click()
  await bob.page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  await page.reload()
  await sees(page.getByTestId('person-bob'), 'Active')
  return bob
}

async function usedOnce({ another }: Stage, link: string) {
  const late = await another()
  await late.page.goto(link)
  await sees(late.page.getByRole('main'), 'A setup link works once')
  await late.context.close()
}

async function openPerson(page: Page, site: string) {
  await page.goto(`${site}/settings/people?disabled=true`)
  await page.getByRole('link', { name: 'bob', exact: true }).click()
  await page.getByRole('heading', { name: 'bob', level: 1 }).waitFor()
}

/** The status of a reading, as the page's own session gets it. */
async function asks(page: Page, path: string): Promise<number> {
  return await page.evaluate(async (at) => (await fetch(`/api/v1${at}`)).status, path)
}

async function keptOut({ page, place }: Stage, bob: Window) {
  await bob.page.goto(place.url)
  await bob.page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  await openPerson(page, place.url)
  await page.getByRole('button', { name: 'Disable…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Type bob to go on').fill('bob')
  await dialog.getByRole('button', { name: 'Disable', exact: true }).click()
  await page.getByText('bob is disabled', { exact: true }).waitFor()
  // Nobody touches their page: the open stream tells it.
  const again = bob.page.getByRole('dialog', { name: 'Your session has ended' })
  await again.waitFor()
  await again.getByLabel('Password', { exact: true }).fill(BOB.password)
  await again.getByRole('button', { name: 'Sign in' }).click()
  await sees(again.getByRole('alert'), /\S/)
  await page.getByRole('button', { name: 'Enable', exact: true }).click()
  await page.getByText('bob is enabled', { exact: true }).waitFor()
  await again.getByLabel('Password', { exact: true }).fill(BOB.password)
  await again.getByRole('button', { name: 'Sign in' }).click()
  await again.waitFor({ state: 'detached' })
}

scene('a second person’s key is compared, believed and revoked', 240_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const files = place.files()
  const { agent } = await admitHost(stage, files)
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  const bob = await comes(stage, await invite(stage))
  const groups = `${place.url}/hosts/${agent}/groups?edit=default`

  await bob.page.goto(groups)
  await sees(bob.page.getByRole('main'), 'This browser has no operator key')
  await bob.page.getByRole('link', { name: 'This browser’s key…' }).first().click()
  await bob.page.getByTestId('announce-key').click()
  const own = bob.page.getByTestId('this-browser-key')
  await sees(own, 'waits for an admin')
  const shown = await bob.page.getByTestId('own-fingerprint').locator('code').innerText()

  await approve(stage, shown)
  // Their page notices by itself.
  await sees(own, 'is approved: it may sign as operator', 60_000)
  await bob.page.goto(groups)
  await bob.page.getByTestId('group-includes').fill(`${files}\n${place.dir}/bobs`)
  await savePlan(bob.page)
  await page.goto(`${place.url}/hosts/${agent}/history`)
  await sees(page.getByRole('main'), 'bob')

  await revoke(stage)
  await bob.page.goto(groups)
  await sees(bob.page.getByRole('main'), 'This browser’s operator key is not in the fleet statement')
})

async function approve({ page, place }: Stage, shown: string) {
  await page.goto(`${place.url}/settings/keys`)
  await page
    .getByTestId('waiting-keys')
    .getByRole('button', { name: /^Compare and approve/ })
    .click()
  const dialog = page.getByRole('dialog')
  await dialog
    .getByLabel('Or paste what the other browser shows')
    .fill(shown.replace(/.$/, '0').replace(/^SHA256:./, 'SHA256:0'))
  await sees(dialog, /That is another fingerprint|They are the same/)
  await dialog.getByLabel('Or paste what the other browser shows').fill(shown)
  await sees(dialog, 'They are the same')
  await dialog.getByTestId('approve-key').click()
  await page.getByText('bob’s key is approved').waitFor()
  await sees(page.getByTestId('waiting-keys'), 'No key waits')
}

async function revoke({ page, place }: Stage) {
  await page.goto(`${place.url}/settings/keys`)
  const row = page.getByRole('row', { name: /^bob/ })
  const used = () => row.innerText()
  await until('the key was used', used, (text) => !text.includes('never'), 20_000)
  await row.getByRole('button', { name: /^Revoke bob · / }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Type bob to go on').fill('bob')
  await dialog.getByRole('button', { name: 'Sign and revoke' }).click()
  await page.getByText('The key is revoked').waitFor()
  assert.equal(await row.count(), 0, 'it does not count any more')
  await sees(page.getByTestId('waiting-keys'), 'No key waits')
}
