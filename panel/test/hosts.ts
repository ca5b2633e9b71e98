// Hosts as the coordinator shows them, for tests: whole, with everything unremarkable.

import type { WholeHost } from '../src/api/queries'
import type { Plan, PolicyFacts } from '../src/api/types.gen'
import { emptyGroup, USUAL_MAINTENANCE } from '../src/model/plan'
import type { Member } from './fleet'

export const PLAN: Plan = {
  repositories: { main: { backend: { kind: 'local', path: '/srv/repo' } } },
  groups: { default: { ...emptyGroup('main'), includes: ['/etc'] } },
  schedules: {},
  maintenance: USUAL_MAINTENANCE,
  limits: { upload_kib_s: null, download_kib_s: null, nice: null },
  presence: 'always_on',
}

export function hostOf(
  { binding, admission }: Member,
  name: string,
  change: { presence?: 'online' | 'offline'; policy?: Partial<PolicyFacts> } = {},
): WholeHost {
  const policy = {
    refuse_destination_changes: false,
    refuse_hooks: false,
    refuse_orders: [],
    keep_at_least: null,
  }
  return {
    row: {
      agent: binding.id,
      name,
      tags: [],
      presence: change.presence ?? 'online',
      last_seen: 1,
      os: 'linux',
      arch: 'x86_64',
      agent_version: '0.1.0',
      behind: false,
      last_backup: null,
      next_run: null,
      size_bytes: null,
      snapshots: 0,
      repository: 'ready',
      active_jobs: 0,
      waiting_orders: 0,
      run_now: [],
      trend: [],
      held: false,
    },
    facts: {
      hostname: name,
      os: 'linux',
      os_version: 'Debian GNU/Linux 12',
      arch: 'x86_64',
      agent_version: '0.1.0',
      restic_version: '0.18.0',
      zone: 'Europe/Berlin',
      policy: { ...policy, ...change.policy },
    },
    binding,
    fingerprint: '',
    words: [],
    credential: { by: 'admission', admission },
    journal: { epoch: 1, seq: 1, verified_at: 1 },
    plan_revision: 4,
    plan_waiting: false,
    repositories: [],
    trouble: null,
    holds: [],
    retired_at: null,
    replaces: null,
    replaced_by: null,
  }
}
