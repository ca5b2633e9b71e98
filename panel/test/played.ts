// A coordinator and the agents behind it, as far as plans, previews and templates go. What is posted is opened and checked
// as an agent would; what it answers, each test says.

import type { WholeHost } from '../src/api/queries'
import type {
  HostView,
  JobView,
  MaintenanceView,
  NumbersAt,
  Order,
  OrderView,
  Outcome,
  Plan,
  PlanProblem,
  PlanRevisionView,
  PlanView,
  SecretView,
  SignedDocument,
  SnapshotRow,
  TemplateView,
} from '../src/api/types.gen'
import { isSigned } from '../src/model/orders'
import { open } from '../src/seal/signed'
import type { Fleet } from './fleet'

type Routine = Extract<
  Order['action'],
  {
    do:
      | 'dry_run'
      | 'preview_retention'
      | 'run'
      | 'cancel'
      | 'maintain'
      | 'unlock'
      | 'probe'
      | 'refresh'
      | 'copy'
  }
>

/** One agent: its plan, what it answers, what it was asked. */
export class PlayedHost {
  revision = 4
  secrets: SecretView[] = []
  readOnly: string | null = null
  fileProblems: PlanView['file_problems'] = []
  history: PlanRevisionView[] = []
  /** By where its record stands. */
  past = new Map<string, Plan>()
  orders: OrderView[] = []
  readonly posted: Order[] = []
  readonly routine: Routine[] = []
  readonly jobs = new Map<string, JobView>()
  maintenance: MaintenanceView[] = []
  snapshots: SnapshotRow[] = []
  points: NumbersAt[] = []
  /** What the agent answers; `null`: the host is absent. */
  answer: ((order: Order) => Outcome) | null = (order) => this.apply(order)
  /** What it answers to the coordinator's own orders, when it does not simply work. */
  routineAnswer: Outcome | null = null
  /** The job that an order for work becomes. */
  found: ((action: Routine) => Partial<JobView>) | null = null
  #begun = 0

  constructor(
    readonly view: WholeHost,
    public plan: Plan,
  ) {}

  apply({ action }: Order): Outcome {
    if (isWork(action)) return this.#work(action)
    if (action.do !== 'set_plan') throw new Error('only plans and work are played')
    if (action.base_revision !== this.revision) {
      return { outcome: 'refused', code: 'stale_revision', message: 'The plan moved on.', hint: 'Look.' }
    }
    this.plan = action.plan
    this.revision += 1
    return { outcome: 'accepted', jobs: [], revision: this.revision }
  }

  get planView(): PlanView {
    return {
      revision: this.revision,
      plan: this.plan,
      changed_by: 'bob',
      changed_at: 1,
      seal: '',
      secrets: this.secrets,
      warnings: [],
      read_only: this.readOnly,
      file_problems: this.fileProblems,
    }
  }

  takeGrave(fleet: Fleet, grave: SignedDocument): OrderView {
    const { document, by } = open('order', grave)
    if (by !== fleet.device) throw new Error('signed by another key')
    this.posted.push(document)
    const outcome = this.answer?.(document) ?? null
    return this.#keep(document.id, document.action.do, document.person, outcome)
  }

  takeRoutine(action: Routine): OrderView {
    // As wire's `Action::class`: the host would refuse it.
    if (isSigned(action)) throw new Error(`${action.do} wants an operator's signature`)
    this.routine.push(action)
    const outcome = this.routineAnswer ?? this.#work(action)
    return this.#keep(`routine-${this.routine.length}`, action.do, 'ann', outcome)
  }

  #work(action: Routine): Outcome {
    this.#begun += 1
    const job = `job-${this.#begun}`
    if (this.found !== null) this.jobs.set(job, jobView(this.view, job, action, this.found(action)))
    return { outcome: 'accepted', jobs: [job], revision: null }
  }

  #keep(order: string, action: string, person: string, outcome: Outcome | null): OrderView {
    const agent = this.view.binding.id
    const state = outcome === null ? 'waiting' : 'answered'
    const times = { issued_at: 1, expires_at: 9e12, answered_at: null }
    const view: OrderView = { order, agent, action, person, state, outcome, ...times }
    this.orders = [view, ...this.orders]
    return { ...view, state: 'waiting', outcome: null }
  }
}

function isWork(action: Order['action']): action is Routine {
  return action.do === 'dry_run' || action.do === 'unlock' || action.do === 'copy'
}

