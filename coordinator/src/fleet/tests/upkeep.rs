//! What looks after backups, folded and read back: jobs' findings, holds, locks, numbers, plans' history, names.

use std::time::Duration;

use wire::{
    action::{JobOptions, Outcome},
    id::UnixMs,
    job::{JobKind, JobResult, JobState},
    journal::{Holds, Local, Locks, PlanBy, PlanFile, PlanRevision, Snapshots},
    plan::{MaintenanceTask, PlanChange, PlanFileProblem},
    snapshot::{HoldCause, Snapshot, SnapshotDoubt},
    view::{PresenceView, TroubleKind},
};

use super::{
    records::{DAY_MS, hold, lock, membership},
    stage::{START, Stage, peer},
};
use crate::fleet::{HostQuery, HostStatus, JobQuery};

const PLAN: &str = r#"{
    "repositories": {"main": {"backend": {"kind": "local", "path": "/srv/backup"}}},
    "groups": {"default": {"includes": ["/etc"]}}
}"#;

#[tokio::test]
async fn a_job_says_how_it_was_asked_and_what_it_found() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let job = actor.checked(2);
    actor.backup(JobState::Succeeded, 0);
    actor.sync(&stage, &host).await;
    let one = stage.fleet.job(actor.id(), job).await.unwrap();
    assert_eq!(one.options, JobOptions { read_data_percent: Some(100), ..JobOptions::default() });
    let Some(JobResult::Check(found)) = one.result else { panic!("{:?}", one.result) };
    assert_eq!(found.problems.len(), 2);
    assert_eq!(one.lacks[0].what, "summary");
    let query = JobQuery {
        kind: vec![JobKind::Check, JobKind::Drill],
        repository: Some("main".parse().unwrap()),
        ..JobQuery::default()
    };
    let list = stage.fleet.jobs(actor.id(), query.clone()).await.unwrap().items;
    assert_eq!(list.iter().map(|listed| listed.job).collect::<Vec<_>>(), [job]);
    assert_eq!((list[0].result.is_none(), list[0].lacks.len()), (true, 1), "a list leaves the findings out");
    let elsewhere = JobQuery { repository: Some("other".parse().unwrap()), ..query };
    assert!(stage.fleet.jobs(actor.id(), elsewhere).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn holds_locks_and_doubts_are_shown_until_they_are_gone() {
    let mut stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    let main: wire::id::RepositoryName = "main".parse().unwrap();
    actor.plan(1, PLAN);
    actor.append(&Holds { holds: vec![hold(HoldCause::UnknownSnapshot)] });
    actor.append(&Locks { repository: main.clone(), locks: vec![lock(1), lock(2)] });
    let doubtful = Snapshot {
        id: "ab".repeat(32),
        time: START,
        hostname: "web-1".into(),
        paths: Vec::new(),
        tags: Vec::new(),
        group: None,
        size_bytes: None,
        files: None,
        added_bytes: None,
        doubt: Some(SnapshotDoubt::Unknown),
    };
    let trusted = Snapshot { id: "cd".repeat(32), doubt: None, ..doubtful.clone() };
    actor.append(&Snapshots {
        repository: main.clone(),
        whole: true,
        added: vec![doubtful.clone(), trusted],
        removed: Vec::new(),
    });
    host.head = Some(actor.sync(&stage, &host).await.head);
    stage.fleet.settled().await;
    let agent = actor.id();
    let view = stage.fleet.host(agent).await.unwrap();
    assert_eq!((view.holds.len(), view.row.held), (1, true));
    let repository = &view.repositories[0];
    assert_eq!((repository.locks.len(), repository.doubtful, repository.snapshots), (2, 1, 2));
    assert_eq!(repository.locks_at, Some(START.plus_ms(3_000)));
    let forget = stage.fleet.maintenance(agent).await.unwrap().remove(0);
    assert_eq!(forget.held.as_deref(), Some("because of unknown_snapshot"));
    let held = |held| HostQuery { held: Some(held), ..HostQuery::default() };
    assert_eq!(stage.fleet.hosts(&held(true)).unwrap().total, Some(1));
    assert_eq!(stage.fleet.tiles(stage.world.now()).held, 1);
    stage.restart().await;
    assert!(stage.fleet.hosts(&HostQuery::default()).unwrap().items[0].held);

    actor.append(&Holds { holds: Vec::new() });
    actor.append(&Locks { repository: main.clone(), locks: Vec::new() });
    let adopted = Snapshot { doubt: None, ..doubtful };
    let (added, removed) = (vec![adopted], Vec::new());
    actor.append(&Snapshots { repository: main, whole: false, added, removed });
    actor.sync(&stage, &host).await;
    let view = stage.fleet.host(agent).await.unwrap();
    assert_eq!((view.holds.len(), view.row.held), (0, false));
    let repository = &view.repositories[0];
    assert_eq!((repository.locks.len(), repository.doubtful), (0, 0));
    assert_eq!(repository.locks_at, Some(START.plus_ms(6_000)));
    assert_eq!(stage.fleet.hosts(&held(false)).unwrap().total, Some(1));
}

#[tokio::test]
async fn a_plan_file_that_is_refused_is_shown_with_the_plan_until_it_is_mended() {
    let mut stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    let agent = actor.id();
    actor.plan(1, PLAN);
    let problem =
        PlanFileProblem { line: Some(12), field: "groups.web.keep".to_owned(), message: "ä".repeat(1_000) };
    actor.append(&PlanFile { problems: vec![problem; 50] });
    host.head = Some(actor.sync(&stage, &host).await.head);
    stage.restart().await;
    let view = stage.fleet.plan(agent).await.unwrap();
    assert_eq!(view.file_problems.len(), PlanFileProblem::MOST);
    let PlanFileProblem { line, field, message } = &view.file_problems[0];
    assert_eq!((*line, field.as_str(), message.len()), (Some(12), "groups.web.keep", 300));
    assert_eq!((view.revision, view.read_only.is_some()), (1, true), "the plan before stays in force");

    actor.append(&PlanFile { problems: Vec::new() });
    actor.sync(&stage, &host).await;
    let view = stage.fleet.plan(agent).await.unwrap();
    assert!(view.file_problems.is_empty());
}

#[tokio::test]
async fn every_revision_of_a_plan_is_kept_with_who_and_why() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.plan(1, "{}");
    actor.append(&PlanRevision {
        revision: 2,
        plan: serde_json::from_str(PLAN).unwrap(),
        by: PlanBy::Local,
        changes: vec![PlanChange::GroupAdded { group: "default".parse().unwrap() }],
        note: Some("the new server".into()),
    });
    actor.plan(3, PLAN);
    // The disk was set back: this number comes twice.
    actor.plan(3, "{}");
    actor.sync(&stage, &host).await;
    let agent = actor.id();
    let (mut cursor, mut seen) = (None, Vec::new());
    loop {
        let page = stage.fleet.plan_history(agent, cursor, 3).await.unwrap();
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.iter().map(|past| past.revision).collect::<Vec<_>>(), [3, 3, 2, 1]);
    assert_eq!(
        (seen[2].by.as_str(), seen[2].note.as_deref()),
        ("the endpoint's terminal", Some("the new server"))
    );
    assert_eq!((seen[2].changes.len(), seen[3].by.as_str(), seen[2].at), (1, "ada", START.plus_ms(2_000)));
    let past = stage.fleet.plan_revision(agent, 2, None).await.unwrap();
    assert_eq!((past.revision, past.plan.groups.len()), (2, 1));
    let last = stage.fleet.plan_revision(agent, 3, None).await.unwrap();
    assert_eq!((last.plan.groups.len(), stage.fleet.plan(agent).await.unwrap().plan), (0, last.plan));
    assert!(stage.fleet.plan_revision(agent, 9, None).await.is_err());
    // Each is told apart, and found again.
    for (past, groups) in seen.iter().zip([0, 1, 1, 0]) {
        let found = stage.fleet.plan_revision(agent, past.revision, Some(&past.place)).await.unwrap();
        assert_eq!((found.revision, found.changed_at), (past.revision, Some(past.at)));
        assert_eq!(found.plan.groups.len(), groups);
    }
    for place in [seen[2].place.as_str(), "2.4", "1.9", "x", ""] {
        assert!(stage.fleet.plan_revision(agent, 3, Some(place)).await.is_err(), "{place}");
    }
}

