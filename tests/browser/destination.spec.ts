// Another destination with a password of its own, given to a host that is away: taken back it keeps what was typed, a reload
// takes the password and says so, and with what the host has it is saved in the end, and works.

import assert from 'node:assert/strict'
import { admitHost, foundFleet, tab } from './person'
import { scene } from './scene'
import { type Page, sees } from './window'

scene('a destination is changed, taken back, and changed for good', 240_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  await admitHost(stage, place.files())
  const running = place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  await page.goto(page.url().replace(/\/arrival$/, '/jobs'))
  await tab(page, 'Repository')

  const path = await change(page)
  assert.equal(await path.inputValue(), place.repository, 'it begins from the plan')
  assert.equal(await page.locator('input[name="repository-password"]').count(), 0)
  await path.fill(`${place.repository}-moved`)
  await sees(page.getByRole('dialog'), 'Snapshots stay where they are')
  await page.getByTestId('keep-password').uncheck()
  await page.getByRole('button', { name: 'Make one: repository password' }).click()
  await running.stop('SIGKILL')
  await page.getByRole('button', { name: 'Seal, sign and save' }).click()
  await page.getByTestId('withdraw-plan').click()
  const bar = page.getByTestId('save-bar')
  await sees(bar, /2 unsaved changes[\s\S]*the password of repository main/)
  await sees(page.getByTestId('repository-main'), 'goes along with your unsaved changes')

  await page.reload()
  await sees(bar, 'type it again, or keep what the host has')
  assert.ok(await page.getByTestId('save-plan').isDisabled(), 'nothing is signed without what was typed')
  await change(page)
  await sees(page.getByRole('dialog'), 'Typed before the page was loaded anew')
  await page.getByTestId('keep-password').check()
  await page.getByRole('button', { name: 'Seal, sign and save' }).click()
  place.agent()
  await page
    .getByText(/^Saved as revision/)
    .first()
    .waitFor({ timeout: 60_000 })
  const repository = page.getByTestId('repository-main')
  await sees(repository, `${place.repository}-moved`, 60_000)
  await sees(repository, 'Ready', 60_000)
})

/** Opens the form of the destination. */
async function change(page: Page) {
  await page.getByRole('button', { name: 'More for main' }).click()
  await page.getByRole('button', { name: 'Change the destination…' }).click()
  const path = page.locator('input[name="path"]')
  await path.waitFor()
  return path
}
