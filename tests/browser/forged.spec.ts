// A snapshot that no job of the host made, put in by plain restic under its name: the fleet and the host say that old snapshots
// are kept, the page shows which it is, and who knows it adopts it.

import { admitHost, foundFleet } from './person'
import { scene } from './scene'
import { sees } from './window'

scene('a snapshot that no job made', 180_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const files = place.files()
  const { agent, password } = await admitHost(stage, files)
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  await place.restic(['-r', place.repository, 'backup', '--tag', 'default', files], password)

  await page.goto(`${place.url}/hosts/${agent}/repository`)
  await page.getByRole('button', { name: 'Read snapshots and sizes again' }).click()
  const main = page.getByRole('main')
  await sees(main, 'main: A snapshot is there that no job made: old snapshots are kept', 60_000)
  await sees(page.getByTestId('forget-main'), /snapshot/)

  await page.goto(`${place.url}/?held=true`)
  await sees(page.getByRole('table', { name: 'Hosts' }), 'held')
  await page.getByRole('table', { name: 'Hosts' }).getByRole('link').first().click()
  await page.getByRole('link', { name: 'To the doubtful snapshots' }).click()
  const doubtful = page.getByTestId('doubtful-main')
  await sees(doubtful, /1 snapshot is not trusted[\s\S]*Made by no job/)
  await doubtful.getByRole('checkbox').check()
  await doubtful.getByTestId('adopt-main').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign and adopt' }).click()
  await doubtful.waitFor({ state: 'detached' })
  await main.getByText('old snapshots are kept').waitFor({ state: 'detached' })
  await page.goto(`${place.url}/?held=true`)
  await sees(main, 'No host matches')
})
