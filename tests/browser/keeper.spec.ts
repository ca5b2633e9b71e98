// A repository that its host may only add to: forgetting is refused there and says what to do; a released credential does it
// once and is found nowhere afterwards; then a keeper takes the host's policies, owns the repository, forgets and prunes.

import { admitHost, announce, choose, foundFleet, hostFingerprint, savePlan } from './person'
import { type Stage, scene } from './scene'
import { assertNowhere } from './secrets'
import { type Page, sees } from './window'

const ADMIN = 'one that may delete 4711'

scene('a keeper looks after what its host can only add to', 280_000, async (stage) => {
  const { page, place } = stage
  const words = await foundFleet(stage)
  const servers = await place.restServers()
  const { agent, password } = await admitHost(stage, place.files(), { rest: servers.appendOnly })
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)

  const repository = `${place.url}/hosts/${agent}/repository`
  await page.goto(repository)
  await page.getByTestId('append-only-main').check()
  await savePlan(page)
  await sees(page.getByRole('main'), 'Nobody removes old snapshots here')
  await sees(page.getByTestId('forget-main'), 'only lets this host add')
  await release(page, servers.whole)
  await page.goto(`${place.url}/hosts/${agent}/jobs?kind=prune`)
  await sees(page.getByTestId('job-prune').first(), /Succeeded/, 60_000)
  await page.getByTestId('job-prune').first().getByRole('link').click()
  await sees(page.getByTestId('job-facts'), 'with the released credential')
  await assertNowhere(stage, { password, words, others: [ADMIN] })

  const keeper = await admitKeeper(stage, servers.whole, password)
  await keep(stage, keeper)
  await page.goto(repository)
  await sees(page.getByRole('main'), /keeper\s+forgets and prunes here/)
})

async function release(page: Page, address: string) {
  await page.getByTestId('release-main').click()
  const dialog = page.getByRole('dialog')
  await sees(dialog, 'For these minutes the host can destroy its own backups')
  await dialog.getByLabel('User that may delete').fill('admin')
  await dialog.getByLabel('Its password').fill(ADMIN)
  await dialog.getByLabel('Address, where it is another').fill(address)
  await dialog.getByRole('button', { name: 'Seal and release' }).click()
  await sees(page.getByRole('region', { name: 'Messages' }), 'Released')
  await dialog.waitFor({ state: 'detached' })
}

/** A member with nothing to back up, and the same repository where it may delete. */
async function admitKeeper(stage: Stage, address: string, password: string): Promise<string> {
  const { page, place } = stage
  await page.goto(`${place.url}/add`)
  const { banner, ended } = await announce(stage, 'keeper')
  await page.getByLabel('Or paste what the terminal shows').fill(hostFingerprint(banner))
  await page.getByText('They are the same').waitFor()
  await page.getByRole('textbox', { name: /^Name/ }).fill('keeper')
  await page.getByLabel('Give it a repository and start paths now').uncheck()
  await page.getByTestId('approve').click()
  await page.waitForURL(/\/hosts\//)
  await ended
  const agent = page.url().match(/\/hosts\/([^/]+)/)?.[1] ?? ''
  place.agent('keeper')
  await page.goto(`${place.url}/hosts/${agent}/repository`)
  await sees(page.getByRole('heading', { level: 1 }), 'Online', 60_000)
  await choose(page, 'Where the backups go', 'REST server')
  await page.locator('input[name="url"]').fill(address)
  await page.locator('input[name="path"]').fill('web')
  await page.locator('input[name="repository-password"]').fill(password)
  await page.getByRole('button', { name: 'Seal, sign and save' }).click()
  await sees(page.getByTestId('repository-main'), 'Ready', 60_000)
  return agent
}

async function keep({ page, place }: Stage, keeper: string) {
  const part = page.getByTestId('keeper-main')
  await sees(part, 'Look after another host', 60_000)
  await part.getByTestId('pick-ward').click()
  await page.getByRole('option').first().click()
  await part.getByRole('button', { name: 'Add', exact: true }).click()
  await savePlan(page)
  await sees(part, 'in step')
  await page.getByTestId('propose-owner-main').click()
  const dialog = page.getByTestId('owner-dialog')
  await dialog.getByRole('button', { name: 'Sign and give to 1 host' }).click()
  await sees(dialog, /done, revision/, 30_000)
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click()
  await sees(page.getByTestId('sharing-main'), 'This host prunes and checks it')

  for (const task of ['forget', 'prune']) {
    await page.goto(`${place.url}/hosts/${keeper}/repository`)
    await page.getByRole('button', { name: `Run now: ${task} of main` }).click()
    await page.waitForURL(/\/jobs\/[^/]+$/)
    await sees(page.getByRole('heading', { level: 1 }), /Succeeded/i, 60_000)
  }
}
