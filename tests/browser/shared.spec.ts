// Two hosts back up to one repository: both pages name the other, neither prunes while each takes itself for the owner; one
// is made the owner in both plans at once, and then each says who owns.

import { admitHost, announce, foundFleet, hostFingerprint, localStart } from './person'
import { type Stage, scene } from './scene'
import { sees } from './window'

scene('two hosts share a repository', 240_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const { agent: first, password } = await admitHost(stage, place.files())
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  const second = await admitSecond(stage, password)
  place.agent('second')
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 90_000)

  await page.goto(`${place.url}/hosts/${first}/repository`)
  const sharing = page.getByTestId('sharing-main')
  await sees(sharing, /second[\s\S]*nobody, so itself/, 60_000)
  await sees(sharing, 'Each of them takes itself for the owner')
  await sees(page.getByTestId('prune-main'), /second/, 60_000)

  await page.getByTestId('propose-owner-main').click()
  const dialog = page.getByTestId('owner-dialog')
  await sees(dialog.getByTestId('owner-of-second'), 'will change')
  await dialog.getByRole('button', { name: 'Sign and give to 1 host' }).click()
  await sees(dialog.getByTestId('owner-of-second'), /done, revision 2/, 30_000)
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  await sees(sharing, 'This host prunes and checks it')

  await page.goto(`${place.url}/hosts/${second}/repository`)
  await sees(page.getByTestId('sharing-main'), /prunes and checks it; the others/)
  await sees(page.getByTestId('prune-main'), /prunes and checks this repository/)
})

/** The same repository opens only by the password that it was made with. */
async function admitSecond(stage: Stage, password: string): Promise<string> {
  const { page, place } = stage
  await page.goto(`${place.url}/add`)
  const { banner, ended } = await announce(stage, 'second')
  await page.getByLabel('Or paste what the terminal shows').fill(hostFingerprint(banner))
  await page.getByText('They are the same').waitFor()
  await page.getByRole('textbox', { name: /^Name/ }).fill('second')
  await localStart(page, place.repository, place.files('other files'))
  await page.locator('input[name="repository-password"]').fill(password)
  await page.getByTestId('approve').click()
  await page.waitForURL('**/arrival')
  await ended
  return page.url().split('/').at(-2) ?? ''
}
