// Why retention or upkeep is held back, in words: what is held, and which step of a person lifts it. Pure.

import type { HoldCause } from '../api/types.gen'

/** Where the step is taken: signing the plan anew, adopting snapshots, naming an owner. */
export type HoldStep = 'confirm' | 'adopt' | 'owner'

interface HoldWords {
  title: string
  step: HoldStep
  /** What a person does, in one sentence. */
  next: string
}

export const HOLDS: Readonly<Record<HoldCause, HoldWords>> = {
  clock_jumped: {
    title: 'The host’s clock jumped: old snapshots are kept',
    step: 'confirm',
    next: 'See that the clock is right now, then confirm the plan.',
  },
  clock_disagrees: {
    title: 'The host’s clock is wrong: old snapshots are kept',
    step: 'confirm',
    next: 'Set the clock, best by a time service. Once both agree, confirm the plan.',
  },
  epoch_begun: {
    title: 'The host’s disk was set back: old snapshots are kept',
    step: 'confirm',
    next: 'See whether snapshots are missing and the plan is the right one, then confirm it.',
  },
  future_snapshot: {
    title: 'A snapshot claims a time to come: old snapshots are kept',
    step: 'adopt',
    next: 'Look at the doubtful snapshots: remove what is forged with restic, adopt what is yours.',
  },
  unknown_snapshot: {
    title: 'A snapshot is there that no job made: old snapshots are kept',
    step: 'adopt',
    next: 'Look at the doubtful snapshots, and adopt those that are yours.',
  },
  claims: {
    title: 'Several hosts claim this repository: nobody prunes or checks it',
    step: 'owner',
    next: 'Name one host as the owner in all their plans.',
  },
}
