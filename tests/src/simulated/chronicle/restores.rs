//! Restores of a host's last day: one that went well, one for every way in which it may not.

use wire::{
    action::JobOptions,
    job::{DrillMismatch, JobKind, JobResult, JobState, Reason, RestoreItem, RestoreResult},
    restore::{Lent, Meanwhile, Overwrite, Ownership, Pick, Restore, RestoreTarget},
};

use super::story::{Story, failed, plain};

const TARGET: &str = "/home/ada/rm-restore/0192f0c1-7a3b-7c1e-9f00-3b1f0a2c4d5e";

/// Of the snapshot with this id.
pub(super) fn restores(snapshot: &str) -> Vec<Story> {
    let text = str::to_owned;
    let of = |story: Story| asked(story, snapshot, RestoreTarget::Fresh);
    let result = |done: RestoreResult| Some(JobResult::Restore(done));
    let whole = RestoreResult {
        snapshot: snapshot.to_owned(),
        target: text(TARGET),
        restored: 214,
        restored_bytes: 31_000_000,
        verified: Some(214),
        ..RestoreResult::default()
    };
    let broken = DrillMismatch { path: text("/home/ada/disk.img"), what: text("no space left on device") };
    let lacking = RestoreResult { failed: vec![broken], failed_total: 1, ..whole.clone() };
    let dry = RestoreResult {
        would: vec![RestoreItem {
            path: text("/home/ada/letter.txt"),
            action: text("restored"),
            bytes: 4_711,
        }],
        verified: None,
        ..whole.clone()
    };
    let in_place = RestoreTarget::InPlace { host: text("web-00000") };
    vec![
        of(Story { result: result(whole), ..plain(JobKind::Restore, JobState::Succeeded, None) }),
        asked(
            Story { result: result(dry), ..plain(JobKind::Restore, JobState::Succeeded, None) },
            snapshot,
            in_place,
        ),
        of(Story {
            result: result(lacking),
            ..plain(
                JobKind::Restore,
                JobState::Incomplete,
                Some(Reason::NotRestored {
                    items: vec![text("/home/ada/disk.img")],
                    more: 0,
                    first: text("/home/ada/disk.img: no space left on device"),
                }),
            )
        }),
        of(failed(JobKind::Restore, Reason::TargetTaken { target: text("/srv/back") })),
        of(failed(
            JobKind::Restore,
            Reason::TargetForbidden {
                target: text("/boot/back"),
                message: text(
                    "the service may not write there; `systemctl edit restic-manager-agent` lifts it",
                ),
            },
        )),
        of(failed(
            JobKind::Restore,
            Reason::TargetFull {
                target: text("/srv/back"),
                needed_bytes: 91_000_000_000,
                free_bytes: 2_000_000_000,
            },
        )),
        of(failed(JobKind::Restore, Reason::NotInSnapshot { what: text("/home/ada/gone") })),
        of(failed(JobKind::Restore, Reason::LentGone { source: text("web-00003") })),
    ]
}

fn asked(story: Story, snapshot: &str, target: RestoreTarget) -> Story {
    let lent = matches!(story.reason, Some(Reason::LentGone { .. })).then(|| Lent {
        source: wire::id::AgentId([3; 32]),
        source_name: "web-00003".to_owned(),
        job: wire::id::JobId(uuid::Uuid::nil()),
        sealed: wire::id::Base64Bytes(Vec::new()),
    });
    let restore = Restore {
        repository: super::main(),
        snapshot: snapshot.to_owned(),
        picks: vec![Pick { path: "/home/ada".parse().expect("a path"), take: true }],
        target,
        overwrite: Overwrite::Always,
        ownership: Ownership::Keep,
        verify: true,
        dry_run: false,
        meanwhile: Meanwhile::Wait,
        lent,
    };
    Story { options: JobOptions { restore: Some(Box::new(restore)), ..JobOptions::default() }, ..story }
}
