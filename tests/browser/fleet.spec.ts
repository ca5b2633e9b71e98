// The fleet page with ten thousand hosts. What the API answers is played here, in its pages of 500; the page is real: it draws
// only what is in sight, reaches the last host, sorts, filters and finds again what is in its address, and stays quick.

import assert from 'node:assert/strict'
import { foundFleet } from './person'
import { type Stage, scene } from './scene'
import { until } from './wait'
import { type Page, sees } from './window'

const HOSTS = 10_000
const JUMPS = 25
/** Of script for a jump to a place where no row was drawn before; a busy machine takes a fifth of it. */
const SCRIPT_PER_JUMP_MS = 150

scene('ten thousand hosts', 180_000, async (stage) => {
  const { page } = stage
  await foundFleet(stage)
  await playHosts(page)
  await page.reload()
  await sees(page.getByRole('main'), '10,000 hosts')
  const table = page.getByRole('table', { name: 'Hosts' })
  assert.equal(await table.getAttribute('aria-rowcount'), String(HOSTS + 1))
  assert.equal(await page.getByTestId('host-host-00011').getByText('held', { exact: true }).count(), 1)
  await page
    .getByTestId('host-host-00007')
    .getByRole('img', { name: /^Stored size over the last 30 days/ })
    .waitFor()

  await reachTheEnd(page)
  await jumps(stage)

  await page.getByRole('button', { name: 'Name' }).click()
  await page.getByTestId('host-host-09999').waitFor()
  assert.match(page.url(), /sort=-name/)
  await page.getByRole('searchbox').fill('host-0042')
  await sees(page.getByRole('main'), '10 hosts match')
  await page.getByLabel('Only hosts with this tag').fill('berlin')
  await page.keyboard.press('Enter')
  await sees(page.getByRole('main'), '5 hosts match')
  assert.match(page.url(), /q=host-0042/)
  await page.reload()
  await sees(page.getByRole('main'), '5 hosts match')
  await page.getByRole('button', { name: 'Tag berlin: take this condition away' }).click()
  await sees(page.getByRole('main'), '10 hosts match')
})

function row(n: number) {
  const now = Date.now()
  return {
    agent: n.toString(16).padStart(64, '0'),
    name: `host-${String(n).padStart(5, '0')}`,
    tags: n % 2 === 0 ? ['berlin', 'web'] : ['oslo'],
    presence: (['online', 'offline', 'asleep'] as const)[n % 3],
    last_seen: now - n * 1_000,
    os: 'linux',
    arch: 'x86_64',
    agent_version: '0.1.0',
    behind: n % 7 === 0,
    last_backup: { job: `job-${n}`, state: (['succeeded', 'failed'] as const)[n % 2], at: now - n * 60_000 },
    next_run: now + n * 50_000,
    size_bytes: 10 ** (3 + (n % 9)),
    snapshots: n,
    repository: 'ready',
    active_jobs: 0,
    waiting_orders: 0,
    run_now: ['default'],
    trend: Array.from({ length: 30 }, (_, day) => (day * 3 + n) % 101),
    held: n % 11 === 0,
  }
}

async function playHosts(page: Page) {
  const all = Array.from({ length: HOSTS }, (_, n) => row(n))
  await page.route('**/api/v1/hosts?*', (route) => {
    const asked = new URL(route.request().url()).searchParams
    const tags = asked.getAll('tag')
    const found = all.filter(
      ({ name, tags: has }) => name.includes(asked.get('q') ?? '') && tags.every((tag) => has.includes(tag)),
    )
    if (asked.get('order') === 'desc') found.reverse()
    const [from, limit] = [Number(asked.get('cursor') ?? 0), Number(asked.get('limit'))]
    const next = from + limit < found.length ? String(from + limit) : null
    return route.fulfill({ json: { items: found.slice(from, from + limit), next, total: found.length } })
  })
  const counts = { succeeded: 1, incomplete: 0, failed: 0, other: 0 }
  const tiles = {
    hosts: HOSTS,
    online: 1,
    last_day: counts,
    protected_bytes: 1,
    snapshots: 1,
    behind: 0,
    pending: 0,
  }
  await page.route('**/api/v1/fleet/tiles', (route) => route.fulfill({ json: tiles }))
}

async function reachTheEnd(page: Page) {
  const last = page.getByTestId('host-host-09999')
  const further = async () => {
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight))
    return await last.count()
  }
  await until('the last host is reached', further, (count) => count === 1, 60_000)
  const drawn = await page.locator('tbody tr').count()
  assert.ok(drawn < 120, `of ten thousand rows ${drawn} are drawn`)
}

async function jumps({ page, context }: Stage) {
  const devtools = await context.newCDPSession(page)
  await devtools.send('Performance.enable')
  const script = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return 1_000 * (metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? Number.NaN)
  }
  const before = await script()
  for (let n = 0; n < JUMPS; n += 1) {
    await page.evaluate(
      (place) => {
        window.scrollTo(0, document.documentElement.scrollHeight * place)
        return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))
      },
      ((n * 7) % JUMPS) / JUMPS,
    )
  }
  const each = ((await script()) - before) / JUMPS
  assert.ok(each < SCRIPT_PER_JUMP_MS, `a jump takes ${each.toFixed(0)} ms of script`)
  await page.evaluate(() => window.scrollTo(0, 0))
}
