// Signing in and out: refusals in plain words, too many tries, on to where one wanted to go, a session that ends while
// somebody types.

import assert from 'node:assert/strict'
import { ADA, foundFleet, signIn } from './person'
import { type Stage, scene } from './scene'
import { sees } from './window'

scene('somebody signs in and out', 120_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  await sessionEnds(stage)

  await page.getByTestId('account').click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  await page.goto(`${place.url}/tokens?sort=names`)
  await page.waitForURL('**/sign-in?next=*')
  await signIn(page, 'not the password')
  const refusal = await sees(page.getByRole('alert'), /password/i)
  assert.doesNotMatch(refusal, /401|error code|unauthori[sz]ed/i, 'plain words')
  assert.equal(await page.getByLabel('User name').inputValue(), ADA.user)
  assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '')
  await signIn(page)
  await page.waitForURL('**/tokens?sort=names')

  await tooManyTries(stage)
  await page.goto(`${place.url}/setup`)
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
})

/** The cookie is gone: the page stays, with what was typed, and goes on after the password. */
async function sessionEnds({ page, context, place }: Stage) {
  await page.goto(`${place.url}/add/token`)
  const names = page.getByLabel('Host names it admits')
  await names.fill('web-*')
  await context.clearCookies()
  await page.locator('input[name="url"]').fill('http://127.0.0.1:1')
  await page.getByRole('button', { name: 'Make the token' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
  await dialog.getByLabel('Password', { exact: true }).fill(ADA.password)
  await dialog.getByRole('button', { name: 'Sign in' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await names.inputValue(), 'web-*')
  assert.equal(await page.locator('input[name="url"]').inputValue(), 'http://127.0.0.1:1')
}

/** Counted per name: a guesser is held up, the others sign in as before. */
async function tooManyTries({ another, place }: Stage) {
  const { page } = await another()
  await page.goto(place.url)
  await page.getByLabel('User name').fill('mallory')
  const alert = page.getByRole('alert')
  for (let tries = 0; tries < 12; tries += 1) {
    await page.getByLabel('Password', { exact: true }).fill(`guess number ${tries}`)
    const answer = page.waitForResponse((response) => response.request().method() === 'POST')
    await page.getByRole('button', { name: 'Sign in' }).click()
    if ((await answer).status() === 429) break
  }
  await sees(alert, 'Too many attempts')
  await sees(alert, /Try again in \d+ s\./)
  await signIn(page)
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
}
