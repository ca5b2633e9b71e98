// What a person does, page by page, so that each test tells only its own part of the story. Finds things by what is to be
// read: roles, labels, words.

import type { Stage } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

export const ADA = { user: 'ada', password: 'correct horse battery' } as const

/** The first admin, with a new fleet. Gives the kit's 24 words, in order. */
export async function foundFleet({ page, place }: Pick<Stage, 'page' | 'place'>): Promise<string[]> {
  // Away from the link first: only its # differs, and that alone loads nothing anew.
  await page.goto('about:blank')
  await page.goto(await place.setupLink())
  await introduce(page)
  await page.getByRole('button', { name: 'Go on to the recovery kit' }).click()
  const words = await kitWords(page)
  await page.getByRole('button', { name: 'I have stored them' }).click()
  await typeBack(page, words)
  await page.getByRole('button', { name: 'Found the fleet' }).click()
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  return words
}

/** Fills the first step of the first start. */
export async function introduce(page: Page): Promise<void> {
  await page.getByLabel('User name').fill(ADA.user)
  await page.getByLabel('Password', { exact: false }).first().fill(ADA.password)
  await page.getByLabel('Password again').fill(ADA.password)
}

export async function kitWords(page: Page): Promise<string[]> {
  const items = page.getByTestId('kit-words').getByRole('listitem')
  await items.first().waitFor()
  return (await items.allInnerTexts()).map((text) => text.trim().split(/\s+/).at(-1) ?? '')
}

/** Types the words that are asked for. */
export async function typeBack(page: Page, words: readonly string[]): Promise<void> {
  for (const label of await askedPlaces(page)) {
    await page.getByTestId(`word-${label}`).fill(words[label - 1] ?? '')
  }
}

export async function askedPlaces(page: Page): Promise<number[]> {
  const inputs = page.locator('[data-testid^="word-"]')
  await inputs.first().waitFor()
  const ids = await inputs.evaluateAll((all) => all.map((input) => input.getAttribute('data-testid') ?? ''))
  return ids.map((id) => Number(id.slice('word-'.length)))
}

export async function signIn(page: Page, password: string = ADA.password): Promise<void> {
  await page.getByLabel('User name').fill(ADA.user)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

export async function signOut(page: Page): Promise<void> {
  await page.getByTestId('account').click()
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.waitForURL('**/sign-in')
}

export async function openAccount(page: Page): Promise<void> {
  await page.getByTestId('account').click()
  await page.getByRole('button', { name: 'Account', exact: true }).click()
  await page.getByTestId('who').waitFor()
}

/** What a page of its own does elsewhere: asked of the API as whoever is signed in. */
export async function askApi(page: Page, method: string, path: string, body?: unknown): Promise<unknown> {
  return await page.evaluate(
    async ([verb, at, sent]) => {
      const answer = await fetch(`/api/v1${at}`, {
        method: verb,
        headers: { 'content-type': 'application/json' },
        body: sent === undefined ? null : JSON.stringify(sent),
      })
      if (!answer.ok) throw new Error(`${verb} ${at}: ${answer.status} ${await answer.text()}`)
      return answer.status === 204 ? null : ((await answer.json()) as unknown)
    },
    [method, path, body] as const,
  )
}

/** Gives the setup link. */
export async function invite(page: Page, who: { name: string; role: string }): Promise<string> {
  const { link } = (await askApi(page, 'POST', '/people', who)) as { link: string }
  return link
}

/** The enrol command as the page shows it. */
export async function shownCommand(page: Page): Promise<string> {
  return await sees(page.getByTestId('enrol-command').locator('code'), 'enrol')
}

/** Runs the shown command and opens the approval of the host that appears. Gives its banner. */
export async function announce(
  { page, place }: Stage,
  name = 'agent',
): Promise<{ banner: string; ended: Promise<number | null> }> {
  const program = place.enrol(await shownCommand(page), name)
  await page.getByTestId('pending').getByRole('link', { name: 'Compare and approve' }).click()
  await page.getByTestId('host-fingerprint').waitFor()
  const banner = await until(
    'the host shows its fingerprint',
    () => program.printed(),
    (text) => text.includes('Waiting to be approved'),
  )
  return { banner, ended: program.wait() }
}

/** The fingerprint of the host itself, out of what its terminal shows. */
export function hostFingerprint(banner: string): string {
  // The host's own comes first, the fleet's after it.
  return banner.match(/SHA256:[0-9A-Fa-f-]+/)?.[0] ?? ''
}

export async function choose(page: Page, field: string, option: string | RegExp): Promise<void> {
  await page
    .getByRole('textbox', { name: field })
    .or(page.getByRole('combobox', { name: field }))
    .first()
    .click()
  await page.getByRole('option', { name: option }).click()
}

/** The form of a repository in a directory of the host, and what to back up. Gives the password that was made. */
export async function localStart(page: Page, repository: string, files: string): Promise<string> {
  await choose(page, 'Where the backups go', 'Directory or mount of the host')
  await page.locator('input[name="path"]').fill(repository)
  await page.getByTestId('start-paths').fill(files)
  return await page.locator('input[name="repository-password"]').inputValue()
}

/** The same, at a REST server. */
async function restStart(page: Page, address: string, files: string): Promise<string> {
  await choose(page, 'Where the backups go', 'REST server')
  await page.locator('input[name="url"]').fill(address)
  await page.locator('input[name="path"]').fill('web')
  await page.getByTestId('start-paths').fill(files)
  return await page.locator('input[name="repository-password"]').inputValue()
}

interface Admitting {
  /** Also the directory of its data; the first host is `agent`. */
  name?: string
  repository?: string
  /** The address of a REST server that asks for no login, instead of a directory; the path below it is `web`. */
  rest?: string
  runNow?: boolean
}

/**
 * From an empty fleet, or the page that adds hosts, to a member with a plan: what most tests begin with. Ends on the
 * arrival page.
 */
export async function admitHost(
  stage: Stage,
  files: string,
  { name, repository = stage.place.repository, rest, runNow = true }: Admitting = {},
): Promise<{ agent: string; password: string }> {
  const { page } = stage
  const { banner, ended } = await announce(stage, name)
  await page.getByLabel('Or paste what the terminal shows').fill(hostFingerprint(banner))
  await page.getByText('They are the same').waitFor()
  if (name !== undefined) await page.locator('input[name="host-name"]').fill(name)
  const password =
    rest === undefined ? await localStart(page, repository, files) : await restStart(page, rest, files)
  if (!runNow) await page.getByLabel('Back up at once').uncheck()
  await page.getByTestId('approve').click()
  await page.waitForURL('**/arrival')
  await ended
  return { agent: page.url().split('/').at(-2) ?? '', password }
}

export async function tab(page: Page, name: string): Promise<void> {
  await page
    .getByRole('navigation', { name: /^Parts of/ })
    .getByRole('link', { name })
    .click()
}

/** Signs and saves the open edit, and waits for the host's answer. */
export async function savePlan(page: Page): Promise<void> {
  await page.getByTestId('save-plan').click()
  await page
    .getByText(/^Saved as revision/)
    .first()
    .waitFor()
}
