// The audit: what was done stands there with who and before and after, is filtered and exported, follows what happens, and
// its chain is said to hold.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { askApi, foundFleet, invite } from './person'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const PASSWORD = 'staple the horse to a battery'

scene('an admin reads the audit', 150_000, async (stage) => {
  const { page } = stage
  await foundFleet(stage)
  const link = await invite(page, { name: 'grace', role: 'viewer' })
  await refusedSomebody(stage)
  await page.getByRole('link', { name: 'Audit' }).click()
  await sees(page.getByTestId('chain'), /Chain verified up to \d+ · /)
  await sees(page.getByTestId('record-person_invite'), /Invited a person[\s\S]*ada[\s\S]*grace/)
  // What was typed for a name is not kept: some type their password there.
  await sees(page.getByTestId('record-sign_in_refused'), /Was not let in[\s\S]*Somebody unknown/)

  await followsAndTellsTheChange(page)
  await filters(page)
  await exports(page)
  await graceMayNot(stage, link)
})

async function refusedSomebody({ another, place }: Stage) {
  const { page, context } = await another()
  await page.goto(place.url)
  await page.getByLabel('User name').fill('mallory')
  await page.getByLabel('Password', { exact: true }).fill('a guess')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  await context.close()
}

/** What happens while the page is open comes by itself, with before and after. */
async function followsAndTellsTheChange(page: Page) {
  const people = (await askApi(page, 'GET', '/people')) as { id: number; name: string }[]
  const grace = people.find(({ name }) => name === 'grace')
  await askApi(page, 'PATCH', `/people/${grace?.id}`, { role: 'operator' })
  const row = page.getByTestId('record-person_change')
  await sees(row, /Changed a person[\s\S]*grace/)
  await row.getByRole('button', { name: /^Details of record/ }).click()
  await sees(page.getByTestId(/^details-/), /viewer → operator/)
}

async function filters(page: Page) {
  await page.getByLabel('What', { exact: true }).selectOption({ label: 'Invited a person' })
  await page.waitForURL('**/audit?action=person_invite')
  await page.getByTestId('record-person_change').waitFor({ state: 'detached' })
  await page.getByTestId('record-person_invite').waitFor()
  await page.getByLabel('What', { exact: true }).selectOption({ label: 'Every action' })
  await page.getByTestId('record-sign_in_refused').waitFor()
  await page.getByLabel('Who', { exact: true }).fill('ad')
  await page.waitForURL('**/audit?actor=ad')
  await page.getByTestId('record-sign_in_refused').waitFor({ state: 'detached' })
  await page.reload()
  await page.getByTestId('record-person_invite').waitFor()
  assert.equal(
    await page.getByTestId('record-sign_in_refused').count(),
    0,
    'the address keeps the conditions',
  )
  await page.getByLabel('Who', { exact: true }).fill('nobody of this name')
  await sees(page.getByRole('main'), 'No record matches')
  await page.getByRole('button', { name: 'Take the conditions away' }).click()
  await page.getByTestId('record-person_invite').waitFor()
  await page.getByRole('button', { name: 'When' }).click()
  await page.waitForURL('**/audit?sort=at')
  const first = page.getByRole('table', { name: 'Audit' }).getByRole('row').nth(1)
  await sees(first, 'Set the coordinator up')
}

/** The files have the conditions of the page. */
async function exports(page: Page) {
  await page.getByLabel('On what', { exact: true }).fill('grace')
  await page.waitForURL(/target=grace/)
  const csv = await download(page, 'CSV')
  assert.match(csv, /person_change/)
  assert.doesNotMatch(csv, /sign_in_refused/)
  const lines = (await download(page, 'NDJSON')).trim().split('\n')
  const bodies = lines.map((line) => JSON.parse((JSON.parse(line) as { body: string }).body))
  const change = bodies.find(({ action }: { action: string }) => action === 'person_change')
  assert.equal(change.before.role, 'viewer')
  assert.equal(change.after.role, 'operator')
}

async function download(page: Page, name: string): Promise<string> {
  const link = page.getByRole('link', { name })
  const href = await until(
    'the file has the conditions',
    () => link.getAttribute('href'),
    (seen) => seen?.includes('target=grace') === true,
  )
  assert.ok(href)
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()])
  return readFileSync(await file.path(), 'utf8')
}

async function graceMayNot({ another }: Stage, link: string) {
  const { page } = await another()
  await page.goto(link)
  await page.locator('input[name="new-password"]').fill(PASSWORD)
  await page.locator('input[name="new-password-again"]').fill(PASSWORD)
  await page.getByRole('button', { name: 'Set the password and sign in' }).click()
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0)
  await page.goto(new URL('/audit', link).href)
  await sees(page.getByRole('main'), 'The audit is for admins')
}
