// Files come back on another host: while their own lives, and lends what opens its repository; and when its disk is gone,
// by the recovery kit. At last a new machine takes the dead one's place.

import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { admitHost, announce, foundFleet, hostFingerprint } from './person'
import { type Stage, scene } from './scene'
import { type Page, sees } from './window'

scene('a host is dead, and its files live', 300_000, async (stage) => {
  const { page, place } = stage
  const words = await foundFleet(stage)
  const files = place.files()
  const { agent, password } = await admitHost(stage, files, { name: 'web' })
  const web = place.agent('web')
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  const others = place.files('others')
  await page.goto(`${place.url}/add`)
  const spare = await admitHost(stage, others, {
    name: 'spare',
    repository: join(place.dir, 'spare-repository'),
  })
  place.agent('spare')
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)

  const first = join(place.dir, 'lent')
  await restoreElsewhere(stage, agent, first)
  same(files, join(first, files))

  await web.stop('SIGKILL')
  rmSync(join(place.dir, 'web'), { recursive: true })
  const second = join(place.dir, 'by-the-kit')
  await restoreElsewhere(stage, agent, second, words)
  same(files, join(second, files))

  await takesItsPlace(stage, agent, words)
  for (const { url, body } of stage.sent) {
    assert.ok(
      !body.includes(password) && !url.includes(password),
      'the password left the browser sealed, or not at all',
    )
    assert.ok(!body.includes(words.slice(0, 3).join(' ')), 'the words stayed in the browser')
  }
  assert.notEqual(spare.agent, agent)
})

async function restoreElsewhere(
  { page, place }: Stage,
  agent: string,
  target: string,
  words?: readonly string[],
) {
  await page.goto(`${place.url}/hosts/${agent}/snapshots`)
  await page
    .getByRole('table', { name: 'Snapshots' })
    .getByRole('link', { name: /^Restore/ })
    .first()
    .click()
  // The one directory at the top holds everything.
  await page.getByRole('treeitem').first().waitFor()
  await page.getByRole('tree', { name: 'Files of the snapshot' }).focus()
  await page.keyboard.press('Space')
  await sees(page.getByTestId('restore-total'), 'Ticked: ')
  await page.getByTestId('restore-target').getByText('Another host', { exact: true }).click()
  await pick(page, 'Host to restore on', /spare/)
  await page.getByText('A directory that I name', { exact: true }).last().click()
  await page.getByLabel('Directory on that host').fill(target)
  if (words !== undefined) {
    // Where the host is known to be away, there is no other way.
    const escrow = page.getByText('From the escrow, with the recovery kit', { exact: true })
    await escrow.or(page.getByTestId('kit-words')).first().waitFor()
    if ((await escrow.count()) > 0) await escrow.click()
    await page.getByTestId('kit-words').fill(words.join(' '))
  }
  await page.getByTestId('restore-go').click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
  assert.ok(!page.url().includes(agent), 'the job is the other host’s')
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 60_000)
}

async function pick(page: Page, field: string, option: RegExp) {
  await page
    .getByRole('textbox', { name: field })
    .or(page.getByRole('combobox', { name: field }))
    .first()
    .click()
  await page.getByRole('option', { name: option }).click()
}

function same(one: string, other: string) {
  for (const name of ['letter 7.txt', 'letter 39.txt', 'déjà vu.tmp'])
    assert.deepEqual(readFileSync(join(other, name)), readFileSync(join(one, name)), name)
}

/** A new machine, another identity: the old name, plan and repository, and its history a click away. */
async function takesItsPlace(stage: Stage, old: string, words: readonly string[]) {
  const { page, place } = stage
  await page.goto(place.url)
  await sees(page.getByRole('table', { name: 'Hosts' }), /Offline/, 95_000)
  await page.goto(`${place.url}/add`)
  const { banner, ended } = await announce(stage, 'web-again')
  await page.getByLabel('Or paste what the terminal shows').fill(hostFingerprint(banner))
  await page.getByText('They are the same').waitFor()
  await pick(page, 'Takes the place of', /^web · /)
  await page.getByTestId('kit-words').fill(words.join(' '))
  await sees(page.getByTestId('what-happens'), 'in the place of')
  await page.getByTestId('approve').click()
  await ended
  place.agent('web-again')
  await page.waitForURL((url) => !url.pathname.includes(old) && /\/hosts\//.test(url.pathname), {
    timeout: 60_000,
  })
  const agent = new URL(page.url()).pathname.split('/')[2] ?? ''
  writeFileSync(join(place.files(), 'new.txt'), 'written on the new machine\n')
  await page.goto(`${place.url}/hosts/${agent}/snapshots`)
  await page.getByRole('table', { name: 'Snapshots' }).getByRole('row').nth(1).waitFor({ timeout: 60_000 })
  await sees(page.getByRole('heading', { level: 1 }), 'web')
  await page.goto(`${place.url}/hosts/${old}`)
  await sees(page.locator('main'), /took (its|the) place/i)
}
