// The panel for everybody: each page by axe in both themes and two widths, no page wider than a small phone, everything by
// the keyboard with the focus in sight, a title per page.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AxeResults, RunOptions } from 'axe-core'
import { admitHost, announce, askApi, foundFleet, introduce, invite, kitWords } from './person'
import { ROOT } from './place'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const AXE = readFileSync(
  createRequire(join(ROOT, 'panel/package.json')).resolve('axe-core/axe.min.js'),
  'utf8',
)
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const WIDTHS = [1440, 390] as const
const SMALLEST = 360

/** A page, and what is to be read once it is whole. */
type Stop = readonly [path: string, title: RegExp, whole: RegExp]

scene('every page, for everybody', 320_000, async (stage) => {
  const { page, place } = stage
  await atTheDoor(stage)
  const { agent } = await admitHost(stage, place.files())
  place.agent()
  await sees(page.getByTestId('arrival-snapshot'), /^done:/, 60_000)
  await page.goto(`${place.url}/add`)
  const waiting = await announceAnother(stage)
  const job = await newestJob(page, place.url, agent)
  const snapshot = await onlySnapshot(page, agent)

  const host = `/hosts/${agent}`
  const stops: Stop[] = [
    ['/', /Fleet/, /1 host/],
    ['/?q=nobody', /Fleet/, /No host matches/],
    ['/add', /Add host/, /enrol/],
    ['/add/token', /with a token/, /Make the token/],
    ['/tokens', /Tokens/, /No token yet/],
    ['/templates', /Templates/, /No template yet/],
    [`/pending/${waiting}`, /Approve/, /Compare the fingerprint/],
    [`${host}/arrival`, /arriv/i, /It is backed up/],
    [`${host}/snapshots`, /^Snapshots · /, /1 snapshot/],
    [`${host}/snapshots?find=letter`, /^Snapshots · /, /letter 7\.txt/],
    [`${host}/restore/main/${snapshot}`, /Restore/, /What comes back[\s\S]*tmp/],
    [`${host}/groups?edit=default`, /^Groups · /, /Paths to back up/],
    [`${host}/groups?edit=*`, /^Groups · /, /Time limit of each/],
    [`${host}/history`, /^History · /, /Destination/],
    [`${host}/schedules?edit=daily`, /^Schedules · /, /Spread/],
    [`${host}/repository`, /^Repository · /, /repository/i],
    [`${host}/jobs`, /^Jobs · /, /Backup/],
    [`${host}/settings`, /^Settings · /, /fingerprint/i],
    [job, /^Backup of default · /, /Log/],
    ['/account', /Account/, /this one/],
    ['/settings/people?disabled=true', /^People · Settings/, /ada/],
    ['/settings/people/1', /^ada/, /This is you/],
    ['/settings/keys', /^Operator keys · Settings/, /is approved: it may sign as admin/],
    ['/settings/tokens', /^API tokens · Settings/, /No API token yet/],
    ['/settings/api?q=templates', /^API · Settings/, /\/templates\/\{name\}/],
    ['/settings/recovery', /Recovery/, /Check the recovery kit/],
    ['/settings/about', /^About · Settings/, /SHA256:/],
    ['/audit', /Audit/, /Chain verified up to/],
    ['/nowhere', /no such page/i, /no such page/i],
  ]
  for (const stop of stops) await visit(stage, stop)
  await keyboard(stage)
  await tabsThrough(stage, waiting)
})

/** The pages that one sees before there is anybody, and without a session. */
async function atTheDoor(stage: Stage) {
  const { page, place } = stage
  await page.goto(await place.setupLink())
  await introduce(page)
  await axeCanFail(page)
  await look(stage, 'first start')
  await page.getByRole('button', { name: 'Go on to the recovery kit' }).click()
  await kitWords(page)
  await look(stage, 'recovery kit')
  await page.getByRole('button', { name: 'I have stored them' }).click()
  await page.locator('[data-testid^="word-"]').first().waitFor()
  await look(stage, 'three words back')
  await foundFleet(stage)
  await look(stage, 'empty fleet')
  const stranger = await stage.another()
  await stranger.page.goto(place.url)
  await sees(stranger.page.getByRole('main'), 'Sign in')
  await look({ ...stage, page: stranger.page }, 'sign in')
  await stranger.page.goto(await invite(page, { name: 'grace', role: 'viewer' }))
  await sees(stranger.page.getByRole('main'), 'Welcome, grace')
  await look({ ...stage, page: stranger.page }, 'setup link')
  await stranger.page.goto(`${place.url}/sso/callback?error=access_denied`)
  await sees(stranger.page.getByRole('main'), 'Back to signing in')
  await look({ ...stage, page: stranger.page }, 'back from a provider')
  await stranger.context.close()
}

async function announceAnother(stage: Stage): Promise<string> {
  await announce(stage, 'another')
  return stage.page.url().split('/').at(-1) ?? ''
}

async function newestJob(page: Page, site: string, agent: string): Promise<string> {
  await page.goto(`${site}/hosts/${agent}/jobs?kind=backup`)
  const link = page.getByRole('table', { name: 'Jobs' }).getByRole('link').first()
  return (await link.getAttribute('href')) ?? ''
}

async function onlySnapshot(page: Page, agent: string): Promise<string> {
  const rows = (await askApi(page, 'GET', `/hosts/${agent}/snapshots`)) as {
    items: { snapshot: { id: string } }[]
  }
  return rows.items[0]?.snapshot.id ?? ''
}

async function visit(stage: Stage, [path, title, whole]: Stop) {
  const { page, place } = stage
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(place.url + path)
  await sees(page.getByRole('main'), whole)
  await until(
    `the title of ${path}`,
    () => page.title(),
    (seen) => title.test(seen),
    5_000,
  )
  await look(stage, path)
}

