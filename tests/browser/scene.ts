// One test: a place, a browser, and what happens when it fails. Everything that ran is ended, whatever happened.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Place } from './place'
import { Browser, type Page, type Window } from './window'

export interface Stage extends Window {
  place: Place
  browser: Browser
  page: Page
  /** Another person's, or the same one's at another machine. */
  another: () => Promise<Window>
}

/** Fails when it has not come to its end after `withinMs`. `host`: by what name the coordinator is called. */
export function scene(
  name: string,
  withinMs: number,
  play: (stage: Stage) => Promise<void>,
  { host = '127.0.0.1' }: { host?: '127.0.0.1' | 'localhost' } = {},
): void {
  test(name, { timeout: withinMs }, async () => {
    const place = await Place.make(host)
    const browser = await Browser.launch()
    try {
      const window = await browser.open(place.url)
      try {
        await place.coordinator()
        await play({ ...window, place, browser, another: () => browser.open(place.url) })
        assert.deepEqual(browser.trouble, [], 'the browser had nothing to complain about')
      } catch (error) {
        console.error(await browser.pictures(name))
        console.error(place.lastWords())
        throw error
      }
    } finally {
      await browser.close()
      await place.end()
    }
  })
}
