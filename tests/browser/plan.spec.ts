// A plan before and after it is saved: tried at the host, its retention previewed, a hook and a ping sealed and run, an edit that came
// second merged item by item, its past restored; and handed to a second host as a template, whose policy takes no hooks.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { admitHost, choose, foundFleet, savePlan } from './person'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const MINUTE_MS = 60_000

scene('a plan is tried, hooked, merged and restored', 280_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const files = place.files()
  const { agent } = await admitHost(stage, files)
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, MINUTE_MS)

  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  await triesAtTheHost(stage, files)
  await previewsRetention(stage, agent)
  await hooks(stage, agent)
  await pings(stage, agent)
  await merges(stage, agent)
  await restores(stage, agent)
})

/** Of the group as it stands in the form, saved or not. */
async function triesAtTheHost({ page, place }: Stage, files: string) {
  writeFileSync(join(files, 'film.raw'), Buffer.alloc(3_000_000, 'a film '))
  await page.getByTestId('group-includes').fill(`${files}\n${place.dir}/not-there`)
  const preview = page.getByTestId('dry-run-default')
  await preview.getByRole('button', { name: 'Try it at the host' }).click()
  await sees(preview, /\d+ files, [\d.]+ MiB/, MINUTE_MS)
  await sees(preview.getByRole('list', { name: 'The largest files' }), /film\.raw/)
  await sees(preview.getByRole('list', { name: 'What each path holds' }), files)
  await sees(preview, 'These paths do not exist on the host')
  await sees(preview, `${place.dir}/not-there`)
  await page.getByRole('button', { name: 'Discard' }).click()
  await sees(preview, 'what stood here before')
}

/** Two snapshots, and a rule that keeps the last: one would go, and it is said which. Nothing goes. */
async function previewsRetention({ page, place }: Stage, agent: string) {
  await runToTheEnd(page)
  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  for (const rule of ['Daily', 'Weekly', 'Monthly']) await page.getByLabel(rule).fill('')
  await page.getByLabel('Last', { exact: true }).fill('1')
  const preview = page.getByTestId('retention-preview-default')
  await preview.getByRole('button', { name: 'Preview' }).click()
  await sees(preview, '1 would go, 1 stays', MINUTE_MS)
  const list = preview.getByRole('list', { name: 'Snapshots and what becomes of them' })
  await sees(list, /stays\s+last snapshot/)
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.goto(`${place.url}/hosts/${agent}/snapshots`)
  await sees(page.getByRole('main'), '2 snapshots')
}

async function runToTheEnd(page: Page) {
  await page.getByRole('button', { name: 'Run now: default' }).click()
  await page.waitForURL(/\/jobs\/[^/]+$/)
  await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, MINUTE_MS)
}

/** Typed here, sealed here, run there; readable nowhere in between. */
async function hooks({ page, place, sent }: Stage, agent: string) {
  const seen = join(place.dir, 'seen-by-the-hook')
  const script = `echo "before $RM_GROUP" > '${seen}'`
  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  await choose(page, 'Before a backup', 'A script of its own')
  await sees(page.getByTestId('save-bar'), 'its script is not given yet')
  assert.ok(await page.getByTestId('save-plan').isDisabled())
  await page.getByTestId('script-default-pre').fill(script)
  await page.getByTestId('plan-note').fill('the shop stands still')
  await savePlan(page)
  assert.equal(await page.getByTestId('script-default-pre').inputValue(), '')
  await sees(page.getByTestId('hooks-default'), 'The host holds revision 1')
  for (const { url, body } of sent) assert.ok(!`${url} ${body}`.includes('seen-by-the-hook'), url)

  await runToTheEnd(page)
  await until(
    'the hook ran',
    () => (existsSync(seen) ? readFileSync(seen, 'utf8') : ''),
    (text) => text === 'before default\n',
  )
  await page.goto(`${place.url}/hosts/${agent}/history`)
  await sees(page.getByRole('main'), /hooks of default changed\s+“the shop stands still”/)
}

