//! Whether and when a job is tried again, and when a retry that waits has lost its reason. Pure.

use std::time::Duration;

use wire::{
    job::{JobKind, JobState, Reason},
    plan::{Plan, Retry},
};

use crate::store::jobs::Job;

/// No wait is longer; it doubles up to here.
pub const LONGEST_WAIT: Duration = Duration::from_mins(30);

/// What follows the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, after this.
    In(Duration),
    /// It was tried again as often as the rule says: nothing tries it any more.
    NoneLeft,
    /// It is done, or no attempt would help, or the rule tries nothing again.
    Nothing,
}

/// After attempt number `attempt`, which counts from 1.
pub fn next(attempt: u32, state: JobState, reason: Option<&Reason>, rule: Retry) -> Next {
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
    if !worth_it || rule.max == 0 {
        return Next::Nothing;
    }
    if attempt > rule.max {
        return Next::NoneLeft;
    }
    let doublings = attempt.saturating_sub(1).min(31);
    let wait = Duration::from_secs(u64::from(rule.backoff_s)).saturating_mul(1 << doublings);
    Next::In(wait.min(LONGEST_WAIT))
}

/// Why nobody wants this retry any more: what it was for is gone from the plan, or paused. `None` for a first attempt,
/// which says itself what it misses.
pub fn given_up(job: &Job, plan: &Plan) -> Option<String> {
    if job.attempt < 2 {
        return None;
    }
    if let Some(schedule) = &job.schedule {
        match plan.schedules.get(schedule) {
            None => return Some(format!("schedule {schedule} is not in the plan any more")),
            Some(schedule_now) if !schedule_now.enabled => {
                return Some(format!("schedule {schedule} is paused"));
            }
            Some(_) => {}
        }
    }
    let at = &job.subject.repository;
    let Some(repository) = plan.repositories.get(at) else {
        return Some(format!("repository {at} is not in the plan any more"));
    };
    let name = job.subject.group.as_ref()?;
    if let Some(host) = &job.options.ward {
        let mut wards = repository.wards.iter();
        let minded = wards.any(|ward| ward.hostname == *host && ward.groups.contains_key(name));
        return (!minded).then(|| format!("this host does not look after group {name} of {host} any more"));
    }
    match plan.groups.get(name) {
        None => Some(format!("group {name} is not in the plan any more")),
        Some(group) if group.repository != *at && group.copy_to.as_ref() != Some(at) => {
            Some(format!("group {name} is kept in repository {} now", group.repository))
        }
        Some(_) => None,
    }
}

/// The rule of a kind that is no group's: what others wait for is tried again, what only reads is read next time.
pub fn rule(kind: JobKind, group: Option<Retry>) -> Retry {
    match kind {
        JobKind::Backup => group.unwrap_or_default(),
        JobKind::Init
        | JobKind::Probe
        | JobKind::Forget
        | JobKind::Prune
        | JobKind::Check
        | JobKind::Copy
        | JobKind::Drill => Retry::default(),
        JobKind::Snapshots
        | JobKind::Stats
        | JobKind::DryRun
        | JobKind::RetentionPreview
        | JobKind::Unlock
        // A person waits for it, looks at what is there, and decides.
        | JobKind::Restore => Retry { max: 0, ..Retry::default() },
    }
}

