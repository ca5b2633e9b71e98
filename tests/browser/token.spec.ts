// A host that nobody sits at: a token with its plan, made in the browser; the command runs, the page follows, in the
// browser that made it and after a reload. A revoked token admits nobody.

import assert from 'node:assert/strict'
import { foundFleet, localStart, shownCommand, signIn } from './person'
import { type Stage, scene } from './scene'
import { assertNowhere } from './secrets'
import { sees } from './window'

scene('a host comes by token, and a revoked one admits nobody', 120_000, async (stage) => {
  const { page, place } = stage
  const words = await foundFleet(stage)
  const password = await makeToken(stage, place.files())
  const made = page.url()
  const command = await shownCommand(page)
  const [, seed = ''] = command.match(/^\s*RM_TOKEN=(\S+) /) ?? []
  assert.notEqual(seed, '', `the command carries the token:\n${command}`)
  await page.reload()
  assert.equal(await shownCommand(page), command, 'the command survives a reload')
  await elsewhere(stage, made)

  assert.equal(await place.enrol(command).wait(), 0, 'the token admits the host')
  place.agent()
  for (const step of ['connected', 'planned', 'repository']) {
    await sees(page.getByTestId(`arrival-${step}`), /^done:/, 60_000)
  }
  // A token holds a plan and no order: the first backup is the schedule's, or a person's.
  await page.getByTestId('arrival-snapshot').getByRole('button', { name: 'Back up now' }).click()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  await sees(page.getByRole('main'), 'This token is used up')
  await page.reload()
  await sees(page.getByTestId('arrival-snapshot'), 'It is backed up.')

  await revoked(stage)
  await assertNowhere(stage, { password, words, others: [seed] })
})

async function makeToken({ page, place }: Stage, files: string): Promise<string> {
  await page.getByRole('link', { name: 'Add host' }).first().click()
  // Not the bar's own link to all tokens, which is there before the page is.
  await page.getByRole('main').getByRole('link', { name: /token/i }).first().click()
  await page.waitForURL('**/add/token')
  const password = await localStart(page, place.repository, files)
  await page.getByRole('button', { name: 'Make the token' }).click()
  await page.waitForURL(/\/tokens\/[^/]+$/)
  return password
}

/** Another browser of the same person knows the token, but never had its seed. */
async function elsewhere({ another }: Stage, address: string) {
  const { page, context } = await another()
  await page.goto(address)
  await signIn(page)
  await sees(page.getByRole('main'), 'Only the browser that made this token has its seed')
  await context.close()
}

async function revoked(stage: Stage) {
  const { page, place } = stage
  await makeToken(stage, place.files())
  const command = await shownCommand(page)
  await page.getByRole('button', { name: 'Revoke' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: /Revoke/ }).click()
  await sees(page.getByRole('main'), 'This token was revoked')
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Tokens' }).click()
  await sees(page.getByRole('table', { name: 'Tokens' }), /revoked/i)
  const late = place.enrol(command, 'late')
  assert.notEqual(await late.wait(), 0, 'a revoked token admits nobody')
  assert.match(late.printed(), /revoked/i)
}
