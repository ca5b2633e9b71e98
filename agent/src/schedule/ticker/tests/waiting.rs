//! What a run that is due waits for, and maintenance: asked for once, by nobody twice, for nothing that is not there.

use wire::{
    id::GroupName,
    plan::{Conditions, Presence},
    snapshot::Snapshot,
};

use super::*;
use crate::{run::stage::HOST, schedule::WaitsFor};

impl Play {
    async fn on(&self, cron: &str, conditions: Conditions, presence: Presence) {
        let mut plan = self.plan(cron);
        plan.schedules.values_mut().for_each(|schedule| schedule.conditions = conditions);
        plan.presence = presence;
        self.stage.set_plan(plan).await;
    }

    fn waits_for(&self) -> Vec<WaitsFor> {
        self.waiting.borrow().iter().flat_map(|waiting| waiting.waits_for.clone()).collect()
    }

    /// Off for so long, and up again.
    fn away(&mut self, how_long: Duration) {
        self.stop.cancel();
        self.time.advance(how_long);
        self.start();
    }

    /// (kind, group) of everything that was asked for. What was asked for together has no order of its own: the queue
    /// gives it one.
    async fn kinds(&self) -> Vec<(JobKind, Option<GroupName>)> {
        let jobs = self.stage.jobs().await.into_iter();
        let mut kinds: Vec<_> = jobs.map(|job| (job.subject.kind, job.subject.group)).collect();
        kinds.sort();
        kinds
    }
}

#[tokio::test]
async fn a_run_waits_for_power_and_network_and_is_then_one() {
    let mut play = Play::new("0 * * * *").await;
    let conditions = Conditions { mains_power: true, unmetered: true, reachable: false };
    play.on("0 * * * *", conditions, Presence::AlwaysOn).await;
    play.time.set_mains_power(false);
    play.time.set_metered(true);
    play.start();
    play.go(59, MINUTE).await;
    assert!(play.waits_for().is_empty(), "nothing is due");
    play.go(2, MINUTE).await;
    assert_eq!(play.waits_for(), [WaitsFor::MainsPower, WaitsFor::UnmeteredNetwork]);
    play.go(100, MINUTE).await;
    play.time.set_mains_power(true);
    play.go(2, MINUTE).await;
    assert_eq!(play.waits_for(), [WaitsFor::UnmeteredNetwork]);
    assert!(play.asked().await.is_empty());
    play.time.set_metered(false);
    play.go(2, MINUTE).await;
    assert!(play.waits_for().is_empty());
    assert_eq!(play.asked().await, [(caught_up(120), JobState::Queued)]);
}

#[tokio::test]
async fn a_run_that_wants_an_answer_waits_for_it_however_long() {
    let mut play = Play::new("0 * * * *").await;
    play.on("0 * * * *", Conditions { reachable: true, ..Conditions::default() }, Presence::AlwaysOn).await;
    play.stage.doors.shut(true);
    play.start();
    play.go(62, MINUTE).await;
    assert_eq!(play.waits_for(), [WaitsFor::Repository("main".parse().unwrap())]);
    play.stage.doors.shut(false);
    play.go(2, MINUTE).await;
    assert_eq!(play.asked().await, [(scheduled(60), JobState::Queued)]);
    play.finish_open().await;
    play.stage.doors.shut(true);
    play.go(310, MINUTE).await;
    assert_eq!(play.asked().await.len(), 1);
    play.stage.doors.shut(false);
    play.go(2, MINUTE).await;
    assert_eq!(play.asked().await[1], (caught_up(360), JobState::Queued));
}

#[tokio::test]
async fn a_machine_that_comes_and_goes_settles_for_a_minute_and_waits_on_for_its_repository() {
    let mut play = Play::new("0 * * * *").await;
    play.on("0 */3 * * *", Conditions::default(), Presence::Intermittent).await;
    play.start();
    play.go(2, SECOND).await;
    play.away(Duration::from_mins(190));
    play.go(58, SECOND).await;
    assert_eq!(play.waits_for(), [WaitsFor::Settling]);
    assert!(play.asked().await.is_empty());
    play.go(4, SECOND).await;
    assert_eq!(play.asked().await, [(caught_up(180), JobState::Queued)]);
    play.finish_open().await;
    // Elsewhere, where the repository is not, far longer than a server would wait.
    play.stage.doors.shut(true);
    play.away(Duration::from_mins(200));
    play.go(45, MINUTE).await;
    assert_eq!(play.asked().await.len(), 1);
    assert_eq!(play.waits_for(), [WaitsFor::Repository("main".parse().unwrap())]);
    play.stage.doors.shut(false);
    play.go(2, MINUTE).await;
    assert_eq!(play.asked().await[1], (caught_up(360), JobState::Queued));
}

