// A long job, watched while it runs: how far, how fast, on which file; its log, that follows until one scrolls up; stopped
// after it was asked, without a lock left behind; run again, to a good end; its log as a file.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { admitHost, foundFleet, savePlan } from './person'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const MIB = 1024 * 1024
const BIG_BYTES = 288 * MIB
/** Half a minute for the file: long enough to look at it on a busy machine; it is stopped before. */
const LIMIT_KIB_S = 8_192
/** Each is a line of the log at once. */
const MISSING = 120

scene('a long job, live', 180_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const files = place.files()
  const missing = Array.from({ length: MISSING }, (_, n) => join(place.dir, `not there ${n}`))
  const { agent } = await admitHost(stage, [files, ...missing].join('\n'), { runNow: false })
  place.agent()
  await sees(page.getByTestId('arrival-repository'), /^done:/, 60_000)
  writeFileSync(join(files, 'big.raw'), randomBytes(BIG_BYTES))

  await page.goto(`${place.url}/hosts/${agent}/groups`)
  await runWithLimit(page)
  const first = page.url()
  await progresses(stage)
  await logFollows(page)
  await cancel(stage)

  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  await page.getByTestId('group-includes').fill(files)
  await savePlan(page)
  await page.goto(first)
  await page.getByTestId('run-again').click()
  await page.waitForURL((url) => url.href !== first && /\/jobs\/[^/]+$/.test(url.pathname))
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 90_000)
  await download(page)
})

async function runWithLimit(page: Page) {
  await page.getByRole('button', { name: 'More for default' }).click()
  await page.getByRole('button', { name: 'Run with a limit…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Run default now' })
  await dialog.getByLabel('Upload at most').fill(String(LIMIT_KIB_S))
  await dialog.getByRole('button', { name: 'Run', exact: true }).click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
}

async function progresses({ page }: Stage) {
  const progress = page.getByTestId('job-progress')
  const percents = new Set<number>()
  const look = async () => {
    const seen = (await progress.innerText({ timeout: 1_000 })).match(/(\d+) %/)
    if (seen !== null) percents.add(Number(seen[1]))
    return [...percents].filter((percent) => percent > 0 && percent < 100).length
  }
  await until('the bar moves', look, (steps) => steps >= 3, 60_000)
  await sees(progress, /Rate\s+[\d.]+ [KMG]iB\/s/)
  await sees(progress, /Bytes\s+[\d.]+ MiB of [\d.]+ MiB/)
  await sees(page.getByTestId('current-file'), 'big.raw')
}

async function logFollows(page: Page) {
  const count = page.getByTestId('log-count')
  await sees(count, /\d{3} lines · following/)
  const log = page.getByRole('region', { name: 'Log', exact: true }).last()
  await log.hover()
  await page.mouse.wheel(0, -600)
  await sees(count, 'held where you scrolled')
  const held = await log.evaluate((element) => element.scrollTop)
  await page.getByRole('button', { name: /^Jump to the end/ }).click()
  await sees(count, 'following')
  await until(
    'the end is in sight',
    () => log.evaluate((element) => element.scrollTop),
    (top) => top > held,
  )
}

async function cancel({ page, place }: Stage) {
  const title = page.getByRole('heading', { level: 1 })
  await page.getByTestId('cancel-job').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Let it run' }).click()
  await dialog.waitFor({ state: 'detached' })
  await sees(title, /Running/i)
  await page.getByTestId('cancel-job').click()
  await dialog.getByRole('button', { name: 'Cancel the job' }).click()
  await sees(title, /Cancelled/i)
  assert.deepEqual(readdirSync(join(place.repository, 'locks')), [], 'no lock is left')
}

async function download(page: Page) {
  const saving = page.waitForEvent('download')
  await page.getByRole('link', { name: '.txt' }).click()
  const text = await readFile(await (await saving).path(), 'utf8')
  assert.match(text, /snapshot/i, 'the log is in the file')
}
