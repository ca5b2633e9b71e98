// Every address of the panel. A page never spells one itself.

const at = encodeURIComponent

function query(all: Record<string, string | null | undefined>): string {
  const set = Object.entries(all).filter((one): one is [string, string] => one[1] != null)
  return set.length === 0 ? '' : `?${set.map(([name, value]) => `${name}=${at(value)}`).join('&')}`
}

export const paths = {
  fleet: '/',
  setup: '/setup',
  signIn: '/sign-in',
  /** A setup link's; the token stands behind the #. */
  welcome: '/welcome',
  ssoCallback: '/sso/callback',
  /** Where one adds the second factor that one's role takes. */
  addFactor: '/second-factor',
  account: '/account',
  audit: '/audit',
  /** What was done of one kind, by the API's word for it. */
  auditOf: (action: string) => `/audit?action=${at(action)}`,
  addHost: '/add',
  addToken: '/add/token',
  /** A token in place of another. */
  addTokenLike: (token: string) => `/add/token?from=${at(token)}`,
  tokens: '/tokens',
  token: (token: string) => `/tokens/${at(token)}`,
  templates: '/templates',
  applyTemplate: (name: string) => `/templates/${at(name)}/apply`,
  approve: (agent: string) => `/pending/${at(agent)}`,
  host: (agent: string) => `/hosts/${at(agent)}`,
  arrival: (agent: string) => `/hosts/${at(agent)}/arrival`,
  snapshots: (agent: string) => `/hosts/${at(agent)}/snapshots`,
  /** Looks for a file in all snapshots; `asked`: what of an address of its own says more of it. */
  find: (
    agent: string,
    asked: { find: string; repository?: string | null; group?: string | null; i?: string | null },
  ) => `/hosts/${at(agent)}/snapshots${query(asked)}`,
  /** A snapshot's tree, and what of it is to come back. `from`: the directory shown first; `pick`: ticked in it; `like`: what it looks
   * like where it cannot be named. */
  restore: (
    agent: string,
    repository: string,
    snapshot: string,
    { from, pick, like }: { from?: string; pick?: string | null; like?: string | null } = {},
  ) => `/hosts/${at(agent)}/restore/${at(repository)}/${at(snapshot)}${query({ at: from, pick, like })}`,
  /** The same restore once more, with all that was chosen for it. */
  restoreAgain: (agent: string, repository: string, snapshot: string, job: { agent: string; job: string }) =>
    `/hosts/${at(agent)}/restore/${at(repository)}/${at(snapshot)}${query({ again: `${job.agent}/${job.job}` })}`,
  compare: (agent: string, repository: string, older: string, newer: string) =>
    `/hosts/${at(agent)}/compare/${at(repository)}/${at(older)}/${at(newer)}`,
  groups: (agent: string) => `/hosts/${at(agent)}/groups`,
  schedules: (agent: string) => `/hosts/${at(agent)}/schedules`,
  planHistory: (agent: string) => `/hosts/${at(agent)}/history`,
  repository: (agent: string) => `/hosts/${at(agent)}/repository`,
  /** A part of one repository on that page; of the first where none is named. */
  repositoryPart: (agent: string, part: 'doubtful' | 'sharing', repository: string | null) =>
    `/hosts/${at(agent)}/repository${repository === null ? '' : `#${part}-${at(repository)}`}`,
  jobs: (agent: string) => `/hosts/${at(agent)}/jobs`,
  hostSettings: (agent: string) => `/hosts/${at(agent)}/settings`,
  settings: '/settings',
  people: '/settings/people',
  person: (id: number) => `/settings/people/${id}`,
  operatorKeys: '/settings/keys',
  recovery: '/settings/recovery',
  apiTokens: '/settings/tokens',
  apiReader: '/settings/api',
  about: '/settings/about',
  job: (agent: string, job: string) => `/hosts/${at(agent)}/jobs/${at(job)}`,
} as const
