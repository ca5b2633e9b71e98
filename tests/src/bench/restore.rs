//! Getting it back: a restore through the agent against the same `restic restore` by hand, and how long a directory of very
//! many entries takes to open against `restic ls`.
//!
//! The two ways by turns, each to a directory of its own, from one repository.

use std::{
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::json;
use wire::{
    action::{Action, Outcome},
    id::JobId,
    job::JobState,
    path::RawPath,
    plan::Plan,
    restore::{Meanwhile, Overwrite, Ownership, Restore, RestoreTarget},
    view::TreeView,
};

use super::{
    Scale,
    figure::{Figure, Unit},
    median,
    station::Station,
};
use crate::{person::random_password, place::Place, programs::newest_restic, simulated::Dice};

/// A restore may take so much of what it takes by hand.
const BUDGET: f64 = 1.05;
const RUNS: usize = 3;

pub async fn measure(scale: Scale) -> Vec<Figure> {
    let place = Place::temporary();
    let restic = newest_restic();
    let files = place.root().join("files");
    let entries = scale.pick(10_000, 50);
    for run in 0..scale.pick(RUNS, 1) {
        fill(&files.join(format!("many {run}")), entries, 64);
    }
    fill(&files.join("small"), scale.pick(10_000, 20), 16_000);
    fill(&files.join("large"), scale.pick(8, 1), scale.pick(64 << 20, 1 << 16));
    let (mut station, password) = station(&place, &restic, &files).await;
    let hand = Hand { restic, place: &place, password };

    let snapshot = only_snapshot(&station).await;
    let restored = restores(scale, &mut station, &hand, &snapshot).await;
    let opened = openings(scale, &station, &hand, (&snapshot, &files, entries)).await;
    assert!(station.daemon.stop().success(), "the agent did not stop cleanly");
    restored.into_iter().chain(opened).collect()
}

/// A host that has backed these files up once.
async fn station(place: &Place, restic: &Path, files: &Path) -> (Station, String) {
    let mut station = Station::start(place, restic).await;
    let password = random_password();
    let secret = station.person.seal(&station.host.binding, "repository/main/password", 1, &password);
    let plan = json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": place.repository() } } },
        "groups": { "default": { "includes": [files] } },
        "maintenance": { "forget": null },
    });
    let plan: Plan = serde_json::from_value(plan).expect("a plan");
    let outcome = station.person.set_plan(station.host.agent, plan, vec![secret]).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "the plan was refused: {outcome:#?}");
    let job = station.order(&"default".parse().expect("a name")).await;
    let view = station.finished(job).await;
    assert_eq!(view.state, JobState::Succeeded, "{view:#?}");
    (station, password)
}

async fn only_snapshot(station: &Station) -> String {
    let all = station.person.snapshots(station.host.agent).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].snapshot.id.clone()
}

async fn restores(scale: Scale, station: &mut Station, hand: &Hand<'_>, snapshot: &str) -> Vec<Figure> {
    let (mut by_hand, mut through) = (Vec::new(), Vec::new());
    for run in 0..scale.pick(RUNS, 1) {
        let target = |way: &str| hand.place.root().join(format!("{way}-{run}"));
        let begun = Instant::now();
        hand.run(&["restore", snapshot, "--target", target("hand").to_str().expect("text")]);
        by_hand.push(begun.elapsed().as_secs_f64());
        rustix::fs::sync();
        let job = order(station, snapshot, &target("agent")).await;
        let view = station.finished(job).await;
        assert_eq!(view.state, JobState::Succeeded, "{view:#?}");
        let (started, finished) = (view.started_at.expect("it ran"), view.finished_at.expect("it is over"));
        through.push(seconds(finished.since(started)));
        for way in ["hand", "agent"] {
            fs::remove_dir_all(target(way)).expect("what was restored can be removed");
        }
        rustix::fs::sync();
    }
    eprintln!("restore: by hand {by_hand:.3?} s, through the agent {through:.3?} s");
    let (hand, agent) = (median(by_hand), median(through));
    vec![
        Figure::new("restore_hand_s", "restic restore by hand", hand, Unit::Seconds),
        Figure::new(
            "restore_agent_s",
            "the agent's restore, with its look at the room",
            agent,
            Unit::Seconds,
        ),
        Figure::new("restore_ratio", "restore, agent against by hand", agent / hand, Unit::Ratio)
            .at_most(BUDGET),
    ]
}

