//! Whether and when a job is tried again. Pure.

use std::time::Duration;

use wire::{
    job::{JobKind, JobState, Reason},
    plan::Retry,
};

/// No wait is longer; it doubles up to here.
pub const LONGEST_WAIT: Duration = Duration::from_mins(30);

/// How long to wait before attempt `attempt + 1`; `None` when there is none.
pub fn wait(attempt: u32, state: JobState, reason: Option<&Reason>, rule: Retry) -> Option<Duration> {
    let worth_it = match state {
        JobState::Failed => reason.is_none_or(may_pass),
        JobState::Interrupted => true,
        JobState::Queued
        | JobState::Running
        | JobState::Succeeded
        | JobState::Incomplete
        | JobState::Cancelled
        | JobState::Skipped => false,
    };
    if !worth_it || attempt > rule.max {
        return None;
    }
    let doublings = attempt.saturating_sub(1).min(31);
    let wait = Duration::from_secs(u64::from(rule.backoff_s)).saturating_mul(1 << doublings);
    Some(wait.min(LONGEST_WAIT))
}

/// The rule of a kind that is no group's: what others wait for is tried again, what only reads is read next time.
pub fn rule(kind: JobKind, group: Option<Retry>) -> Retry {
    match kind {
        JobKind::Backup => group.unwrap_or_default(),
        JobKind::Init | JobKind::Probe | JobKind::Forget => Retry::default(),
        JobKind::Snapshots | JobKind::Stats => Retry { max: 0, ..Retry::default() },
    }
}

/// Whether the same attempt can succeed later without a person doing something.
const fn may_pass(reason: &Reason) -> bool {
    match reason {
        Reason::Unreachable { .. }
        | Reason::Locked { .. }
        | Reason::RepositoryMissing
        | Reason::NothingToBackUp { .. }
        | Reason::NoSpace { .. }
        | Reason::Forbidden { .. }
        | Reason::ResticMissing
        | Reason::Restic { .. }
        | Reason::Contradiction { .. }
        | Reason::AgentStopped
        | Reason::AgentDied
        | Reason::Internal { .. } => true,
        Reason::UnreadableItems { .. }
        | Reason::MissingPaths { .. }
        | Reason::RepositoryNotOurs { .. }
        | Reason::WrongPassword
        | Reason::ResticTooOld { .. }
        | Reason::SecretMissing { .. }
        | Reason::NotInPlan { .. }
        | Reason::EmptyPolicy
        | Reason::RetentionHeld { .. }
        | Reason::AlreadyWaiting
        | Reason::CancelledBy { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: Retry = Retry { max: 3, backoff_s: 60 };

    fn after(attempt: u32, reason: &Reason) -> Option<u64> {
        wait(attempt, JobState::Failed, Some(reason), RULE).map(|wait| wait.as_secs())
    }

    #[test]
    fn waits_double_and_end() {
        let passing = Reason::Unreachable { address: String::new(), message: String::new() };
        let waits: Vec<_> = (1..=4).map(|attempt| after(attempt, &passing)).collect();
        assert_eq!(waits, [Some(60), Some(120), Some(240), None]);
        assert_eq!(after(1, &Reason::WrongPassword), None);
        assert_eq!(after(1, &Reason::CancelledBy { person: "p".to_owned() }), None);
    }

    #[test]
    fn only_what_failed_or_was_cut_off_is_tried_again() {
        let waits = |state| wait(1, state, None, RULE).is_some();
        assert!(waits(JobState::Failed) && waits(JobState::Interrupted));
        for state in [JobState::Succeeded, JobState::Incomplete, JobState::Cancelled, JobState::Skipped] {
            assert!(!waits(state), "{state:?}");
        }
    }

    proptest! {
        #[test]
        fn a_wait_never_exceeds_half_an_hour_nor_shrinks(attempt in 1..u32::MAX, backoff_s: u32) {
            let rule = Retry { max: u32::MAX, backoff_s };
            let now = wait(attempt, JobState::Failed, None, rule).unwrap();
            let next = wait(attempt + 1, JobState::Failed, None, rule).unwrap();
            prop_assert!(now <= LONGEST_WAIT && next >= now);
        }

        #[test]
        fn attempts_are_bounded(max in 0..50u32) {
            let rule = Retry { max, backoff_s: 1 };
            let tries = (1..200).take_while(|attempt| wait(*attempt, JobState::Failed, None, rule).is_some()).count();
            prop_assert_eq!(u32::try_from(tries).unwrap(), max);
        }
    }
}