#[tokio::test]
async fn a_size_a_day_is_kept_for_a_year_and_drawn_for_a_month() {
    let mut stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.plan(1, PLAN);
    // Longer than what is kept, two a day: the second counts.
    for day in 0..450 {
        actor.numbers("main", 1);
        actor.numbers("main", 1_000 + day);
        actor.wait_days(1);
    }
    actor.sync(&stage, &host).await;
    stage.fleet.settled().await;
    let (agent, main) = (actor.id(), || "main".parse().unwrap());
    stage.time.advance(Duration::from_millis((449 * DAY_MS).unsigned_abs()));
    for days in [30, 90, 365] {
        let view = stage.fleet.repository_history(agent, main(), days).await.unwrap();
        let sizes: Vec<u64> = view.points.iter().map(|point| point.stored_bytes).collect();
        // 1,000 and as many as the day has, up to the last.
        let first = 1_449 - u64::from(days) + 1;
        assert!(sizes.iter().copied().eq(first..=1_449), "{days}: {sizes:?}");
        assert!(view.points.windows(2).all(|two| two[0].at < two[1].at));
    }
    let rows = crate::store::tests::rows_of_hosts(stage.fleet.store()).await;
    assert!(rows < 1_400, "{rows} rows: 900 records, and not more than 400 days");
    assert!(stage.fleet.repository_history(agent, "nothing".parse().unwrap(), 30).await.is_err());

    stage.restart().await;
    let row = stage.fleet.hosts(&HostQuery::default()).unwrap().items.remove(0);
    assert_eq!((row.trend.len(), row.trend[0], row.trend[29]), (30, 97, 100));
    // Nothing is heard for a month: the line goes on as it was.
    stage.time.advance(Duration::from_millis((40 * DAY_MS).unsigned_abs()));
    stage.fleet.sweep().await;
    let row = stage.fleet.hosts(&HostQuery::default()).unwrap().items.remove(0);
    assert_eq!(row.trend, [100; 30]);
}

