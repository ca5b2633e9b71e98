// Every address of the panel. A page never spells one itself.

const at = encodeURIComponent

export const paths = {
  fleet: '/',
  setup: '/setup',
  signIn: '/sign-in',
  addHost: '/add',
  addToken: '/add/token',
  /** A token in place of another. */
  addTokenLike: (token: string) => `/add/token?from=${at(token)}`,
  tokens: '/tokens',
  token: (token: string) => `/tokens/${at(token)}`,
  approve: (agent: string) => `/pending/${at(agent)}`,
  host: (agent: string) => `/hosts/${at(agent)}`,
  arrival: (agent: string) => `/hosts/${at(agent)}/arrival`,
  snapshots: (agent: string) => `/hosts/${at(agent)}/snapshots`,
  groups: (agent: string) => `/hosts/${at(agent)}/groups`,
  schedules: (agent: string) => `/hosts/${at(agent)}/schedules`,
  repository: (agent: string) => `/hosts/${at(agent)}/repository`,
  jobs: (agent: string) => `/hosts/${at(agent)}/jobs`,
  hostSettings: (agent: string) => `/hosts/${at(agent)}/settings`,
  job: (agent: string, job: string) => `/hosts/${at(agent)}/jobs/${at(job)}`,
} as const