/// Whether the same attempt can succeed later without a person doing something.
const fn may_pass(reason: &Reason) -> bool {
    match reason {
        Reason::Unreachable { .. }
        | Reason::Locked { .. }
        | Reason::RepositoryMissing
        | Reason::NothingToBackUp { .. }
        | Reason::PathsSilent { .. }
        | Reason::NoSpace { .. }
        | Reason::Forbidden { .. }
        | Reason::ResticMissing
        | Reason::Restic { .. }
        | Reason::Contradiction { .. }
        | Reason::HookFailed { .. }
        | Reason::AgentStopped
        | Reason::AgentDied
        | Reason::Internal { .. } => true,
        Reason::UnreadableItems { .. }
        | Reason::MissingPaths { .. }
        | Reason::RepositoryNotOurs { .. }
        | Reason::WrongPassword
        | Reason::CredentialRefused { .. }
        | Reason::ResticTooOld { .. }
        | Reason::SecretMissing { .. }
        | Reason::NotInPlan { .. }
        | Reason::EmptyPolicy
        | Reason::RetentionHeld { .. }
        | Reason::NotOwner { .. }
        | Reason::OwnerUnclear { .. }
        | Reason::AppendOnly
        | Reason::Damaged { .. }
        | Reason::DrillFailed { .. }
        | Reason::NothingRestored { .. }
        | Reason::Certificate { .. }
        | Reason::TargetTaken { .. }
        | Reason::TargetForbidden { .. }
        | Reason::TargetFull { .. }
        | Reason::NotRestored { .. }
        | Reason::NotInSnapshot { .. }
        | Reason::LentGone { .. }
        | Reason::LocksChanged
        | Reason::NotCopied { .. }
        | Reason::Abandoned { .. }
        | Reason::AlreadyWaiting
        | Reason::CancelledBy { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: Retry = Retry { max: 3, backoff_s: 60 };

    fn after(attempt: u32, reason: &Reason) -> Next {
        next(attempt, JobState::Failed, Some(reason), RULE)
    }

    const fn seconds(seconds: u64) -> Next {
        Next::In(Duration::from_secs(seconds))
    }

    #[test]
    fn waits_double_and_end() {
        let passing = Reason::Unreachable { address: String::new(), message: String::new() };
        let waits: Vec<_> = (1..=4).map(|attempt| after(attempt, &passing)).collect();
        assert_eq!(waits, [seconds(60), seconds(120), seconds(240), Next::NoneLeft]);
        assert_eq!(after(1, &Reason::WrongPassword), Next::Nothing);
        assert_eq!(after(1, &Reason::CancelledBy { person: "p".to_owned() }), Next::Nothing);
        let never = Retry { max: 0, ..RULE };
        assert_eq!(next(1, JobState::Failed, Some(&passing), never), Next::Nothing, "there was none to lose");
    }

    #[test]
    fn only_what_failed_or_was_cut_off_is_tried_again() {
        let waits = |state| matches!(next(1, state, None, RULE), Next::In(_));
        assert!(waits(JobState::Failed) && waits(JobState::Interrupted));
        for state in [JobState::Succeeded, JobState::Incomplete, JobState::Cancelled, JobState::Skipped] {
            assert!(!waits(state), "{state:?}");
        }
    }

    fn plan() -> Plan {
        serde_json::from_value(serde_json::json!({
            "repositories": {
                "main": { "backend": { "kind": "local", "path": "/r" }, "wards": [
                    { "agent": wire::id::AgentId([3; 32]), "hostname": "web-1", "revision": 1, "groups": { "www": {} } }
                ] },
                "usb": { "backend": { "kind": "local", "path": "/u" } },
            },
            "groups": { "home": { "includes": ["/home"], "copy_to": "usb" } },
            "schedules": { "nightly": { "cron": "0 2 * * *", "groups": ["home"] } },
        }))
        .unwrap()
    }

    fn retry(kind: JobKind, repository: &str, group: &str) -> Job {
        let waiting =
            crate::run::queue::tests::job(1, repository, JobState::Queued, wire::job::Origin::Local);
        let mut job = Job { attempt: 2, schedule: Some("nightly".parse().unwrap()), ..waiting };
        job.subject.kind = kind;
        job.subject.group = Some(group.parse().unwrap());
        job
    }

    #[test]
    fn a_retry_is_wanted_while_everything_it_is_for_is_there() {
        for (kind, repository) in [(JobKind::Backup, "main"), (JobKind::Forget, "usb")] {
            assert_eq!(given_up(&retry(kind, repository, "home"), &plan()), None);
        }
        let mut ward = retry(JobKind::Forget, "main", "www");
        ward.schedule = None;
        ward.options.ward = Some("web-1".to_owned());
        assert_eq!(given_up(&ward, &plan()), None);
        ward.options.ward = Some("web-2".to_owned());
        let said = given_up(&ward, &plan()).unwrap();
        assert_eq!(said, "this host does not look after group www of web-2 any more");
    }

    #[test]
    fn a_retry_whose_schedule_group_or_repository_is_gone_is_given_up() {
        let backup = retry(JobKind::Backup, "main", "home");
        let said = |change: &dyn Fn(&mut Plan)| {
            let mut plan = plan();
            change(&mut plan);
            assert_eq!(given_up(&Job { attempt: 1, ..backup.clone() }, &plan), None, "a first attempt");
            given_up(&backup, &plan).unwrap()
        };
        let pause = said(&|plan| plan.schedules.values_mut().for_each(|schedule| schedule.enabled = false));
        assert_eq!(pause, "schedule nightly is paused");
        assert_eq!(said(&|plan| plan.schedules.clear()), "schedule nightly is not in the plan any more");
        assert_eq!(said(&|plan| plan.groups.clear()), "group home is not in the plan any more");
        assert_eq!(said(&|plan| plan.repositories.clear()), "repository main is not in the plan any more");
        let moved = said(&|plan| {
            let home = plan.groups.values_mut().next().unwrap();
            (home.repository, home.copy_to) = ("usb".parse().unwrap(), None);
        });
        assert_eq!(moved, "group home is kept in repository usb now");
    }

    proptest! {
        #[test]
        fn a_wait_never_exceeds_half_an_hour_nor_shrinks(attempt in 1..u32::MAX, backoff_s: u32) {
            let rule = Retry { max: u32::MAX, backoff_s };
            let wait = |attempt| match next(attempt, JobState::Failed, None, rule) {
                Next::In(wait) => wait,
                other => panic!("{other:?}"),
            };
            let (now, later) = (wait(attempt), wait(attempt + 1));
            prop_assert!(now <= LONGEST_WAIT && later >= now);
        }

        #[test]
        fn attempts_are_bounded(max in 0..50u32) {
            let rule = Retry { max, backoff_s: 1 };
            let tries = (1..200).take_while(|attempt| matches!(next(*attempt, JobState::Failed, None, rule), Next::In(_)));
            prop_assert_eq!(u32::try_from(tries.count()).unwrap(), max);
        }
    }
}
