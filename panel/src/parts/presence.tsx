// How a host, its last backup and its repository look in a list: dot and word.

import type { JobState, PresenceView, RepositoryReadiness } from '../api/types.gen'
import { StatusDot, type Tone } from '../ui'

interface Look {
  tone: Tone
  word: string
  hollow?: boolean
  pulse?: boolean
  title?: string
}

const PRESENCE: Record<PresenceView, Look> = {
  online: { tone: 'ok', word: 'Online' },
  offline: { tone: 'bad', word: 'Offline', hollow: true },
  asleep: {
    tone: 'idle',
    word: 'Asleep',
    hollow: true,
    title: 'It comes and goes, and catches up when it is back.',
  },
  never_seen: { tone: 'idle', word: 'Never seen', hollow: true, title: 'Approved, but not connected since.' },
}

const STATES: Record<JobState, Look> = {
  queued: { tone: 'run', word: 'Queued', hollow: true },
  running: { tone: 'run', word: 'Running', pulse: true },
  succeeded: { tone: 'ok', word: 'Succeeded' },
  incomplete: {
    tone: 'warn',
    word: 'Incomplete',
    title: 'A snapshot was made, but some files could not be read.',
  },
  failed: { tone: 'bad', word: 'Failed' },
  cancelled: { tone: 'idle', word: 'Cancelled' },
  interrupted: {
    tone: 'warn',
    word: 'Interrupted',
    title: 'The agent or the machine stopped in the middle.',
  },
  skipped: { tone: 'idle', word: 'Skipped', hollow: true },
}

const READINESS: Record<RepositoryReadiness, Look> = {
  unknown: { tone: 'idle', word: 'Not looked at yet', hollow: true },
  needs_secret: { tone: 'warn', word: 'Waits for a secret', hollow: true },
  ready: { tone: 'ok', word: 'Ready' },
  unusable: { tone: 'bad', word: 'Unusable' },
}

function Dot({ look }: { look: Look }) {
  return (
    <StatusDot tone={look.tone} hollow={look.hollow ?? false} pulse={look.pulse ?? false} title={look.title}>
      {look.word}
    </StatusDot>
  )
}

export const PresenceDot = ({ presence }: { presence: PresenceView }) => <Dot look={PRESENCE[presence]} />
export const RetiredDot = () => (
  <Dot
    look={{
      tone: 'idle',
      word: 'Retired',
      hollow: true,
      title: 'It left the fleet, and takes no more orders.',
    }}
  />
)
export const ReplacedDot = () => (
  <Dot
    look={{
      tone: 'idle',
      word: 'Replaced',
      hollow: true,
      title: 'Another host took its place; this one is let in no more.',
    }}
  />
)
export const JobStateDot = ({ state }: { state: JobState }) => <Dot look={STATES[state]} />
export const ReadinessDot = ({ readiness }: { readiness: RepositoryReadiness }) => (
  <Dot look={READINESS[readiness]} />
)

export const presenceWord = (presence: PresenceView): string => PRESENCE[presence].word
export const jobStateWord = (state: JobState): string => STATES[state].word
export const readinessWord = (readiness: RepositoryReadiness): string => READINESS[readiness].word
