//! Whose turn it is among queued jobs: who asked, for what, and for how long it has waited. Pure.

use wire::{
    action::{Action, ActionClass},
    id::UnixMs,
    job::{JobKind, Origin},
    restore::Meanwhile,
};

use super::FOLLOW_WAITS_MS;
use crate::store::jobs::Job;

/// The lowest goes first.
pub fn rank(job: &Job, now: UnixMs) -> u8 {
    let is_backup = job.subject.kind == JobKind::Backup;
    let waits_long = now.since(job.queued_at) > FOLLOW_WAITS_MS;
    let is_persons = job.wanted || matches!(job.origin, Origin::Operator { .. } | Origin::Local);
    match job.origin {
        // The first backup would make the repository on its way, and nobody saw it become ready for as long as that lasts.
        _ if job.subject.kind == JobKind::Init => 0,
        // Somebody had what ran here cancelled for it.
        _ if is_persons && takes_turn(job) => 0,
        _ if is_persons && is_backup => 1,
        // However much somebody asks for: a backup that is due is made.
        Origin::Schedule { .. } | Origin::CatchUp { .. } | Origin::Retry { .. }
            if is_backup && waits_long =>
        {
            1
        }
        _ if is_persons => 2,
        // Backups that follow each other without a pause must not keep it waiting for ever.
        Origin::Follow { .. } if waits_long => 3,
        Origin::Schedule { .. }
        | Origin::CatchUp { .. }
        | Origin::Retry { .. }
        | Origin::Maintenance { .. }
        | Origin::Operator { .. }
        | Origin::Local => 3,
        Origin::Follow { .. } => 4,
    }
}

/// An order that a coordinator gives alone takes nobody's turn: it could keep backups waiting with one restore after another.
fn takes_turn(job: &Job) -> bool {
    let Some(restore) = job.options.restore.as_deref().filter(|it| it.meanwhile == Meanwhile::Cancel) else {
        return false;
    };
    let is_routine = Action::Restore { restore: Box::new(restore.clone()) }.class() == ActionClass::Routine;
    job.origin == Origin::Local || !is_routine
}

#[cfg(test)]
mod tests {
    use wire::{id::OrderId, job::JobState};

    use super::*;
    use crate::run::queue::tests::job;

    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn queued(kind: JobKind, origin: Origin, waited_ms: i64) -> Job {
        let mut job = job(1, "main", JobState::Queued, origin);
        job.subject.kind = kind;
        Job { queued_at: NOW.plus_ms(-waited_ms), ..job }
    }

    #[test]
    fn only_a_restore_that_a_person_answers_for_goes_ahead_of_backups_that_are_due() {
        let person = || Origin::Operator { person: "p".to_owned(), order: OrderId(uuid::Uuid::nil()) };
        let rank_of = |origin, target: serde_json::Value| {
            let restore = serde_json::json!({
                "repository": "main", "snapshot": "ab".repeat(32), "target": target, "meanwhile": "cancel",
            });
            let mut job = queued(JobKind::Restore, origin, 0);
            job.options.restore = serde_json::from_value(restore).unwrap();
            rank(&job, NOW)
        };
        let fresh = || serde_json::json!({ "to": "fresh" });
        assert_eq!(rank_of(Origin::Local, fresh()), 0);
        assert_eq!(rank_of(person(), serde_json::json!({ "to": "in_place", "host": "web" })), 0);
        assert_eq!(rank_of(person(), fresh()), 2, "a coordinator may order it unsigned");
    }

    #[test]
    fn no_questions_keep_a_backup_that_is_due_waiting_for_more_than_half_an_hour() {
        let person = || Origin::Operator { person: "p".to_owned(), order: OrderId(uuid::Uuid::nil()) };
        let due = || Origin::Schedule { schedule: "s".parse().unwrap(), due_at: NOW };
        let rank_of = |kind, origin, waited_ms| rank(&queued(kind, origin, waited_ms), NOW);
        let soon = rank_of(JobKind::Backup, due(), FOLLOW_WAITS_MS);
        let overdue = rank_of(JobKind::Backup, due(), FOLLOW_WAITS_MS + 1);
        for kind in JobKind::ALL {
            let asked = rank_of(kind, person(), 0);
            assert!(asked < soon, "{kind:?}: a person goes first");
            let may_pass = matches!(kind, JobKind::Init | JobKind::Backup);
            assert_eq!(overdue < asked, !may_pass, "{kind:?}");
        }
        // Whoever asks for what is queued already has asked for it.
        for (kind, wanted_as) in [(JobKind::Backup, 1), (JobKind::Prune, 2), (JobKind::Snapshots, 2)] {
            for origin in [due(), Origin::Maintenance { due_at: NOW }, Origin::Follow { job: None }] {
                let job = Job { wanted: true, ..queued(kind, origin, 0) };
                assert_eq!(rank(&job, NOW), wanted_as, "{job:?}");
            }
        }
        // Of backups the one that has waited longer.
        assert_eq!(rank_of(JobKind::Backup, person(), 0), overdue);
        assert_eq!(rank_of(JobKind::Prune, Origin::Maintenance { due_at: NOW }, FOLLOW_WAITS_MS + 1), soon);
    }
}