#[tokio::test]
async fn a_measure_of_a_wrong_clock_does_not_hide_the_right_ones() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    actor.plan(1, PLAN);
    actor.clock = UnixMs(START.0 + 4_000 * DAY_MS);
    actor.numbers("main", 666);
    actor.clock = START;
    actor.numbers("main", 7);
    actor.sync(&stage, &host).await;
    stage.fleet.settled().await;
    let view = stage.fleet.host(actor.id()).await.unwrap();
    assert_eq!(view.repositories[0].numbers.as_ref().unwrap().stored_bytes, 7);
    assert_eq!((view.repositories[0].history.len(), view.row.size_bytes), (1, Some(7)));
}

#[tokio::test]
async fn a_host_is_called_what_its_journal_says_and_a_namesake_is_told() {
    let mut stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    let (other, _) = stage.member("Mail").await;
    actor.append(&membership("mail", &["prod", "eu"]));
    actor.sync(&stage, &host).await;
    for _ in 0..2 {
        let view = stage.fleet.host(actor.id()).await.unwrap();
        assert_eq!((view.row.name.as_str(), view.row.tags.len()), ("mail", 2));
        let trouble = view.trouble.unwrap();
        assert!(trouble.kind == TroubleKind::Namesake && trouble.message.contains("called Mail too"));
        let trouble = stage.fleet.host(other.id()).await.unwrap().trouble.unwrap();
        assert!(trouble.message.contains("called mail too"), "{trouble:?}");
        let tagged = HostQuery { tags: vec!["eu".into()], text: Some("mail".into()), ..HostQuery::default() };
        assert_eq!(stage.fleet.hosts(&tagged).unwrap().total, Some(1));
        stage.restart().await;
    }
}

#[tokio::test]
async fn who_left_the_fleet_counts_no_more_and_takes_no_orders() {
    let stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    let (_other, _) = stage.member("web-2").await;
    let _seat = stage.fleet.take_seat(actor.id(), peer(1)).await.unwrap();
    assert_eq!((stage.fleet.tiles(START).hosts, stage.fleet.tiles(START).online), (2, 1));
    actor.append(&Local::Retired);
    let outcome = Outcome::Accepted { jobs: vec![], revision: None };
    actor.receipt(1, wire::id::OrderId(stage.world.uuid()), "retire", outcome);
    host.head = Some(actor.sync(&stage, &host).await.head);
    let agent = actor.id();
    let view = stage.fleet.host(agent).await.unwrap();
    assert_eq!((view.retired_at, view.row.retired), (Some(START.plus_ms(1_000)), true));
    assert_eq!(view.row.presence, PresenceView::Online, "it is still heard");
    assert_eq!((stage.fleet.tiles(START).hosts, stage.fleet.tiles(START).online), (1, 0));
    let of = |status| HostQuery { status: vec![status], ..HostQuery::default() };
    assert_eq!(stage.fleet.hosts(&of(HostStatus::Online)).unwrap().total, Some(0));
    assert_eq!(stage.fleet.hosts(&of(HostStatus::NoBackup)).unwrap().total, Some(1));
    assert_eq!(stage.fleet.hosts(&HostQuery::default()).unwrap().total, Some(1));
    assert_eq!(stage.fleet.hosts(&of(HostStatus::Retired)).unwrap().total, Some(1));
    let probe = wire::action::Action::Probe { repository: "main".parse().unwrap() };
    let refused = stage
        .fleet
        .order(&stage.act("ada"), agent, wire::view::OrderRequest::Routine { routine: probe })
        .await;
    assert!(refused.unwrap_err().to_string().contains("left the fleet"));
    // It was enrolled again.
    actor.append(&membership("web-1", &[]));
    actor.sync(&stage, &host).await;
    assert_eq!(stage.fleet.host(agent).await.unwrap().retired_at, None);
    assert_eq!(stage.fleet.tiles(START).hosts, 2);
}

