// Jobs in words: kinds, origins, reasons. One table each, exhaustive by type.

import type { Explanation, JobKind, JobState, JobView, Origin, Reason } from '../api/types.gen'

export const JOB_KINDS: Readonly<Record<JobKind, string>> = {
  init: 'Create repository',
  probe: 'Look at repository',
  backup: 'Backup',
  forget: 'Forget',
  snapshots: 'Read snapshots',
  stats: 'Read numbers',
}

export function isOver(state: JobState): boolean {
  return state !== 'queued' && state !== 'running'
}

/** "Backup of default", "Look at repository main". */
export function jobTitle(job: Pick<JobView, 'kind' | 'group' | 'repository'>): string {
  if (job.group !== null) return `${JOB_KINDS[job.kind]} of ${job.group}`
  if (job.kind === 'init' || job.kind === 'probe') return `${JOB_KINDS[job.kind]} ${job.repository}`
  return `${JOB_KINDS[job.kind]} of ${job.repository}`
}

export function originWords(origin: Origin): string {
  switch (origin.by) {
    case 'schedule':
      return `schedule ${origin.schedule}`
    case 'catch_up':
      return `caught up, schedule ${origin.schedule}`
    case 'retry':
      return `retry, attempt ${origin.attempt}`
    case 'operator':
      return origin.person
    case 'local':
      return 'the host’s terminal'
    case 'maintenance':
      return 'maintenance'
    case 'follow':
      return origin.job === null ? 'a change of the plan' : 'follows another job'
  }
}

/** Where to see more of the origin: the job it repeats or follows. */
export function originJob(origin: Origin): string | null {
  return origin.by === 'retry' || origin.by === 'follow' ? origin.job : null
}

const some = (items: readonly string[], most = 3) =>
  items.length <= most
    ? items.join(', ')
    : `${items.slice(0, most).join(', ')} and ${items.length - most} more`

/** What happened and what to do next, where the coordinator did not say it already. */
export function explain(reason: Reason): Explanation {
  switch (reason.code) {
    case 'unreadable_items':
      return {
        message: `${reason.items.length + reason.more} items could not be read: ${some(reason.items)}. Everything else is in the snapshot.`,
        hint: 'Exclude them, or let the agent read them; the next run tries again.',
      }
    case 'missing_paths':
      return {
        message: `These paths do not exist on the host: ${some(reason.paths)}. The others were backed up.`,
        hint: 'Take them out of the group, or mount what is missing.',
      }
    case 'nothing_to_back_up':
      return {
        message: `None of the paths exists on the host: ${some(reason.paths)}.`,
        hint: 'Correct the group’s paths, or mount what is missing.',
      }
    case 'repository_missing':
      return {
        message: 'There is no repository at the destination any more.',
        hint: 'It was ready before, so nothing new is made: mount the disk or correct the destination, then try again.',
      }
    case 'repository_not_ours':
      return {
        message: `Something else is at the destination. ${reason.message}`,
        hint: 'Choose an empty place, or clear this one first.',
      }
    case 'wrong_password':
      return {
        message: 'The password does not open the repository.',
        hint: 'Give the right password below, then try again.',
      }
    case 'locked':
      return {
        message: `Another process holds the repository’s lock${reason.owner === null ? '' : `: ${reason.owner}`}${reason.pid === null ? '' : `, process ${reason.pid}`}.`,
        hint: 'Wait until it is done; if nothing runs there any more, remove the lock with `restic unlock`.',
      }
    case 'unreachable':
      return {
        message: `${reason.address} does not answer. ${reason.message}`,
        hint: 'Check that the server runs and that the host’s network reaches it, then try again.',
      }
    case 'no_space':
      return {
        message: `There is no space left. ${reason.message}`,
        hint: 'Make room at the destination, then try again.',
      }
    case 'forbidden':
      return {
        message: `The credentials do not allow this. ${reason.message}`,
        hint: 'Give other credentials below, or more rights at the destination.',
      }
    case 'restic_missing':
      return {
        message: 'restic is not installed on the host.',
        hint: 'Install restic there; the agent finds it by itself.',
      }
    case 'restic_too_old':
      return {
        message: `restic ${reason.found} is too old for this; ${reason.needed} is needed.`,
        hint: 'Update restic on the host.',
      }
    case 'secret_missing':
      return {
        message: `The host has not been given ${secretWords(reason.slot)} yet.`,
        hint: 'Give it on the repository’s page; it is sealed in this browser for this host alone.',
      }
    case 'not_in_plan':
      return { message: `The plan has no ${reason.what} any more.`, hint: 'Look at the host’s plan.' }
    case 'empty_policy':
      return {
        message:
          'The group’s retention keeps nothing, and forgetting by it would remove everything: it never runs.',
        hint: 'Set at least one keep rule.',
      }
    case 'retention_held':
      return {
        message: `Retention is held back. ${reason.message}`,
        hint: 'Look at the host, then confirm its plan.',
      }
    case 'already_waiting':
      return {
        message: 'The same work was already queued or running.',
        hint: 'Nothing to do: that run counts for both.',
      }
    case 'cancelled_by':
      return { message: `${reason.person} cancelled it.`, hint: 'Run it again when it suits.' }
    case 'agent_stopped':
      return {
        message: 'The agent was stopped while it ran.',
        hint: 'It is tried again after the agent has started.',
      }
    case 'agent_died':
      return {
        message: 'The agent or the machine went away in the middle.',
        hint: 'It is tried again by the group’s rule after the agent has started.',
      }
    case 'restic':
      return {
        message: `restic ${reason.exit === null ? 'was ended by a signal' : `ended with exit code ${reason.exit}`}. ${reason.message}`,
        hint: 'Its last lines in the log say more.',
      }
    case 'contradiction':
      return {
        message: `restic claimed success, but what it printed does not agree. ${reason.message}`,
        hint: 'Treat it as failed: look at the log, and run it again.',
      }
    case 'internal':
      return {
        message: `The agent could not go on. ${reason.message}`,
        hint: 'Look at the host’s disk and at the agent’s own log.',
      }
  }
}

/** `repository/main/password` → "the password of repository main". */
export function secretWords(slot: string): string {
  const [area, name, what] = slot.split('/')
  if (area !== 'repository') return `the secret ${slot}`
  const words = what === 'environment' ? 'the access keys' : what === 'login' ? 'the login' : 'the password'
  return `${words} of repository ${name}`
}
