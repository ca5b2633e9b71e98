// Writes src/pages/settings/licences.gen.json: every package that is shipped inside the programs or the panel, with its
// licence, and the texts of our own. Run it when a dependency changes; test/pages/about.test.tsx says when that was forgotten.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const panel = resolve(dirname(new URL(import.meta.url).pathname), '..')
const SHIPPED = ['restic-manager-agent', 'restic-manager-coordinator']

/** What the two programs are built of: no tests, no build scripts. */
function crates() {
  const asked = ['metadata', '--format-version', '1', '--locked']
  const text = execFileSync('cargo', asked, { cwd: resolve(panel, '..'), maxBuffer: 1 << 28 })
  const { packages, resolve: graph } = JSON.parse(text)
  const byId = new Map(packages.map((one) => [one.id, one]))
  const nodes = new Map(graph.nodes.map((one) => [one.id, one]))
  const reached = new Set()
  const visit = (id) => {
    if (reached.has(id)) return
    reached.add(id)
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind === null)) visit(pkg)
    }
  }
  for (const one of packages) if (SHIPPED.includes(one.name)) visit(one.id)
  return [...reached].map((id) => byId.get(id)).filter(({ source }) => source !== null)
}

/** What the panel is built of: production packages of the lock file. */
function modules() {
  const lock = JSON.parse(readFileSync(join(panel, 'package-lock.json'), 'utf8'))
  return Object.entries(lock.packages)
    .filter(([path, one]) => path !== '' && !one.dev && !one.devOptional && !one.optional)
    .map(([path, { version, license }]) => ({ name: path.split('node_modules/').at(-1), version, license }))
}

const rows = (all) =>
  all
    .map(({ name, version, license }) => [name, version, license ?? 'see its repository'])
    .sort(([a, x], [b, y]) => a.localeCompare(b, 'en') || x.localeCompare(y, 'en'))

const lines = (all) =>
  rows(all)
    .map((row) => `    ${JSON.stringify(row)}`)
    .join(',\n')
const path = join(panel, 'src/pages/settings/licences.gen.json')
const own = (name) => JSON.stringify(readFileSync(resolve(panel, '..', name), 'utf8'))
const parts = [
  `  "mit": ${own('LICENSE-MIT')}`,
  `  "apache": ${own('LICENSE-APACHE')}`,
  `  "crates": [\n${lines(crates())}\n  ]`,
  `  "packages": [\n${lines(modules())}\n  ]`,
]
writeFileSync(path, `{\n${parts.join(',\n')}\n}\n`)
console.log(`wrote ${path}`)
