// A host's repository is looked after from its page: check, prune and drill now, with what they found; a lock of another
// machine, seen and removed by name; how the repository grew. Then the host gets another name, and leaves the fleet.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { admitHost, foundFleet, tab } from './person'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const DAY_MS = 86_400_000

scene('a host is looked after, renamed and retired', 280_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const { agent, password } = await admitHost(stage, place.files())
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)

  const repository = `${place.url}/hosts/${agent}/repository`
  await page.goto(repository)
  await checkNow(page)
  await page.goto(repository)
  await sees(page.getByTestId('check-main'), /Succeeded/)
  await runNow(page, 'prune')
  await page.goto(repository)
  await runNow(page, 'restore drill')
  await sees(page.getByTestId('result-drill'), 'What was restored is what was backed up')

  await page.goto(repository)
  await removeLock(stage, password)
  await grew(page, repository)
  await rename(page)
  await retire(stage)
})

async function checkNow(page: Page) {
  await page.getByRole('button', { name: 'Run now: check of main' }).click()
  const dialog = page.getByRole('dialog', { name: 'Check main now' })
  await dialog.getByLabel('Reads back').fill('100')
  await dialog.getByRole('button', { name: 'Check', exact: true }).click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 60_000)
  await sees(page.getByTestId('result-check'), /Whole, as far as it looked[\s\S]*all data/)
  await sees(page.getByTestId('job-facts'), 'reads 100 % of the data')
}

async function runNow(page: Page, task: string) {
  await page.getByRole('button', { name: `Run now: ${task} of main` }).click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 60_000)
}

async function removeLock({ page, place }: Stage, password: string) {
  await place.abandonedLock('old-laptop', password)
  const locks = page.getByTestId('locks-main')
  await page.getByTestId('look-at-locks-main').click()
  await sees(locks, /@old-laptop, process \d+/, 60_000)
  await sees(locks, /Another machine’s/)
  await page.getByTestId('unlock-main').click()
  const dialog = page.getByRole('dialog')
  await sees(dialog, /@old-laptop, process \d+/)
  const remove = dialog.getByRole('button', { name: 'Remove them' })
  assert.equal(await remove.isDisabled(), true, 'nobody removes a lock by a slip')
  await dialog.getByLabel('Type main to go on').fill('main')
  await remove.click()
  await sees(locks, /None, as of/, 60_000)
  await until(
    'the lock is gone',
    () => readdirSync(join(place.repository, 'locks')).length,
    (left) => left === 0,
  )
}

/** A year of a repository takes a year: its numbers are played, the charts are real. */
async function grew(page: Page, repository: string) {
  const asked: string[] = []
  await page.route('**/repositories/main/history*', (route) => {
    const days = new URL(route.request().url()).searchParams.get('days') ?? ''
    asked.push(days)
    const points = Array.from({ length: Number(days) }, (_, n) => ({
      at: Date.now() - (Number(days) - n) * DAY_MS,
      stored_bytes: 1_000_000 * (n + 1),
      snapshots: n + 1,
    }))
    return route.fulfill({ json: { days: Number(days), points } })
  })
  await page.goto(repository)
  const numbers = page.getByTestId('numbers-main')
  for (const days of ['30', '90', '365']) {
    await numbers.getByText(`${days} days`, { exact: true }).click()
    const chart = numbers.getByRole('img', {
      name: new RegExp(`^Snapshots: ${days} at the end of ${days} points`),
    })
    await chart.waitFor()
    await until(
      'the chart is drawn',
      () => chart.locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).width),
      (width) => width > 100,
    )
  }
  assert.deepEqual(asked, ['30', '90', '365'])
  assert.match(page.url(), /days=365/)
  await page.unroute('**/repositories/main/history*')
}

async function rename(page: Page) {
  await tab(page, 'Settings')
  const section = page.getByTestId('name-section')
  await section.getByLabel('Name', { exact: true }).fill('shop')
  await section.getByLabel('Tags').fill('berlin,')
  await section.getByTestId('rename').click()
  await sees(page.getByRole('heading', { level: 1 }), /^shop/)
  await page.reload()
  await sees(page.getByRole('heading', { level: 1 }), /^shop/)
}

async function retire({ page, place }: Stage) {
  await page.getByTestId('retire').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Type shop to go on').fill('shop')
  await dialog.getByRole('button', { name: 'Sign and retire' }).click()
  await sees(page.getByRole('heading', { level: 1 }), 'Retired')
  await sees(page.getByRole('main'), 'It takes no more orders from this fleet')
  assert.equal(await page.getByTestId('run-now').count(), 0, 'nothing more is asked of it')
  await page.goto(`${place.url}/?status=retired`)
  await page.getByTestId('host-shop').getByRole('link').first().click()
  await page.getByTestId('remove-host').click()
  await dialog.getByLabel('Type shop to go on').fill('shop')
  await dialog.getByRole('button', { name: 'Remove it' }).click()
  await page.waitForURL(`${place.url}/`)
  await page.goto(place.url)
  await sees(page.getByRole('main'), /enrol/)
  assert.ok(readdirSync(join(place.repository, 'snapshots')).length > 0, 'its snapshots stay')
}
