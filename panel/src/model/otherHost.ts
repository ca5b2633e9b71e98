// What a person should know before files come back on another machine: owners that are other people there, a repository that
// is not reached from there. Pure.

import type { Backend, HostFacts, Ownership } from '../api/types.gen'

interface Machine {
  name: string
  os: string
}

/** Why owners may not be what they were; `null`: they are nobody's concern. */
export function ownershipWarning(ownership: Ownership, source: Machine, target: Machine): string | null {
  if (ownership === 'drop') return null
  if (family(source.os) !== family(target.os)) {
    return `${source.name} and ${target.name} run different systems: owners and permissions cannot be kept. The files will belong to the account that the agent runs as.`
  }
  if (ownership === 'by_name') {
    return `A user or group that ${target.name} does not have by the same name keeps its number, which may be somebody else’s there.`
  }
  return `Owners come back as numbers: user 1000 of ${source.name} may be somebody else on ${target.name}. Leave owners out, or keep them by name where its restic can.`
}

function family(os: string): 'windows' | 'unix' {
  return os.toLowerCase().startsWith('windows') ? 'windows' : 'unix'
}

/** What the other host needs of its own to reach the repository; `null`: what is lent is enough. */
export function reachWarning(backend: Backend, source: string, target: string): string | null {
  switch (backend.kind) {
    case 'local':
      return `The repository is the directory ${backend.path} of ${source}. ${target} has to have it at the same path: mount the disk or share there first.`
    case 'sftp':
      return `${target} logs in to ${backend.host} with an SSH key of its own: its root account has to be let in there as ${backend.user}.`
    case 'rclone':
      return `${target} needs rclone, with a remote “${backend.remote}” of its own.`
    default:
      return null
  }
}

export function machineOf(name: string, { os }: Pick<HostFacts, 'os'>): Machine {
  return { name, os }
}
