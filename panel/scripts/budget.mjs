// What the first page loads, gzipped: index.html, its scripts, what those import at once, its styles, and the chunk of the
// fleet page, which is where one arrives.
// Fails above the budget (DESIGN §10: 260 kB).
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'

const BUDGET_BYTES = 260_000
const dist = resolve(dirname(new URL(import.meta.url).pathname), '../dist')

let html
try {
  html = readFileSync(join(dist, 'index.html'), 'utf8')
} catch {
  console.error('There is no dist/index.html: run `npm run build` first.')
  process.exit(1)
}

const first = new Set()
/** A script and, through its static imports, all that the browser must have before it runs. */
function visit(path) {
  if (first.has(path)) return
  first.add(path)
  if (!path.endsWith('.js')) return
  const text = readFileSync(join(dist, path), 'utf8')
  for (const [, from] of text.matchAll(
    /(?:^|[;}\s])(?:import|export)\s*(?:[\w${},*\s]*?\bfrom\s*)?["'](\.[^"']+\.js)["']/g,
  )) {
    visit(join(dirname(path), from))
  }
}
for (const [, path] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)) visit(path)
for (const file of readdirSync(join(dist, 'assets'))) {
  if (/^(FleetPage|PendingHosts)-.*\.(js|css)$/.test(file)) visit(`assets/${file}`)
}

let total = 0
const rows = [['index.html', gzipSync(html, { level: 9 }).length]]
for (const path of first) rows.push([path, gzipSync(readFileSync(join(dist, path)), { level: 9 }).length])
for (const [path, bytes] of rows.sort((a, b) => b[1] - a[1])) {
  total += bytes
  console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${path}`)
}
console.log(
  `${(total / 1000).toFixed(1).padStart(8)} kB  first load, gzipped (budget ${BUDGET_BYTES / 1000} kB)`,
)
if (total > BUDGET_BYTES) process.exit(1)
