// A file was deleted. It comes back from the fleet page in six clicks, with no typing but the search: byte for byte, with
// its mode, its times and its owner. Then where it was, which takes the host's name; and what stands in a restore's way is
// said before anything is written.

import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { admitHost, foundFleet } from './person'
import { type Stage, scene } from './scene'
import { type Locator, type Page, sees } from './window'

const OWNER = 4321
const WRITTEN = new Date('2021-03-04T05:06:07.123Z')
/** Made by somebody else than whoever restores it, long ago. */
const LETTER = 'the only copy.txt'

scene('a deleted file comes back', 180_000, async (stage) => {
  const { page, place } = stage
  const files = place.files()
  const letter = join(files, 'private', LETTER)
  mkdirSync(dirname(letter))
  writeFileSync(letter, 'dear reader\n'.repeat(5_000))
  chmodSync(letter, 0o640)
  chownSync(letter, OWNER, OWNER)
  utimesSync(letter, WRITTEN, WRITTEN)
  await foundFleet(stage)
  await admitHost(stage, files)
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  const saved = { bytes: readFileSync(letter), ...marks(letter) }
  rmSync(letter)

  const found = await fromTheFleetPage(stage)
  assert.deepEqual({ bytes: readFileSync(found), ...marks(found) }, saved, 'it is the file that was deleted')
  rmSync(dirname(dirname(found)), { recursive: true })

  await whereItWas(stage, letter)
  assert.deepEqual({ bytes: readFileSync(letter), ...marks(letter) }, saved)
  await inTheWay(stage, files)
})

function marks(path: string) {
  const { mode, uid, gid, mtimeMs } = statSync(path)
  return { mode: mode & 0o7777, uid, gid, mtimeMs: Math.floor(mtimeMs) }
}

/** Gives where the file is now. */
async function fromTheFleetPage({ page, place }: Stage): Promise<string> {
  await page.goto(place.url)
  let clicks = 0
  const click = async (what: Locator) => {
    await what.click()
    clicks += 1
  }
  await click(page.getByRole('table', { name: 'Hosts' }).getByRole('link').first())
  await click(page.getByRole('navigation', { name: /^Parts of/ }).getByRole('link', { name: 'Snapshots' }))
  await page.getByLabel('Find a file in all snapshots').last().fill('only copy')
  await page.keyboard.press('Enter')
  await click(page.getByRole('table', { name: 'Hits' }).getByRole('link', { name: LETTER }))
  await sees(page.getByTestId('restore-total'), 'Ticked: 1 file')
  await sees(page.getByTestId('restore-summary'), '1 file')
  await click(page.getByTestId('restore-go'))
  await page.waitForURL(/\/jobs\/[^/]+$/)
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 60_000)
  assert.ok(clicks <= 6, `${clicks} clicks`)
  const text = await sees(page.locator('main'), 'rm-restore')
  const target = text.match(/\/\S*rm-restore\/[0-9a-f-]+/)?.[0] ?? ''
  const file = join(target, place.files(), 'private', LETTER)
  assert.ok(existsSync(file), `${file} is there`)
  return file
}

async function whereItWas({ page, place }: Stage, letter: string) {
  await again(page)
  await choose(page, 'Where the files were')
  const go = page.getByTestId('restore-go')
  const typed = page.getByLabel(/^Type .* to go on/)
  const host = ((await typed.getAttribute('aria-label')) ?? (await nameToType(page))) || ''
  await typed.fill('another-host')
  await go.click({ force: true })
  assert.ok(!existsSync(letter) && page.url().includes('/restore/'), 'the wrong name restores nothing')
  await typed.fill(host)
  await sees(page.getByTestId('restore-summary'), /over|where/i)
  await go.click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 60_000)
  assert.ok(existsSync(letter), place.dir)
}

async function again(page: Page) {
  const name = /^Restore again/
  await page.getByRole('link', { name }).or(page.getByRole('button', { name })).click()
  await page.waitForURL(/\/restore\//)
}

async function nameToType(page: Page): Promise<string> {
  const label = await page
    .getByText(/^Type .* to go on/)
    .first()
    .innerText()
  return label.match(/^Type (.*) to go on/)?.[1] ?? ''
}

async function choose(page: Page, target: string) {
  await page.getByTestId('restore-target').getByText(target, { exact: true }).click()
}

/** A directory that is there and not empty; one without room. */
async function inTheWay({ page, place }: Stage, files: string) {
  await again(page)
  await choose(page, 'A directory that I name')
  await page.getByRole('textbox', { name: 'Directory', exact: true }).fill('relative')
  await sees(page.getByTestId('restore-target'), /Absolute|absolute/)
  await page.getByRole('textbox', { name: 'Directory', exact: true }).fill(files)
  await page.getByTestId('restore-go').click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
  await sees(page.getByRole('heading', { level: 1 }), /Failed/i, 60_000)
  await sees(page.locator('main'), `${files} is there already`)
  assert.ok(existsSync(join(place.dir, 'files')))
}
