// One's own account: another password, where one is signed in, a code generator with its recovery codes, a passkey, and
// the setup link of somebody invited.

import assert from 'node:assert/strict'
import { ADA, foundFleet, invite, openAccount, signIn, signOut } from './person'
import { type Stage, scene } from './scene'
import { Generator } from './totp'
import { until } from './wait'
import { type Locator, type Page, sees, type Window } from './window'

const NEW_PASSWORD = 'staple the horse to a battery'

scene('somebody minds their account', 180_000, async (stage) => {
  await foundFleet(stage)
  const other = await stage.another()
  await other.page.goto(stage.place.url)
  await signIn(other.page)
  await fleetIsThere(other.page)
  await passwordEndsOthers(stage, other)
  await sessionsAreEnded(stage, other)
  await codeGenerator(stage, other)
})

/** On http://localhost: browsers take passkeys over https, or on this very machine. */
scene(
  'somebody signs in with a passkey',
  120_000,
  async (stage) => {
    const { page } = stage
    await foundFleet(stage)
    await authenticator(stage)
    await openAccount(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name of the passkey').fill('the fingerprint')
    await dialog.getByLabel('Your password', { exact: true }).fill(ADA.password)
    await dialog.getByRole('button', { name: 'Make the passkey' }).click()
    await storeCodes(page)
    await sees(page.getByRole('list', { name: 'Your passkeys' }), 'the fingerprint')

    await signOut(page)
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await fleetIsThere(page)

    await signOut(page)
    await signIn(page)
    await page.getByRole('button', { name: 'Show the passkey' }).click()
    await fleetIsThere(page)

    await openAccount(page)
    await page.getByRole('button', { name: 'Remove the passkey the fingerprint' }).click()
    await page.getByRole('dialog').getByLabel('Your password', { exact: true }).fill(ADA.password)
    await page.getByRole('button', { name: 'Remove it' }).click()
    await page.getByText('The passkey is removed').waitFor()
    await signOut(page)
    await signIn(page)
    await fleetIsThere(page)
  },
  { host: 'localhost' },
)

scene('somebody invited comes in', 90_000, async (stage) => {
  await foundFleet(stage)
  const link = await invite(stage.page, { name: 'grace', role: 'viewer' })
  const { page } = await stage.another()
  await page.goto(link)
  await page.getByRole('heading', { name: 'Welcome, grace' }).waitFor()
  assert.equal(new URL(page.url()).hash, '', 'the token left the address')
  const [password, again] = [
    page.locator('input[name="new-password"]'),
    page.locator('input[name="new-password-again"]'),
  ]
  await password.fill('short')
  await page.getByRole('button', { name: 'Set the password and sign in' }).click()
  await sees(page.getByRole('main'), 'This has 5 characters, 12 are the least.')
  await password.fill(NEW_PASSWORD)
  await again.fill(NEW_PASSWORD)
  await page.getByRole('button', { name: 'Set the password and sign in' }).click()
  await fleetIsThere(page)
  await openAccount(page)
  await sees(page.getByTestId('who'), 'grace')
  await signOut(page)

  await page.goto('about:blank')
  await page.goto(link)
  await sees(page.getByRole('main'), /not valid any more/)
  await sees(page.getByRole('main'), 'Ask the admin who invited you for a new one')
})

/** From the next request on, whatever page one wanted leads to adding one; and then on to that page. */
scene('a role takes a second factor', 90_000, async (stage) => {
  const { page, place } = stage
  await foundFleet(stage)
  place.configure('[second_factor]\nrequired = ["admin"]\n')
  await until(
    'every page leads to the second factor',
    async () => {
      await page.goto(`${place.url}/tokens?sort=names`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      return new URL(page.url()).pathname
    },
    (path) => path === '/second-factor',
  )
  await page.getByRole('button', { name: 'Add a code generator' }).click()
  await addGenerator(page, page.getByRole('main'), ADA.password)
  await storeCodes(page)
  await page.waitForURL('**/tokens?sort=names')
  await page.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor()
  await openAccount(page)
  await sees(page.getByTestId('factors'), 'Your role takes one')
  const remove = page.getByRole('button', { name: 'Remove the code generator' })
  assert.equal(await remove.getAttribute('aria-disabled'), 'true', 'the last one stays')
})

const fleetIsThere = (page: Page) => page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()

async function passwordEndsOthers({ page }: Stage, other: Window) {
  await openAccount(page)
  await page.getByTestId('session-other').waitFor()
  const form = page.getByTestId('password')
  await form.locator('input[name="current-password"]').fill('not my password')
  await form.locator('input[name="new-password"]').fill(NEW_PASSWORD)
  await form.locator('input[name="new-password-again"]').fill(NEW_PASSWORD)
  await form.getByRole('button', { name: 'Change the password' }).click()
  await sees(form, 'This is not your current password.')
  await form.locator('input[name="current-password"]').fill(ADA.password)
  await form.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('The password is changed').waitFor()
  await page.getByTestId('session-other').waitFor({ state: 'detached' })
  // The other browser hears of it without being touched.
  await other.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
}

async function sessionsAreEnded({ page, place }: Stage, other: Window) {
  await other.page.goto(place.url)
  await signIn(other.page, NEW_PASSWORD)
  await fleetIsThere(other.page)
  await page.reload()
  await sees(page.getByTestId('session-this'), 'this one')
  await sees(page.getByTestId('session-other'), /Chromium on Linux[\s\S]*127\.0\.0\.1/)
  await page.getByTestId('session-other').getByRole('button').click()
  await page.getByTestId('session-other').waitFor({ state: 'detached' })
  await other.page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
}

async function codeGenerator({ page, place }: Stage, other: Window) {
  await page.getByRole('button', { name: 'Add a code generator' }).click()
  const generator = await addGenerator(page, page.getByRole('dialog'), NEW_PASSWORD)
  const [code = ''] = await storeCodes(page)
  await sees(page.getByTestId('factors'), '10 left')

  await other.page.goto(place.url)
  await signIn(other.page, NEW_PASSWORD)
  await other.page.getByLabel('Code').fill('000000')
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await sees(other.page.getByRole('alert'), /not a code that counts/)
  await other.page.getByLabel('Code').fill(generator.code())
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await fleetIsThere(other.page)

  await signOut(other.page)
  await signIn(other.page, NEW_PASSWORD)
  await other.page.getByRole('button', { name: 'Use a recovery code' }).click()
  await other.page.getByLabel('Recovery code').fill(code)
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await fleetIsThere(other.page)
  await openAccount(other.page)
  await sees(other.page.getByTestId('factors'), '9 left')
}

/** From the password to the first code that fits. */
async function addGenerator(page: Page, form: Locator, password: string): Promise<Generator> {
  await form.getByLabel('Your password', { exact: true }).fill(password)
  await form.getByRole('button', { name: 'Show the QR code' }).click()
  const generator = new Generator(await page.getByTestId('totp-secret').locator('code').innerText())
  await form.getByRole('img', { name: /QR code/ }).waitFor()
  await form.getByLabel('The code that it shows now').fill('12')
  await form.getByRole('button', { name: 'Add the code generator' }).click()
  await sees(form, 'This code does not fit')
  await form.getByLabel('The code that it shows now').fill(generator.code())
  await form.getByRole('button', { name: 'Add the code generator' }).click()
  return generator
}

/** The codes that are shown this once. */
async function storeCodes(page: Page): Promise<string[]> {
  const items = page.getByTestId('recovery-codes').getByRole('listitem')
  await items.first().waitFor()
  const codes = await items.allInnerTexts()
  assert.equal(new Set(codes).size, 10)
  await page.getByRole('button', { name: 'I have stored them' }).click()
  await page.getByTestId('recovery-codes').waitFor({ state: 'detached' })
  return codes
}

/** A device that makes passkeys and unlocks them by itself. */
async function authenticator({ page, context }: Stage) {
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}