#[tokio::test]
async fn maintenance_is_told_task_by_task_with_its_last_run() {
    let stage = Stage::new().await;
    let (mut actor, host) = stage.member("web-1").await;
    assert!(stage.fleet.maintenance(actor.id()).await.unwrap().is_empty());
    actor.append(&actor.facts());
    actor.plan(1, PLAN);
    actor.checked(0);
    let last = actor.checked(1);
    actor.sync(&stage, &host).await;
    let all = stage.fleet.maintenance(actor.id()).await.unwrap();
    assert_eq!(all.iter().map(|row| row.task).collect::<Vec<_>>(), MaintenanceTask::ALL);
    let check = &all[2];
    assert_eq!((check.last.as_ref().unwrap().job, check.zone.as_str()), (last, "UTC"));
    assert!(
        all.iter().all(|row| row.next.is_some_and(|next| next > stage.world.now()) && row.held.is_none())
    );
    assert!(all[0].last.is_none());
}

#[tokio::test]
async fn the_last_run_of_a_schedule_is_its_own_and_as_bad_as_its_worst_group() {
    use wire::job::Origin;
    let stage = Stage::new().await;
    let (mut actor, mut host) = stage.member("web-1").await;
    actor.plan(
        1,
        r#"{"repositories": {"main": {"backend": {"kind": "local", "path": "/srv/backup"}}},
            "groups": {"a": {"includes": ["/a"]}, "b": {"includes": ["/b"]}},
            "schedules": {"nightly": {"cron": "0 2 * * *", "groups": ["a", "b"]},
                          "weekly": {"cron": "0 4 * * 0", "groups": ["a"], "enabled": false}}}"#,
    );
    let due = |day: i64| UnixMs(START.0 - (10 - day) * DAY_MS);
    let run = |actor: &mut super::stage::Actor, group: &str, origin, state| {
        let job = actor.queued(group, origin);
        actor.finished(job, state);
        job
    };
    let nightly = || "nightly".parse().unwrap();
    let at = |day| Origin::Schedule { schedule: nightly(), due_at: due(day) };
    let late = |day| Origin::CatchUp { schedule: nightly(), due_at: due(day) };
    let last = async |actor: &super::stage::Actor| {
        let all = stage.fleet.schedules(actor.id(), stage.world.now()).await.unwrap();
        assert_eq!((all[1].name.as_str(), &all[1].last), ("weekly", &None));
        all[0].last.as_ref().map(|last| (last.job, last.state))
    };
    // Neither a person's run, nor another's.
    run(&mut actor, "a", Origin::Local, JobState::Succeeded);
    host.head = Some(actor.sync(&stage, &host).await.head);
    assert_eq!(last(&actor).await, None);
    let failed = run(&mut actor, "a", at(1), JobState::Failed);
    run(&mut actor, "b", at(1), JobState::Succeeded);
    run(&mut actor, "a", Origin::Local, JobState::Succeeded);
    host.head = Some(actor.sync(&stage, &host).await.head);
    assert_eq!(last(&actor).await, Some((failed, JobState::Failed)), "one success hides nothing");
    // Of a retry, and of a retry's retry, the last attempt counts.
    let again = run(&mut actor, "a", Origin::Retry { job: failed, attempt: 2, of: None }, JobState::Failed);
    let mended =
        run(&mut actor, "a", Origin::Retry { job: again, attempt: 3, of: None }, JobState::Succeeded);
    host.head = Some(actor.sync(&stage, &host).await.head);
    assert_eq!(last(&actor).await, Some((mended, JobState::Succeeded)));
    // A newer one counts once something of it ended; what a wrong clock was due at does not.
    let open = actor.queued("a", late(2));
    run(&mut actor, "b", at(4_000), JobState::Failed);
    host.head = Some(actor.sync(&stage, &host).await.head);
    assert_eq!(last(&actor).await, Some((mended, JobState::Succeeded)));
    actor.finished(open, JobState::Incomplete);
    actor.sync(&stage, &host).await;
    assert_eq!(last(&actor).await, Some((open, JobState::Incomplete)));
}