async fn order(station: &Station, snapshot: &str, target: &Path) -> JobId {
    let restore = Restore {
        repository: "main".parse().expect("a name"),
        snapshot: snapshot.to_owned(),
        picks: Vec::new(),
        target: RestoreTarget::Directory { path: target.to_str().expect("text").to_owned(), base: None },
        overwrite: Overwrite::Always,
        ownership: Ownership::Keep,
        verify: false,
        dry_run: false,
        meanwhile: Meanwhile::Wait,
        lent: None,
    };
    let action = Action::Restore { restore: Box::new(restore) };
    match station.person.grave(station.host.agent, action).await {
        Outcome::Accepted { jobs, .. } => *jobs.first().expect("a restore is a job"),
        refused @ Outcome::Refused { .. } => panic!("the restore was refused: {refused:#?}"),
    }
}

/// Each directory once: what was opened before comes from the coordinator's memory.
async fn openings(
    scale: Scale,
    station: &Station,
    hand: &Hand<'_>,
    (snapshot, files, entries): (&str, &Path, usize),
) -> Vec<Figure> {
    let (mut by_hand, mut opened, mut again) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..scale.pick(RUNS, 1) {
        let dir = files.join(format!("many {run}"));
        let begun = Instant::now();
        hand.run(&["ls", "--json", snapshot, dir.to_str().expect("text")]);
        by_hand.push(begun.elapsed().as_secs_f64());
        for times in [&mut opened, &mut again] {
            let begun = Instant::now();
            let view = open(station, snapshot, &dir).await;
            times.push(begun.elapsed().as_secs_f64());
            assert_eq!(view.total, entries as u64, "{}", dir.display());
        }
    }
    eprintln!("open: restic ls {by_hand:.3?} s, through the coordinator {opened:.3?} s, again {again:.3?} s");
    let (hand, first, second) = (median(by_hand), median(opened), median(again));
    let what = format!("a directory of {entries} entries");
    vec![
        Figure::new("ls_hand_s", format!("restic ls by hand, {what}"), hand, Unit::Seconds),
        Figure::new("tree_open_s", format!("opened in the panel's API, {what}"), first, Unit::Seconds),
        Figure::new("tree_again_ms", format!("opened again, {what}"), second * 1_000.0, Unit::Milliseconds),
        Figure::new("tree_ratio", "opening, API against restic ls by hand", first / hand, Unit::Ratio),
    ]
}

async fn open(station: &Station, snapshot: &str, dir: &Path) -> TreeView {
    let path = RawPath::from_bytes(dir.as_os_str().as_bytes());
    let at = format!("/hosts/{}/repositories/main/snapshots/{snapshot}/tree", station.host.agent);
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("path", path.as_str()).finish();
    station.person.get(&format!("{at}?{query}")).await
}

/// As a person would type it.
struct Hand<'a> {
    restic: PathBuf,
    place: &'a Place,
    password: String,
}

impl Hand<'_> {
    fn run(&self, arguments: &[&str]) {
        let status = Command::new(&self.restic)
            .arg("--repo")
            .arg(self.place.repository())
            .arg("--cache-dir")
            .arg(self.place.root().join("by-hand-cache"))
            .args(arguments)
            .env("RESTIC_PASSWORD", &self.password)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("restic runs").success(), "{arguments:?}");
    }
}

fn fill(dir: &Path, count: usize, bytes: usize) {
    let mut dice = Dice::new(count as u64 ^ bytes as u64);
    fs::create_dir_all(dir).expect("a directory");
    for n in 0..count {
        let mut content = Vec::with_capacity(bytes + 8);
        while content.len() < bytes {
            content.extend_from_slice(&dice.roll().to_le_bytes());
        }
        content.truncate(bytes);
        fs::write(dir.join(format!("file {n}")), content).expect("a file");
    }
}

#[expect(clippy::cast_precision_loss, reason = "a restore takes less than 2^52 milliseconds")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
