// A host that is away: the fleet says so, an edit waits in sight and can be taken back, another is taken when the host
// returns. And two people who edit at once: the second sees what the first changed, and lays theirs on top.

import assert from 'node:assert/strict'
import { admitHost, foundFleet, savePlan } from './person'
import { type Stage, scene } from './scene'
import { sees } from './window'

scene('a host is away, and two edit its plan', 240_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const { agent } = await admitHost(stage, place.files())
  const running = place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)

  await page.goto(place.url)
  const row = page.getByRole('table', { name: 'Hosts' }).getByRole('row').nth(1)
  await sees(row, 'Online')
  await running.stop('SIGKILL')
  await sees(row, 'Offline', 95_000)

  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  const excludes = page.getByTestId('group-excludes')
  const bar = page.getByTestId('save-bar')
  await excludes.fill('*.first')
  await page.getByTestId('save-plan').click()
  await sees(bar, 'it waits for the host')
  await sees(page.getByTestId('waiting-orders'), 'Change the plan')
  await page.reload()
  await sees(bar, 'it waits for the host')
  await page.getByTestId('withdraw-plan').click()
  await page.getByTestId('waiting-orders').waitFor({ state: 'detached' })
  await sees(bar, '1 unsaved change')
  assert.equal(await excludes.inputValue(), '*.first', 'what was taken back can be edited on')

  await excludes.fill('*.second')
  await page.getByTestId('save-plan').click()
  await sees(bar, 'it waits for the host')
  place.agent()
  await page
    .getByText(/^Saved as revision/)
    .first()
    .waitFor({ timeout: 60_000 })
  await bar.waitFor({ state: 'detached' })
  assert.equal(await excludes.inputValue(), '*.second')
  await sees(page.getByRole('heading', { level: 1 }), 'Online')

  await twoAtOnce(stage, agent)
})

async function twoAtOnce({ page, place, tab }: Stage, agent: string) {
  await page.getByTestId('group-excludes').fill('*.second\n*.mine')
  const other = await tab()
  await other.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  await other.getByTestId('group-exclude-if-present').fill('.theirs')
  await savePlan(other)

  const overtaken = page.getByTestId('overtaken')
  await sees(overtaken, 'The plan moved on')
  await sees(overtaken.getByRole('list', { name: 'Changed meanwhile' }), '.theirs')
  await sees(overtaken.getByRole('list', { name: 'Your changes' }), '*.mine')
  await page.getByTestId('apply-on-top').click()
  await savePlan(page)
  await page.getByRole('button', { name: 'Close default' }).click()
  const group = page.getByTestId('group-default')
  for (const kept of ['*.second', '.theirs', '*.mine']) await sees(group, kept)
  await other.close()
}
