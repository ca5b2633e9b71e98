// A directory of a hundred thousand files stays quick; and a link that is cut in the middle of looking, or of a download, is
// said, and made good by trying again.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { admitHost, foundFleet } from './person'
import type { Program } from './place'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const MANY = 100_000
const BIG_BYTES = 24 * 1024 * 1024

scene('very many files, and a link that breaks', 300_000, async (stage) => {
  const { page, place } = stage
  place.configure('[downloads]\nmib_per_s = 4\n')
  const files = place.files()
  const many = join(files, 'many')
  mkdirSync(many)
  for (let n = 0; n < MANY; n += 1) writeFileSync(join(many, `${n}`.padStart(6, '0')), '')
  mkdirSync(join(files, 'unseen'))
  writeFileSync(join(files, 'unseen/hidden.txt'), 'here')
  writeFileSync(join(files, 'big.raw'), randomBytes(BIG_BYTES))
  await foundFleet(stage)
  const { agent } = await admitHost(stage, files)
  const running = place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 120_000)

  await page.goto(`${place.url}/hosts/${agent}/snapshots`)
  await page
    .getByRole('table', { name: 'Snapshots' })
    .getByRole('link', { name: /^Restore/ })
    .first()
    .click()
  await page.waitForURL(/\/restore\//)
  const site = page.url().split('?')[0] ?? ''
  await page.goto(`${site}?at=${encodeURIComponent(many)}`)
  await stays(page)

  await page.goto(`${site}?at=${encodeURIComponent(files)}`)
  await page.getByRole('treeitem', { name: /letter 7\.txt/ }).waitFor()
  const again = await cutWhileDownloading(stage, running)
  await cutWhileLooking(stage, again, site, files)
})

async function stays(page: Page) {
  const tree = page.getByRole('tree', { name: 'Files of the snapshot' })
  await sees(page.getByTestId('restore-total'), `${MANY.toLocaleString('en')} entries`, 60_000)
  const drawn = await tree.getByRole('treeitem').count()
  assert.ok(drawn > 5 && drawn < 200, `${drawn} rows are drawn`)
  await tree.focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Home')
  await page.getByRole('searchbox', { name: 'Filter this directory by name' }).fill('099999')
  await page.getByRole('treeitem', { name: /099999/ }).waitFor()
  await until(
    'the one file is left',
    () => tree.getByRole('treeitem').count(),
    (rows) => rows === 1,
  )
}

async function cutWhileDownloading({ page, place }: Stage, running: Program): Promise<Program> {
  await page.getByRole('treeitem', { name: /big\.raw/ }).hover()
  await page.getByRole('button', { name: 'Download big.raw' }).click()
  await sees(page.getByRole('region', { name: 'Downloads' }), /[1-9][\d.]* MiB/)
  await running.stop('SIGKILL')
  await sees(page.getByRole('region', { name: 'Messages' }), /big\.raw/)
  await page.getByRole('region', { name: 'Downloads' }).waitFor({ state: 'detached' })
  // While the host is away nothing can be begun: the page has to know before the host comes back.
  await page.getByRole('button', { name: /^Download big\.raw: / }).waitFor({ timeout: 60_000 })
  const again = place.agent()
  const button = page.getByRole('button', { name: 'Download big.raw', exact: true })
  await button.waitFor({ timeout: 60_000 })
  const saving = page.waitForEvent('download', { timeout: 90_000 })
  await button.click()
  const saved = readFileSync(await (await saving).path())
  assert.deepEqual(saved, readFileSync(join(place.files(), 'big.raw')), 'it came whole')
  return again
}

/** What was opened before is still there to be seen; what was not is asked for again once the host is back. */
async function cutWhileLooking({ page, place }: Stage, running: Program, site: string, files: string) {
  await running.stop('SIGKILL')
  await page.goto(`${site}?at=${encodeURIComponent(files)}`)
  await page.getByRole('treeitem', { name: /letter 7\.txt/ }).waitFor()
  await page.goto(`${site}?at=${encodeURIComponent(join(files, 'unseen'))}`)
  const tree = page.getByTestId('restore-tree')
  await sees(tree, 'is not connected', 60_000)
  place.agent()
  await until(
    'the directory is opened by trying again',
    async () => {
      await tree
        .getByRole('button', { name: 'Try again' })
        .click({ timeout: 500 })
        .catch(() => {})
      return await page.getByRole('treeitem', { name: /hidden\.txt/ }).count()
    },
    (rows) => rows === 1,
    60_000,
  )
}
