// From nothing to the first snapshots, as one person walks it: the setup link, the kit, a host that announces itself, its
// repository, the first backup live, an edited group and schedule, the run that comes by itself. Afterwards everything
// that left the browser is searched for what must never leave it.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  ADA,
  announce,
  askedPlaces,
  choose,
  foundFleet,
  hostFingerprint,
  introduce,
  kitWords,
  localStart,
  savePlan,
  shownCommand,
  tab,
  typeBack,
} from './person'
import { type Stage, scene } from './scene'
import { assertNowhere } from './secrets'
import { until } from './wait'
import { sees } from './window'

const MINUTE_MS = 60_000
const BIG_BYTES = 256 * 1024 * 1024

scene('the story, announced, to a directory of the host', 240_000, async (stage) => {
  const { page, place } = stage
  await wrongFirst(stage)
  const words = await storeKit(stage)

  await sees(page.getByRole('main'), 'Add the first host')
  assert.match(await shownCommand(page), /enrol --coordinator '?http:\/\/127\.0\.0\.1:\d+#SHA256:/)
  const { banner, ended } = await announce(stage)
  await compareWrongly(stage, hostFingerprint(banner))
  const files = place.files()
  // Enough for some seconds: the first backup is watched while it runs.
  writeFileSync(join(files, 'picture.raw'), randomBytes(BIG_BYTES))
  const password = await localStart(page, place.repository, files)
  assert.match(password, /^[\w-]{32}$/, 'a password is made unless one types another')
  await page.getByTestId('approve').click()

  await page.waitForURL('**/arrival')
  assert.equal(await ended, 0, 'the terminal hears of its approval')
  const agent = page.url().split('/').at(-2) ?? ''
  place.agent()
  await firstBackup(stage)
  await page.goto(new URL(`/hosts/${agent}/arrival`, page.url()).href)
  await arrives(stage)

  await editGroup(stage, agent)
  await editSchedule(stage, agent)
  await runsByItself(stage)
  await assertNowhere(stage, { password, words })
})

/** What is wrong is said before anything is sent, and what was typed stays. */
async function wrongFirst({ page, place }: Stage) {
  const link = await place.setupLink()
  await page.goto(place.url)
  await page.waitForURL('**/setup')
  await page.goto('about:blank')
  await page.goto(link)
  await sees(page.getByRole('main'), 'At least 12 characters')
  assert.equal(new URL(page.url()).hash, '', 'the token does not stay in the address')
  await introduce(page)
  await page.getByLabel('Password', { exact: false }).first().fill('short')
  const goOn = page.getByRole('button', { name: 'Go on to the recovery kit' })
  await goOn.click()
  await sees(page.getByRole('main'), 'This has 5 characters, 12 are the least.')
  await sees(page.getByRole('main'), 'The two passwords differ.')
  assert.equal(await page.getByLabel('User name').inputValue(), ADA.user)
  await page.getByLabel('Password', { exact: false }).first().fill(ADA.password)
  await goOn.click()
}

async function storeKit({ page }: Stage): Promise<string[]> {
  const words = await kitWords(page)
  assert.equal(words.length, 24)
  assert.equal(await page.getByRole('img', { name: 'The same 24 words as a QR code' }).count(), 1)
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  const saved = await readFile(await (await saving).path(), 'utf8')
  const sheet = saved.toLowerCase().replaceAll(/[^a-z]+/g, ' ')
  assert.ok(sheet.includes(words.join(' ')), `the download holds the words in their order:\n${saved}`)

  await page.getByRole('button', { name: 'I have stored them' }).click()
  const [place = 0, ...others] = await askedPlaces(page)
  await typeBack(page, words)
  await page.getByTestId(`word-${place}`).fill('zebra')
  const found = page.getByRole('button', { name: 'Found the fleet' })
  await found.click()
  await sees(page.getByRole('main'), `That is not word ${place} of the kit.`)
  for (const other of others) {
    assert.equal(
      await page.getByTestId(`word-${other}`).inputValue(),
      words[other - 1],
      'what was typed stays',
    )
  }
  await page.getByTestId(`word-${place}`).fill(` ${words[place - 1]?.toUpperCase()} `)
  await found.click()
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  return words
}

/** Another fingerprint is refused; the tick comes by the right one. */
async function compareWrongly({ page }: Stage, fingerprint: string) {
  const field = page.getByLabel('Or paste what the terminal shows')
  const tick = page.getByTestId('compared')
  await field.fill(fingerprint.replace(/.$/, (last) => (last === '0' ? '1' : '0')))
  await sees(page.getByRole('main'), 'That is another fingerprint. Do not approve this host.')
  assert.ok(await tick.isDisabled())
  await page.getByTestId('approve').click()
  await sees(page.getByRole('main'), 'Compare first')
  await field.fill(fingerprint)
  await sees(page.getByRole('main'), 'They are the same')
  assert.ok(await tick.isChecked())
}

async function arrives({ page }: Stage) {
  for (const step of ['connected', 'planned', 'repository', 'snapshot']) {
    await sees(page.getByTestId(`arrival-${step}`), /^done:/, MINUTE_MS)
  }
}

/** From the arrival page, while it runs; its end comes by itself. */
async function firstBackup({ page }: Stage) {
  const arrival = page.getByTestId('arrival-snapshot')
  await sees(page.getByTestId('arrival-repository'), /^done:/, MINUTE_MS)
  await arrival.getByRole('link', { name: 'Watch it live' }).click()
  const title = page.getByRole('heading', { level: 1 })
  await sees(title, 'Backup of default')
  await sees(page.getByTestId('job-progress'), 'Running for')
  await sees(title, /Succeeded/i, MINUTE_MS)
  await sees(page.getByRole('region', { name: 'Log', exact: true }).last(), /snapshot/i)
  await sees(page.getByTestId('log-count'), /^\d+ lines$/)
}

/** A relative path is refused with its reason, and stays in the field. */
async function editGroup({ page }: Stage, agent: string) {
  await page.goto(new URL(`/hosts/${agent}/groups?edit=default`, page.url()).href)
  const includes = page.getByTestId('group-includes')
  const before = await includes.inputValue()
  await includes.fill(`${before}\nletters/of-mine`)
  await page.getByTestId('group-excludes').fill('*.tmp')
  await sees(page.getByTestId('save-bar'), /absolute/i)
  assert.ok(await page.getByTestId('save-plan').isDisabled())
  await page.reload()
  assert.equal(
    await includes.inputValue(),
    `${before}\nletters/of-mine`,
    'what is not saved survives a reload',
  )
  assert.equal(await page.getByTestId('group-excludes').inputValue(), '*.tmp')
  await includes.fill(before)
  await savePlan(page)
  await page.getByRole('button', { name: 'Close default' }).click()
  await sees(page.getByTestId('group-default'), '*.tmp')
}

async function editSchedule({ page }: Stage, agent: string) {
  await page.goto(new URL(`/hosts/${agent}/schedules`, page.url()).href)
  await page
    .getByRole('button', { name: /^Edit / })
    .first()
    .click()
  await page.getByTestId('cron-kind').getByText('Free text').click()
  const crontab = page.getByTestId('cron-text')
  await crontab.fill('61 * * * *')
  await sees(page.getByRole('main'), /61/)
  await sees(page.getByTestId('cron-reading'), 'This is not a crontab yet')
  await crontab.fill('* * * * *')
  await sees(page.getByTestId('cron-reading'), /every minute/i)
  const next = page.getByTestId('cron-reading').getByRole('list', { name: 'Next runs' }).getByRole('time')
  const times = () =>
    next.evaluateAll((all) => all.map((time) => Date.parse(time.getAttribute('datetime') ?? '')))
  const seen = await until('the next five runs are shown', times, (shown) => shown.length === 5)
  // At once, and never those of the crontab before.
  const minutes = seen.map((at) => (at - (seen[0] ?? 0)) / MINUTE_MS)
  assert.deepEqual(minutes, [0, 1, 2, 3, 4])
  await choose(page, 'Spread', 'None')
  await savePlan(page)
}

/** Nobody touches anything any more: the run appears among the jobs, then as a second snapshot. */
async function runsByItself({ page }: Stage) {
  await tab(page, 'Snapshots')
  await sees(page.getByRole('main'), '1 snapshot')
  await sees(page.getByRole('main'), '2 snapshots', 100_000)
  await tab(page, 'Jobs')
  await sees(page.getByRole('table', { name: 'Jobs' }), /schedule/i)
}

scene('the story, announced, to a REST server', 120_000, async (stage) => {
  const { page, place } = stage
  const words = await foundFleet(stage)
  const { banner, ended } = await announce(stage)
  await page.getByLabel('Or paste what the terminal shows').fill(hostFingerprint(banner))
  const password = await page.locator('input[name="repository-password"]').inputValue()
  await page.getByRole('button', { name: 'Make one: login password' }).click()
  const login = await page.locator('input[name="login-password"]').inputValue()
  assert.match(login, /^[\w-]{32}$/)
  assert.notEqual(login, password, 'login and repository have passwords of their own')

  const line = await sees(page.getByTestId('htpasswd').locator('code'), /^\S+:\$2[aby]\$\S+$/)
  const server = await place.restServer(line.trim())
  await page.locator('input[name="url"]').fill(server.url)
  await page.getByTestId('start-paths').fill(place.files())
  await page.getByTestId('approve').click()
  await page.waitForURL('**/arrival')
  await ended
  place.agent()
  await arrives(stage)
  const [user = ''] = line.split(':')
  assert.ok(
    existsSync(join(place.dir, 'served', user, 'config')),
    'the repository lies below the user’s name',
  )
  await assertNowhere(stage, { password, words, others: [login] })
})