/** The host itself calls; its address is seen by nobody else. */
async function pings({ page, place, sent }: Stage, agent: string) {
  const called: string[] = []
  const server = createServer((request, response) => {
    called.push(request.url ?? '')
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await page.goto(`${place.url}/hosts/${agent}/groups`)
    await page.getByRole('button', { name: 'Add a ping' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a ping' })
    await dialog.getByLabel('Name').fill('watch')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    const address = page.getByTestId('ping-address-watch')
    await address.fill('127.0.0.1/of-mine')
    await sees(page.getByTestId('save-bar'), 'begins with https:// or http://')
    await address.fill(`http://127.0.0.1:${port}/of-mine`)
    await savePlan(page)
    assert.equal(await address.inputValue(), '')
    for (const { url, body } of sent) assert.ok(!`${url} ${body}`.includes('of-mine'), url)
    await runToTheEnd(page)
    const heard = () => [...new Set(called)].sort()
    await until('the host called', heard, (all) => all.join() === '/of-mine,/of-mine/start')
  } finally {
    server.close()
  }
}

/** Two edits of the same lists: what either added is in, what either took out is out. */
async function merges({ page, place, tab }: Stage, agent: string) {
  const groups = `${place.url}/hosts/${agent}/groups?edit=default`
  await page.goto(groups)
  await page.getByTestId('group-excludes').fill('*.one\n*.two')
  await savePlan(page)
  await page.getByTestId('group-excludes').fill('*.two\n*.mine')
  const other = await tab()
  await other.goto(groups)
  await other.getByTestId('group-excludes').fill('*.one\n*.two\n*.theirs')
  await savePlan(other)
  await other.close()

  await sees(page.getByTestId('overtaken'), 'The plan moved on')
  await page.getByTestId('apply-on-top').click()
  await savePlan(page)
  assert.deepEqual((await page.getByTestId('group-excludes').inputValue()).split('\n').sort(), [
    '*.mine',
    '*.theirs',
    '*.two',
  ])
}

async function restores({ page, place }: Stage, agent: string) {
  await page.goto(`${place.url}/hosts/${agent}/history`)
  await page.getByRole('button', { name: 'Restore revision 1…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Restore revision 1' })
  await sees(dialog.getByRole('list', { name: 'What restoring it changes' }), /− \*\.two/)
  await dialog.getByRole('button', { name: 'Make it my edit' }).click()
  assert.equal(await page.getByTestId('plan-note').inputValue(), 'restores revision 1')
  await savePlan(page)
  await page.goto(`${place.url}/hosts/${agent}/history`)
  await sees(page.getByRole('main'), '“restores revision 1”')
}

scene('a template for two hosts', 240_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const { agent } = await admitHost(stage, place.files(), { runNow: false })
  place.agent()
  await sees(page.getByTestId('arrival-repository'), /^done:/, MINUTE_MS)
  place.agentDir('second', '[policy]\nrefuse_hooks = true\n')
  await page.goto(`${place.url}/add`)
  const repository = join(place.dir, 'second-repository')
  const second = await admitHost(stage, place.files('others'), { name: 'second', repository, runNow: false })
  place.agent('second')
  await sees(page.getByTestId('arrival-repository'), /^done:/, MINUTE_MS)

  await keepTemplate(stage, agent)
  await policyIsSaid(stage, second.agent)
  await give(stage)
  await page.goto(`${place.url}/hosts/${second.agent}/groups`)
  await sees(page.getByTestId('group-letters'), place.files())
  await page.goto(`${place.url}/hosts/${second.agent}/repository`)
  await sees(page.getByRole('main'), repository)
})

/** Of a host with a group that has a hook of its own. */
async function keepTemplate({ page, place }: Stage, agent: string) {
  await page.goto(`${place.url}/hosts/${agent}/groups`)
  await page.getByTestId('add-group').click()
  const name = page.getByRole('dialog', { name: 'Add a group' })
  await name.getByLabel('Name').fill('letters')
  await name.getByRole('button', { name: 'Add' }).click()
  const group = page.getByTestId('group-letters')
  await group.getByTestId('group-includes').fill(place.files())
  await choose(page, 'Before a backup', 'A script of its own')
  await page.getByTestId('script-letters-pre').fill('true')
  await savePlan(page)
  await page.getByTestId('save-template').click()
  const dialog = page.getByRole('dialog', { name: 'Save the plan as a template' })
  await dialog.getByLabel('Name of the template').fill('Letters, kept')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function policyIsSaid({ page, place }: Stage, agent: string) {
  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  await sees(page.getByTestId('group-default'), 'This host takes no hooks from afar')
  await page.getByTestId('hook-default-pre').click()
  const own = page.getByRole('option', { name: 'A script of its own' })
  assert.equal(await own.getAttribute('data-combobox-disabled'), 'true')
  await page.keyboard.press('Escape')
}

/** What would change is seen before anything is signed. */
async function give({ page, place, sent }: Stage) {
  await page.goto(`${place.url}/templates`)
  await sees(page.getByTestId('template-Letters, kept'), /2 groups, 1 schedule, hooks before/)
  await page.getByRole('link', { name: /^Give to hosts…/ }).click()
  await page.getByRole('button', { name: /^Choose all 2/ }).click()
  await page.getByTestId('compare-hosts').click()
  const second = page.getByTestId('given-second')
  await sees(second, /hook before backups of letters stays as it is: its policy takes no script/)
  const first = page
    .getByTestId('prospects')
    .getByRole('article')
    .filter({ hasNot: page.getByText('second') })
  await sees(first.first(), /is like this already/)
  const orders = () => sent.filter(({ method, url }) => method === 'POST' && url.endsWith('/orders')).length
  const before = orders()
  await page.getByTestId('give-template').click()
  await sees(second, /saved as revision \d+/, MINUTE_MS)
  assert.equal(orders() - before, 1, 'only who changes gets an order')
}