/// Eight repositories, of which each lets a knock wait: however long that is, the machine was awake, and what is late
/// is tried after a quarter of an hour so that it fails where somebody sees it.
#[tokio::test]
async fn a_look_that_takes_its_time_is_no_sleep_and_knocks_are_made_together() {
    let mut play = Play::new("0 * * * *").await;
    let mut plan = play.plan("0 * * * *");
    for n in 0..8 {
        let name = format!("far{n}");
        let backend = wire::plan::Backend::Local { path: format!("/nowhere/{n}") };
        plan.repositories.insert(name.parse().unwrap(), wire::plan::Repository::new(backend));
        let group = serde_json::json!({ "includes": ["/home"], "repository": name });
        plan.groups.insert(name.parse().unwrap(), serde_json::from_value(group).unwrap());
        plan.schedules.values_mut().for_each(|schedule| schedule.groups.push(name.parse().unwrap()));
    }
    play.stage.set_plan(plan).await;
    play.start();
    play.go(2, SECOND).await;
    play.stage.doors.shut(true);
    play.stage.doors.slow(&play.stage.world, Duration::from_secs(8));
    play.away(Duration::from_mins(90));
    play.go(31 + 9, SECOND).await;
    assert_eq!(play.waits_for().len(), 9, "all of them were asked within one knock");
    play.stage.doors.slow(&play.stage.world, Duration::from_secs(90));
    play.go(18, MINUTE).await;
    assert_eq!(play.asked().await, vec![(caught_up(60), JobState::Queued); 9]);
}

/// A snapshot of the group, as its backup would have noted it.
async fn note_snapshot(play: &Play, hostname: &str) {
    let snapshot = Snapshot {
        id: hostname.len().to_string().repeat(64),
        time: START,
        hostname: hostname.to_owned(),
        paths: vec!["/home".to_owned()],
        tags: vec!["default".to_owned()],
        group: Some("default".parse().unwrap()),
        size_bytes: None,
        files: None,
        added_bytes: None,
        doubt: None,
    };
    let main = "main".parse().unwrap();
    let add = move |tx: &Tx<'_>| snapshots::add(tx, &main, snapshot, START);
    play.stage.store.write::<_, StoreError>(add).await.unwrap();
}

#[tokio::test]
async fn maintenance_is_asked_for_once_and_for_nothing_that_is_not_there() {
    let mut play = Play::new("0 0 1 1 *").await;
    let mut plan = play.plan("0 0 1 1 *");
    let hourly = || "0 * * * *".parse().ok();
    plan.maintenance = Maintenance {
        forget: hourly(),
        prune: hourly(),
        check: hourly(),
        drill: hourly(),
        ..Maintenance::default()
    };
    play.stage.set_plan(plan).await;
    play.start();
    play.go(61, MINUTE).await;
    let default = || Some("default".parse().unwrap());
    let first = [(JobKind::Forget, default()), (JobKind::Prune, None), (JobKind::Check, None)];
    assert_eq!(play.kinds().await, first, "without a snapshot there is nothing to practise with");
    let origins: Vec<Origin> = play.stage.jobs().await.into_iter().map(|job| job.origin).collect();
    assert!(origins.iter().all(|origin| *origin == Origin::Maintenance { due_at: at(60) }), "{origins:?}");

    // What waits is the maintenance, and nothing says that it was left out. Another host's snapshot is none to practise
    // with; one's own is.
    note_snapshot(&play, "otherhost").await;
    play.go(60, MINUTE).await;
    assert_eq!(play.kinds().await, first);
    note_snapshot(&play, HOST).await;
    play.go(60, MINUTE).await;
    assert_eq!(play.kinds().await[3..], [(JobKind::Drill, default())]);
}