/** axe in both themes and widths, and nothing that sticks out at the smallest. */
async function look({ page }: Pick<Stage, 'page'>, name: string) {
  for (const theme of ['dark', 'light']) {
    await useTheme(page, theme)
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 })
      assert.deepEqual(await violations(page), [], `${name}, ${theme}, ${width} px`)
    }
  }
  await useTheme(page, 'dark')
  await page.setViewportSize({ width: SMALLEST, height: 780 })
  const beyond = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  await until(`${name} is no wider than ${SMALLEST} px`, beyond, (pixels) => pixels <= 0, 2_000)
  await page.setViewportSize({ width: 1440, height: 900 })
}

/** By the switch, as a person does it. */
async function useTheme(page: Page, theme: string) {
  const button = page.getByRole('button', { name: `Use the ${theme} theme` })
  if (await button.isVisible()) await button.click()
  const scheme = () => page.evaluate(() => document.documentElement.getAttribute('data-mantine-color-scheme'))
  await until(`the ${theme} theme`, scheme, (seen) => seen === theme)
}

/** Through the devtools' door: the page's own policy lets no foreign script in, and that is as it should be. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const options: RunOptions = { runOnly: { type: 'tag', values: STANDARDS }, resultTypes: ['violations'] }
  const results = await page.evaluate(
    (wanted) =>
      (globalThis as unknown as { axe: { run: (o: unknown) => Promise<AxeResults> } }).axe.run(wanted),
    options,
  )
  return results.violations.map(({ id, nodes }) => {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(' ')}: ${node.failureSummary ?? ''}`)
    return `${id} ${where.join(' | ')}`
  })
}

/** A check that finds nothing is worth something only where it finds what is there. */
async function axeCanFail(page: Page) {
  await page.evaluate(() => document.querySelector('main')?.append(document.createElement('img')))
  assert.match((await violations(page)).join(), /^image-alt /)
  await page.evaluate(() => document.querySelector('main > img')?.remove())
}

async function keyboard({ page, place }: Stage) {
  await page.goto(`${place.url}/tokens`)
  await page.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('f')
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor()
  await page.getByRole('searchbox').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('nobody')
  await page.waitForURL('**/?q=nobody')
  await page.keyboard.type('?')
  assert.equal(await page.getByRole('dialog').count(), 0, 'a question mark in a field is a question mark')
  await page.getByRole('searchbox').fill('')
  await page.getByRole('searchbox').blur()
  await page.keyboard.press('?')
  await sees(page.getByRole('dialog', { name: 'Keyboard' }), 'Search')
  assert.deepEqual(await violations(page), [], 'the list of keys')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor({ state: 'detached' })
  await page.goto(`${place.url}/tokens`)
  await page.getByRole('heading', { name: 'Tokens', level: 1 }).waitFor()
  await page.keyboard.press('/')
  await page.waitForURL('**/#search')
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('type') ?? '')
  await until('the search has the focus', focused, (type) => type === 'search')
}

/** Tab alone reaches every control of the approval, and each shows that it has the focus. */
async function tabsThrough({ page, place }: Stage, waiting: string) {
  await page.goto(`${place.url}/pending/${waiting}`)
  await page.getByTestId('approve').waitFor()
  const wanted = await page.evaluate(numberStops)
  assert.ok(wanted > 12, `the approval has ${wanted} controls`)
  const reached = new Set<string>()
  const unseen: string[] = []
  for (let presses = 0; presses < wanted + 30 && reached.size < wanted; presses += 1) {
    await page.keyboard.press('Tab')
    const { stop, what, inSight, shown } = await page.evaluate(focusedNow)
    if (stop === null) continue
    reached.add(stop)
    if (!inSight) unseen.push(`${what}: out of sight`)
    if (!shown) unseen.push(`${what}: looks as it does without the focus`)
  }
  assert.equal(reached.size, wanted, 'tab reaches everything')
  assert.deepEqual(unseen, [], 'the focus is seen')
}

/** Runs in the page: numbers what Tab should reach, and notes how each looks without the focus. */
function numberStops(): number {
  const all = document.querySelectorAll<HTMLElement>(
    'main :is(a[href], button, input, textarea, select, [tabindex="0"])',
  )
  const reachable = [...all].filter(
    (one) => one.offsetParent !== null && one.tabIndex >= 0 && !(one as HTMLButtonElement).disabled,
  )
  for (const [n, one] of reachable.entries()) {
    one.dataset.stop = String(n)
    // A frame around the input, or the drawn box beside a hidden one, may be what shows it.
    const around = [one, one.parentElement, one.parentElement?.parentElement, one.nextElementSibling]
    one.dataset.looks = around
      .map((part) => {
        if (part == null) return ''
        const { outline, boxShadow, borderColor } = getComputedStyle(part)
        return `${outline} ${boxShadow} ${borderColor}`
      })
      .join()
  }
  return reachable.length
}

/** Runs in the page: what has the focus, whether it is in sight, and whether it looks otherwise than without. */
function focusedNow() {
  const one = document.activeElement as HTMLElement
  const box = one.getBoundingClientRect()
  const around = [one, one.parentElement, one.parentElement?.parentElement, one.nextElementSibling]
  const looks = around
    .map((part) => {
      if (part == null) return ''
      const { outline, boxShadow, borderColor } = getComputedStyle(part)
      return `${outline} ${boxShadow} ${borderColor}`
    })
    .join()
  return {
    stop: one.dataset.stop ?? null,
    what: `${one.tagName} ${one.getAttribute('aria-label') ?? one.getAttribute('name') ?? one.innerText.slice(0, 30)}`,
    inSight: box.bottom > 0 && box.top < innerHeight,
    shown: looks !== one.dataset.looks,
  }
}
