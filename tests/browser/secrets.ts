// What must never leave the browser, searched for in everything that did, and in everything the coordinator keeps: as it
// is, in base64 and hex, and inside the signed documents.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Stage } from './scene'

export interface Secrets {
  password: string
  /** The kit. */
  words: readonly string[]
  others?: readonly string[]
}

export async function assertNowhere(stage: Stage, { password, words, others = [] }: Secrets): Promise<void> {
  const posts = stage.sent.filter(({ method }) => method === 'POST')
  assert.ok(posts.length > 5, 'the search sees what was sent')
  const needles = [password, ...others].flatMap(spellings)
  for (const { method, url, headers, body } of stage.sent) {
    const where = `${method} ${url}`
    const all = withDocuments(`${url}\n${headers}\n${body}`)
    search(all, needles, where)
    const pair = twoWords(all, words)
    assert.equal(pair, null, `two words of the kit in ${where}`)
  }
  for (const file of filesBelow(stage.place.coordinatorDir))
    search(readFileSync(file, 'latin1'), needles, file)
  search(readFileSync(join(stage.place.dir, 'coordinator.log'), 'latin1'), needles, 'the coordinator’s log')
  const kept = await stage.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
  search(kept, needles, 'the browser’s storage')
  assert.equal(twoWords(kept, words), null, 'two words of the kit in the browser’s storage')
}

function search(text: string, needles: readonly string[], where: string) {
  for (const needle of needles) assert.ok(!text.includes(needle), `a secret stands in ${where}`)
}

function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // The ends of a base64 text depend on what stands around it; its middle does not, at one of three offsets.
  const middles = [0, 1, 2].map((skip) => bytes.subarray(skip, skip + 21).toString('base64url'))
  return [secret, encodeURIComponent(secret), bytes.toString('hex'), ...middles]
}

/** Signed documents travel as base64url within JSON; their text is what counts. */
function withDocuments(text: string): string {
  const documents = (text.match(/[\w-]{40,}/g) ?? []).map((piece) =>
    Buffer.from(piece, 'base64url').toString('latin1'),
  )
  return [text, ...documents].join('\n')
}

/** Single words of the kit are words like any other; two that follow each other are not. */
function twoWords(text: string, words: readonly string[]): string | null {
  const plain = ` ${text.toLowerCase().replaceAll(/[^a-z]+/g, ' ')} `
  const pairs = words.slice(1).map((word, n) => `${words[n]} ${word}`)
  return pairs.find((pair) => plain.includes(` ${pair} `)) ?? null
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
}
