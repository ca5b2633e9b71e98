// A program's key: made in the browser, shown once, used by a program, refused what it may not, revoked. And the pages where
// one reads what the API can do, and what runs here.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { foundFleet } from './person'
import { type Stage, scene } from './scene'
import { sees } from './window'

scene('a program gets in by its token, as far as that goes, until it is revoked', 120_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  const secret = await makeToken(stage)
  await page.reload()
  assert.ok(!(await page.content()).includes(secret), 'it is shown once')

  const call = async (path: string, method = 'GET', body: unknown = undefined) => {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    const sent = body === undefined ? null : JSON.stringify(body)
    return (await fetch(`${place.url}/api/v1${path}`, { method, headers, body: sent })).status
  }
  assert.equal(await call('/fleet/tiles'), 200)
  assert.equal(await call('/hosts'), 200)
  assert.equal(await call('/people'), 403, 'it is a viewer’s')
  assert.equal(await call('/tokens'), 403, 'it is a viewer’s')
  const more = { name: 'a child', role: 'viewer' }
  assert.equal(await call('/api-tokens', 'POST', more), 403, 'a token makes no tokens')

  await page.reload()
  const row = page.getByTestId('api-token-monitoring')
  await sees(row, /seconds ago|now/)
  await row.getByRole('button', { name: 'Revoke monitoring' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await sees(row, 'Revoked')
  assert.equal(await call('/fleet/tiles'), 401, 'it opens nothing any more')

  await reads(stage)
  await about(stage)
})

async function makeToken({ page, place }: Stage): Promise<string> {
  await page.goto(`${place.url}/settings/tokens`)
  await page.getByTestId('new-api-token').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('monitoring')
  await dialog.getByRole('button', { name: 'Make the token' }).click()
  const secret = (await sees(page.getByTestId('api-token-secret').locator('code'), /\S{20,}/)).trim()
  await sees(dialog, `${place.url}/api/v1/fleet/tiles`)
  await page.getByRole('button', { name: 'I have stored it' }).click()
  await sees(page.getByTestId('api-token-monitoring'), 'Open')
  return secret
}

async function reads({ page, place }: Stage) {
  await page.goto(`${place.url}/settings/api?q=post%20hosts`)
  const orders = page.getByText('/hosts/{agent}/orders', { exact: true })
  await orders.click()
  await sees(page.getByRole('main'), 'If-Match')
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'OpenAPI document' }).click()
  const file = await (await download).path()
  const document = JSON.parse(readFileSync(file, 'utf8')) as { openapi: string }
  assert.equal(document.openapi, '3.1.0')
}

async function about({ page, place }: Stage) {
  await page.goto(`${place.url}/settings/about`)
  await sees(page.getByTestId('fleet-fingerprint'), 'SHA256:')
  await sees(page.getByRole('main'), place.url)
  await page.getByTestId('show-licences').click()
  await sees(page.getByRole('table', { name: 'Shipped packages' }), 'react')
}
