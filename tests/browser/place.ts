// A directory and a port of one test's own, and the real programs in it: coordinator, agent, restic, rest-server. Knows
// processes and files; must not know the browser.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './wait'

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const BUILT = join(ROOT, 'target', process.env.RM_PROFILE === 'release' ? 'release' : 'debug')
const RIG = join(ROOT, '.rig/bin')
const ARCH = process.arch === 'arm64' ? 'aarch64' : 'x86_64'

/** What runs now; whoever ends this process early ends them too. */
const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) killGroup(child)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** A child whose output is kept, and that never outlives the test. */
export class Program {
  readonly log: string
  private readonly child: ChildProcess
  private readonly ended: Promise<unknown>

  constructor(command: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv = {}) {
    this.log = log
    const out = openSync(log, 'a')
    // A group of its own: what it starts ends with it.
    const options = { detached: true, env: { ...process.env, ...env } }
    this.child = spawn(command, args, { ...options, stdio: ['ignore', out, out] })
    closeSync(out)
    alive.add(this.child)
    this.ended = once(this.child, 'exit').then(() => alive.delete(this.child))
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Everything that was printed, over all lives that share the log. */
  printed(): string {
    return readFileSync(this.log, 'utf8')
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  async wait(): Promise<number | null> {
    await this.ended
    return this.child.exitCode
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.over) this.child.kill(signal)
    await this.ended
  }

  /** With everything that it started. */
  async end(): Promise<void> {
    killGroup(this.child)
    await this.ended
  }
}

function killGroup({ pid }: ChildProcess) {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Gone already, as it should be.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'rm-browser-'))
  readonly coordinatorDir = join(this.dir, 'coordinator')
  readonly repository = join(this.dir, 'repository')
  private readonly programs: Program[] = []
  private serving: Program | null = null
  private constructor(
    readonly port: number,
    private readonly host: string,
  ) {}

  static async make(host = '127.0.0.1'): Promise<Place> {
    return new Place(await freePort(), host)
  }

  get url(): string {
    return `http://${this.host}:${this.port}`
  }

  private start(command: string, args: readonly string[], log: string, env?: NodeJS.ProcessEnv): Program {
    const program = new Program(command, args, join(this.dir, log), env)
    this.programs.push(program)
    return program
  }

  /** Starts the coordinator and waits until it answers. */
  async coordinator(): Promise<Program> {
    const { port, url } = this
    const serve = [
      'serve',
      '--data',
      this.coordinatorDir,
      '--listen',
      `127.0.0.1:${port}`,
      '--public-url',
      url,
    ]
    const offered = ['--agent-binary', `${ARCH}=${built('restic-manager-agent')}`]
    const program = this.start(built('restic-manager-coordinator'), [...serve, ...offered], 'coordinator.log')
    await until(
      'the coordinator answers',
      async () => {
        if (program.over) throw new Error(`it ended:\n${program.printed().slice(-2_000)}`)
        return (await fetch(`${url}/healthz`)).status
      },
      (status) => status === 200,
    )
    this.serving = program
    return program
  }

  /** What coordinator.toml says from now on: the coordinator reads it while it runs. */
  configure(toml: string): void {
    writeFileSync(join(this.coordinatorDir, 'coordinator.toml'), toml)
  }

  async stopCoordinator(): Promise<void> {
    await this.serving?.stop()
  }

  /** Its database is lost, its key file and configuration are not. */
  loseDatabase(): void {
    for (const name of readdirSync(this.coordinatorDir)) {
      if (name.startsWith('coordinator.db')) rmSync(join(this.coordinatorDir, name))
    }
  }

  /** The link that the coordinator printed last, as a person finds it. */
  setupLink(): Promise<string> {
    const link = () =>
      readFileSync(join(this.dir, 'coordinator.log'), 'utf8')
        .match(/http\S*\/setup#\S+/g)
        ?.at(-1) ?? ''
    return until('the setup link is printed', link, (found) => found !== '')
  }

  /** `more`: what agent.toml says besides, such as a policy. */
  agentDir(name = 'agent', more = ''): string {
    const dir = join(this.dir, name)
    if (!existsSync(dir)) {
      mkdirSync(dir, { recursive: true })
      const restic = newestRestic()
      writeFileSync(
        join(dir, 'agent.toml'),
        `settle_s = 1\n${restic === null ? '' : `restic = "${restic}"\n`}${more}`,
      )
    }
    return dir
  }

  agent(name = 'agent'): Program {
    // Restores go below it.
    const HOME = join(this.dir, 'home')
    mkdirSync(HOME, { recursive: true })
    const run = ['--data', this.agentDir(name), 'run']
    return this.start(built('restic-manager-agent'), run, `${name}.log`, { HOME })
  }

  /** Runs the enrol command just as the panel shows it, at a host whose data lie here. */
  enrol(shown: string, name = 'agent'): Program {
    const command = `${shown} --yes --data '${this.agentDir(name)}'`
    const path = `${BUILT}:${process.env.PATH ?? ''}`
    return this.start('/bin/sh', ['-c', command], `${name}-enrol.log`, { PATH: path })
  }

  /** A REST server that wants the login of this htpasswd line, with one path per user. */
  async restServer(htpasswd: string): Promise<{ url: string; program: Program }> {
    const port = await freePort()
    const file = join(this.dir, 'htpasswd')
    writeFileSync(file, `${htpasswd}\n`)
    const served = ['--path', join(this.dir, 'served'), '--listen', `127.0.0.1:${port}`]
    const guarded = ['--htpasswd-file', file, '--private-repos']
    const program = this.start(restServerBinary(), [...served, ...guarded], 'rest-server.log')
    const url = `http://127.0.0.1:${port}`
    await until(
      'the REST server answers',
      async () => (await fetch(url)).status,
      (status) => status === 401,
    )
    return { url, program }
  }

  /** The same repositories at two addresses, without logins: at one of them they can only be added to. */
  async restServers(): Promise<{ appendOnly: string; whole: string }> {
    const serve = async (...more: string[]) => {
      const port = await freePort()
      const served = ['--path', join(this.dir, 'served'), '--listen', `127.0.0.1:${port}`, '--no-auth']
      this.start(restServerBinary(), [...served, ...more], `rest-server-${port}.log`)
      const url = `http://127.0.0.1:${port}`
      await until(
        'the REST server answers',
        async () => (await fetch(url)).status,
        (status) => status > 0,
      )
      return url
    }
    return { appendOnly: await serve('--append-only'), whole: await serve() }
  }

  /** Plain restic at the same machine, beside the agent. */
  async restic(args: readonly string[], password: string): Promise<void> {
    const env = { RESTIC_PASSWORD: password }
    const program = this.start(newestRestic() ?? 'restic', ['--no-cache', ...args], 'restic.log', env)
    const code = await program.wait()
    if (code !== 0) throw new Error(`restic ended with ${code}:\n${program.printed()}`)
  }

  /** A lock on the repository whose process died on another machine: restic's own, under another host name. */
  async abandonedLock(hostname: string, password: string): Promise<void> {
    const restic = newestRestic() ?? 'restic'
    const hold = `hostname ${hostname} && sleep 600 | '${restic}' -r '${this.repository}' --no-cache backup --stdin -v`
    const env = { RESTIC_PASSWORD: password }
    const apart = ['--map-root-user', '--uts', 'sh', '-c', hold]
    const program = this.start('unshare', apart, 'abandoned.log', env)
    // Others may hold locks as well: only this one's own word counts.
    await until(
      'restic has its lock',
      () => program.printed(),
      (text) => text.includes('start backup'),
    )
    await program.end()
  }

  /** Small files to back up. */
  files(name = 'files'): string {
    const dir = join(this.dir, name)
    mkdirSync(dir, { recursive: true })
    for (let n = 0; n < 40; n += 1)
      writeFileSync(join(dir, `letter ${n}.txt`), `letter number ${n}\n`.repeat(n * 40))
    writeFileSync(join(dir, 'déjà vu.tmp'), 'left out once it is excluded\n')
    return dir
  }

  async end(): Promise<void> {
    // The agent before the coordinator: last started, first stopped.
    for (const program of this.programs.reverse()) await program.end()
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** The last words of everything that ran, for a failure's report. */
  lastWords(): string {
    return [...new Set(this.programs.map(({ log }) => log))]
      .map((log) => `--- ${log}\n${readFileSync(log, 'utf8').split('\n').slice(-15).join('\n')}`)
      .join('\n')
  }
}

function built(name: string): string {
  const path = join(BUILT, name)
  if (!existsSync(path))
    throw new Error(`${path} is not built: run \`cargo build --workspace --bins\` first.`)
  return path
}

/** The newest of the rig; without a rig the agent finds the system's own. */
function newestRestic(): string | null {
  const found = existsSync(RIG) ? readdirSync(RIG).filter((name) => name.startsWith('restic-')) : []
  const newest = found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  return newest === undefined ? null : join(RIG, newest)
}

function restServerBinary(): string {
  const rig = join(RIG, 'rest-server')
  return existsSync(rig) ? rig : 'rest-server'
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
