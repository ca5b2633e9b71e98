// The coordinator's database is lost, its key file is not. Whoever sets it up again goes on with the same fleet: the
// browser that founded it by its own key, another one by the kit's words. The host comes back without being approved, and
// takes what the new admin signs.

import assert from 'node:assert/strict'
import { admitHost, foundFleet, introduce, savePlan } from './person'
import { type Stage, scene } from './scene'
import { type Page, sees } from './window'

scene('a fleet outlives its coordinator’s database', 240_000, async (stage) => {
  const { page, place } = stage
  const words = await foundFleet(stage)
  const { agent } = await admitHost(stage, place.files())
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)

  await wipe(stage)
  await stage.context.clearCookies()
  await atTheDoor(page, await place.setupLink())
  await sees(page.getByTestId('known-fleet'), 'This browser’s key is an admin’s in this fleet')
  await goOn(page)
  await edit(page, place.url, agent, '*.first')

  await wipe(stage)
  const fresh = await stage.another()
  await atTheDoor(fresh.page, await place.setupLink())
  await byTheWords(fresh.page, words)
  await edit(fresh.page, place.url, agent, '*.second')
  await page.goto(place.url)
  await page.waitForURL('**/sign-in*')
})

async function wipe({ place }: Stage) {
  await place.stopCoordinator()
  place.loseDatabase()
  await place.coordinator()
}

async function atTheDoor(page: Page, link: string) {
  await page.goto('about:blank')
  await page.goto(link)
  await introduce(page)
  await page.getByRole('button', { name: 'Go on to the recovery kit' }).click()
  await sees(page.getByRole('heading', { level: 1 }), 'The fleet that is here')
}

/** Too few, misspelt, another fleet's: each is said, and what was typed stays. */
async function byTheWords(page: Page, words: readonly string[]) {
  const step = page.getByTestId('known-fleet')
  const field = page.getByTestId('kit-words')
  const go = page.getByRole('button', { name: 'Go on with this fleet' })
  await go.click()
  await sees(step, 'Type all 24 words')
  await field.fill(words.slice(0, 23).join(' '))
  await go.click()
  await sees(step, 'these are 23')
  await field.fill([...words.slice(0, 23), 'resticc'].join(' '))
  await go.click()
  await sees(step, 'Word 24 is not in the word list')
  const others = `${'abandon '.repeat(23)}art`
  await field.fill(others)
  await go.click()
  await sees(step, 'another fleet’s kit')
  assert.equal(await field.inputValue(), others)
  await field.fill(words.map((word, n) => `${n + 1}. ${word}`).join('\n'))
  await goOn(page)
}

async function goOn(page: Page) {
  await page.getByRole('button', { name: 'Go on with this fleet' }).click()
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  // No approval: the host shows its admission.
  await sees(page.getByRole('table', { name: 'Hosts' }).getByRole('row').nth(1), 'Online', 90_000)
  assert.equal(await page.getByTestId('pending').count(), 0)
}

async function edit(page: Page, site: string, agent: string, pattern: string) {
  await page.goto(`${site}/hosts/${agent}/groups?edit=default`)
  await page.getByTestId('group-excludes').fill(pattern)
  await savePlan(page)
  await page.getByRole('button', { name: 'Close default' }).click()
  await sees(page.getByTestId('group-default'), pattern)
}