function jobView(host: HostView, job: string, action: Routine, change: Partial<JobView>): JobView {
  return {
    agent: host.binding.id,
    host: host.row.name,
    job,
    kind: action.do === 'dry_run' ? 'dry_run' : 'retention_preview',
    repository: 'main',
    group: 'group' in action ? action.group : null,
    origin: { by: 'operator', person: 'ann', order: 'o' },
    state: 'succeeded',
    reason: null,
    explanation: null,
    numbers: {},
    options: {},
    result: null,
    lacks: [],
    queued_at: 1,
    started_at: 2,
    finished_at: 3,
    progress: null,
    ...change,
  }
}

export class Played {
  templates: TemplateView[] = []
  /** What each change of a template was based on: an ETag, or `*` where nothing might be there. */
  bases: string[] = []
  /** What the coordinator finds wrong with every plan. */
  problems: PlanProblem[] = []
  readonly deleted: string[] = []

  constructor(
    readonly fleet: Fleet,
    readonly hosts: readonly PlayedHost[],
    readonly user = 'ann',
  ) {}

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const [address = '', query] = String(input).replace('/api/v1', '').split('?')
    const path = decodeURIComponent(address)
    const asked = Object.fromEntries(new URLSearchParams(query))
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : asked
    const headers = new Headers(init?.headers)
    if (path.startsWith('/templates/'))
      this.bases.push(headers.get('if-match') ?? headers.get('if-none-match') ?? 'none')
    const answer = this.#answer(init?.method ?? 'GET', path, body)
    if (answer === undefined) throw new Error(`nobody plays ${init?.method ?? 'GET'} ${path}`)
    return answer === null ? new Response(null, { status: 204 }) : new Response(JSON.stringify(answer))
  }

  #answer(method: string, path: string, body: Record<string, unknown>): unknown {
    if (path === '/session')
      return { user: this.user, role: 'admin', session_expires_at: 9e12, must_add_factor: false }
    if (path === '/fleet') return this.fleet.view
    if (path === '/cron') return { next: [9e12], problem: null }
    if (path === '/plan/check') return { problems: this.problems, warnings: [] }
    if (path === '/hosts') {
      return { items: this.hosts.map(({ view }) => view.row), next: null, total: this.hosts.length }
    }
    if (path === '/templates') return this.templates
    const [, area, name = '', ...rest] = path.split('/')
    if (area === 'templates') return this.#template(method, name, body)
    const host = this.hosts.find(({ view }) => view.binding.id === name)
    return host === undefined ? undefined : this.#host(host, method, rest.join('/'), body)
  }

  #template(method: string, name: string, body: Record<string, unknown>): TemplateView | null {
    this.templates = this.templates.filter((one) => one.name !== name)
    if (method === 'DELETE') {
      this.deleted.push(name)
      return null
    }
    const kept = { name, plan: body.plan as Plan, made_by: this.user, changed_at: 1 }
    this.templates.push(kept)
    return kept
  }

  #host(host: PlayedHost, method: string, path: string, body: Record<string, unknown>): unknown {
    if (/^plan\/revisions\/\d+$/.test(path)) return { plan: host.past.get(String(body.place)) }
    if (path.endsWith('/history') && path.startsWith('repositories/')) {
      return { days: 30, points: host.points }
    }
    if (path.startsWith('jobs/')) return host.jobs.get(path.slice('jobs/'.length))
    switch (`${method} ${path}`) {
      case 'GET ':
        return onTheWire(host.view)
      case 'GET plan':
        return host.planView
      case 'GET plan/history':
        return { items: host.history, next: null, total: null }
      case 'GET schedules':
        return []
      case 'GET maintenance':
        return host.maintenance
      case 'GET snapshots':
        return { items: host.snapshots, next: null, total: host.snapshots.length }
      case 'GET jobs':
        return { items: [...host.jobs.values()], next: null, total: host.jobs.size }
      case 'GET orders':
        return host.orders
      case 'POST orders':
        return 'grave' in body
          ? host.takeGrave(this.fleet, body.grave as SignedDocument)
          : host.takeRoutine(body.routine as Routine)
    }
    if (method !== 'DELETE') return undefined
    if (path === '') {
      this.deleted.push(host.view.row.name)
      return null
    }
    host.orders = host.orders.map((order) => ({ ...order, state: 'withdrawn' }))
    return null
  }
}

/** A policy that refuses nothing is left out. */
function onTheWire(view: WholeHost): unknown {
  const { policy, ...facts } = view.facts
  const refuses =
    policy.refuse_destination_changes ||
    policy.refuse_hooks ||
    policy.refuse_in_place === true ||
    (policy.restore_below ?? []).length > 0 ||
    policy.refuse_orders.length > 0 ||
    policy.keep_at_least !== null
  return refuses ? view : { ...view, facts }
}
