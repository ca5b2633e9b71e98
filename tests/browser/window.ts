// The real browser, watched: what it prints, what the content security policy refuses, what it sends. Knows playwright;
// must not know what is on the pages.

import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Playwright from 'playwright-core'
import { ROOT } from './place'
import { until } from './wait'

export type { Locator, Page } from 'playwright-core'

type Page = Playwright.Page

// The panel's packages lie beside the panel.
const fromPanel = createRequire(join(ROOT, 'panel/package.json'))
const { chromium } = fromPanel('playwright-core') as typeof Playwright

const RESULTS = join(ROOT, 'panel/test-results')
const PATIENCE_MS = 20_000

export interface Sent {
  method: string
  url: string
  headers: string
  body: string
}

/** One person's browser: its own cookies, keys and storage. */
export interface Window {
  context: Playwright.BrowserContext
  page: Page
  /** Everything that left the browser. */
  sent: Sent[]
  /** What should not have happened: errors in the console, refusals of the policy, requests elsewhere. */
  trouble: string[]
  tab: () => Promise<Page>
}

export class Browser {
  private readonly windows: Window[] = []
  /** Sites besides the panel that a page may go to, such as a provider that people sign in at. */
  readonly neighbours: string[] = []
  private constructor(private readonly browser: Playwright.Browser) {}

  static async launch(): Promise<Browser> {
    // In a container /dev/shm is too small for a page with large screenshots.
    const args = ['--no-sandbox', '--disable-dev-shm-usage']
    return new Browser(
      await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args }),
    )
  }

  async open(site: string): Promise<Window> {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'dark',
      reducedMotion: 'reduce',
      acceptDownloads: true,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    context.setDefaultTimeout(PATIENCE_MS)
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI}`),
      )
    })
    const window: Window = {
      context,
      page: await context.newPage(),
      sent: [],
      trouble: [],
      tab: () => context.newPage(),
    }
    const watch = (page: Page) => watchPage(page, site, window, this.neighbours)
    watch(window.page)
    context.on('page', watch)
    this.windows.push(window)
    return window
  }

  get trouble(): string[] {
    return this.windows.flatMap((window) => window.trouble)
  }

  /** A picture of every page, and the words of it, under the test's name. */
  async pictures(name: string): Promise<string> {
    mkdirSync(RESULTS, { recursive: true })
    const told: string[] = []
    for (const page of this.windows.flatMap(({ context }) => context.pages())) {
      const path = join(RESULTS, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${told.length + 1}.png`)
      try {
        await page.screenshot({ path, fullPage: true })
        told.push(`${page.url()} → ${path}\n${(await page.locator('body').innerText()).slice(0, 3_000)}`)
      } catch (error) {
        told.push(`${page.url()}: no picture (${String(error)})`)
      }
    }
    return told.join('\n')
  }

  async close(): Promise<void> {
    await this.browser.close()
  }
}

function watchPage(page: Page, site: string, { sent, trouble }: Window, neighbours: readonly string[]) {
  const isNeighbour = (url: string) => neighbours.some((one) => url.startsWith(one))
  page.on('request', (request) => {
    const headers = JSON.stringify(request.headers())
    sent.push({ method: request.method(), url: request.url(), headers, body: request.postData() ?? '' })
    const ours = request.url().startsWith(site) || isNeighbour(request.url())
    if (!ours && !/^(blob|data):/.test(request.url())) trouble.push(`a request elsewhere: ${request.url()}`)
  })
  page.on('pageerror', (error) => trouble.push(`an error in the page: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return
    // What a neighbour's own page lacks is not ours to mend.
    if (isNeighbour(message.location().url)) return
    // What the API refuses is answered on the page; the browser's own note of it is no error of the page's.
    const refused =
      message.text().startsWith('Failed to load resource') && message.location().url.includes('/api/v1/')
    if (!refused) trouble.push(`${message.type()} in the console of ${page.url()}: ${message.text()}`)
  })
}

/** Waits until the text of what is meant matches; says what it was instead. */
export async function sees(
  where: Playwright.Locator,
  wanted: string | RegExp,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const matches = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text))
  return await until(
    `“${wanted}” is to be read`,
    () => where.innerText({ timeout: 1_000 }),
    matches,
    patienceMs,
  )
}
