// The coordinator goes away while somebody types, and comes back: the page says so, keeps everything, and goes on by
// itself.

import assert from 'node:assert/strict'
import { admitHost, foundFleet, savePlan } from './person'
import { scene } from './scene'
import { until } from './wait'
import { sees } from './window'

scene('the coordinator is away for a while', 180_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const { agent } = await admitHost(stage, place.files())
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  await page.goto(`${place.url}/hosts/${agent}/groups?edit=default`)
  const excludes = page.getByTestId('group-excludes')
  await excludes.fill('*.tmp')

  await place.stopCoordinator()
  const banner = page.getByTestId('offline')
  await excludes.fill('*.tmp\n*.bak')
  await sees(banner, 'The coordinator has not answered')
  await page.getByTestId('save-plan').click()
  await sees(page.getByRole('region', { name: 'Messages' }), 'your changes are still here')
  assert.equal(await excludes.inputValue(), '*.tmp\n*.bak')

  await place.coordinator()
  await banner.waitFor({ state: 'detached', timeout: 60_000 })
  assert.equal(await excludes.inputValue(), '*.tmp\n*.bak', 'nothing typed is lost')
  await sees(page.getByRole('heading', { level: 1 }), /Online/i, 90_000)
  const save = page.getByTestId('save-plan')
  await until(
    'the edit may be saved again',
    () => save.isEnabled(),
    (enabled) => enabled,
  )
  await savePlan(page)
  await page.getByRole('button', { name: 'Close default' }).click()
  await sees(page.getByTestId('group-default'), '*.bak')
})
