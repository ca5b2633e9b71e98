//! A backup through the agent, with its coordinator, against the same `restic backup` by hand.
//!
//! A fresh repository for every run, the two ways by turns, the files read once before each.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::{Map, Value, json};
use wire::{id::GroupName, job::JobState};

use super::{
    Scale,
    figure::{Figure, Unit},
    median,
    station::Station,
};
use crate::{person::now, place::Place, programs::newest_restic, simulated::Dice};

/// A backup may take so much of what it takes by hand.
const BUDGET: f64 = 1.02;
const RUNS: usize = 3;

/// A set of files, and what it is called.
struct Load {
    name: &'static str,
    what: String,
    files: PathBuf,
}

/// Seconds of one backup through the agent.
#[derive(Clone, Copy, Debug)]
struct Took {
    /// From the job's start to its end, as the journal has them.
    job: f64,
    /// From the order's leaving to the job's end.
    ordered: f64,
}

pub async fn measure(scale: Scale) -> Vec<Figure> {
    let place = Place::temporary();
    let restic = newest_restic();
    let loads = [small_files(&place, scale.pick(10_000, 50)), one_file(&place, scale.pick(1 << 30, 1 << 20))];
    let runs = scale.pick(RUNS, 1);
    let mut station = Station::start(&place, &restic).await;
    station.plan(plan(&place, &loads, runs)).await;
    let mut figures = Vec::new();
    let mut worst: f64 = 0.0;
    for load in &loads {
        let (mut by_hand, mut through) = (Vec::new(), Vec::new());
        for run in 0..runs {
            warm(&load.files).expect("the files can be read");
            by_hand.push(bare(&place, &restic, load, run));
            warm(&load.files).expect("the files can be read");
            through.push(ordered(&mut station, load, run).await);
        }
        eprintln!("{}: by hand {by_hand:.3?} s, through the agent {through:.3?} s", load.what);
        let hand = median(by_hand);
        let job = median(through.iter().map(|took| took.job).collect());
        let whole = median(through.iter().map(|took| took.ordered).collect());
        worst = worst.max(job / hand);
        let [hand_key, job_key, order_key, ratio_key] = keys(load.name);
        let what = &load.what;
        figures.extend([
            Figure::new(hand_key, format!("restic backup by hand, {what}"), hand, Unit::Seconds),
            Figure::new(job_key, format!("the agent's job, {what}"), job, Unit::Seconds),
            Figure::new(order_key, format!("from order to the job's end, {what}"), whole, Unit::Seconds),
            Figure::new(ratio_key, format!("agent against by hand, {what}"), job / hand, Unit::Ratio)
                .at_most(BUDGET),
        ]);
    }
    figures.push(
        Figure::new("backup_ratio", "agent against by hand, the worse", worst, Unit::Ratio).at_most(BUDGET),
    );
    assert!(station.daemon.stop().success(), "the agent did not stop cleanly");
    figures
}

fn keys(load: &str) -> [&'static str; 4] {
    match load {
        "small" => ["hand_small_s", "agent_small_s", "ordered_small_s", "backup_ratio_small_files"],
        _ => ["hand_large_s", "agent_large_s", "ordered_large_s", "backup_ratio_one_file"],
    }
}

fn small_files(place: &Place, count: usize) -> Load {
    let (files, mut dice) = (place.root().join("small"), Dice::new(1));
    for n in 0..count {
        let dir = files.join(format!("{:02}", n % 100));
        fs::create_dir_all(&dir).expect("a directory of small files");
        let bytes = usize::try_from(dice.between(200..=24_000)).expect("a small file");
        fs::write(dir.join(format!("file {n}.txt")), noise(&mut dice, bytes)).expect("a small file");
    }
    Load { name: "small", what: format!("{count} small files"), files }
}

fn one_file(place: &Place, bytes: usize) -> Load {
    let (files, mut dice) = (place.root().join("large"), Dice::new(2));
    fs::create_dir_all(&files).expect("a directory for one large file");
    let mut file = File::create(files.join("image.raw")).expect("a large file");
    let chunk = 1 << 20;
    for _ in 0..bytes / chunk {
        file.write_all(&noise(&mut dice, chunk)).expect("room for a large file");
    }
    Load { name: "large", what: format!("one file of {} MiB", bytes / chunk), files }
}

/// Does not compress, and no two are alike.
fn noise(dice: &mut Dice, bytes: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes + 8);
    while all.len() < bytes {
        all.extend_from_slice(&dice.roll().to_le_bytes());
    }
    all.truncate(bytes);
    all
}

/// A group and a repository of its own for each run of each load; nothing is due by itself.
fn plan(place: &Place, loads: &[Load], runs: usize) -> wire::plan::Plan {
    let (mut repositories, mut groups) = (Map::new(), Map::new());
    for load in loads {
        for run in 0..runs {
            let name = group(load, run);
            let path = place.root().join("through").join(&name);
            repositories.insert(name.clone(), json!({ "backend": { "kind": "local", "path": path } }));
            groups.insert(name.clone(), json!({ "repository": name, "includes": [load.files] }));
        }
    }
    let plan: Value =
        json!({ "repositories": repositories, "groups": groups, "maintenance": { "forget": null } });
    serde_json::from_value(plan).expect("a plan")
}

fn group(load: &Load, run: usize) -> String {
    format!("{}-{run}", load.name)
}

/// Reads every file once, and lets what was written before reach the disk.
fn warm(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            warm(&path)?;
        } else {
            io::copy(&mut File::open(path)?, &mut io::sink())?;
        }
    }
    rustix::fs::sync();
    Ok(())
}

/// As a person would type it.
fn bare(place: &Place, restic: &Path, load: &Load, run: usize) -> f64 {
    let repository = place.root().join("by-hand").join(group(load, run));
    let cache = place.root().join("by-hand-cache");
    let mut init = by_hand(restic, &repository, &cache);
    assert!(init.arg("init").status().expect("restic runs").success());
    rustix::fs::sync();
    let mut backup = by_hand(restic, &repository, &cache);
    backup.args(["backup", "--tag", load.name]).arg(&load.files);
    let begun = Instant::now();
    assert!(backup.status().expect("restic runs").success());
    begun.elapsed().as_secs_f64()
}

fn by_hand(restic: &Path, repository: &Path, cache: &Path) -> Command {
    let mut command = Command::new(restic);
    command
        .arg("--repo")
        .arg(repository)
        .arg("--cache-dir")
        .arg(cache)
        .env("RESTIC_PASSWORD", "by hand")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

async fn ordered(station: &mut Station, load: &Load, run: usize) -> Took {
    let group: GroupName = group(load, run).parse().expect("a group's name");
    let leaves = now();
    let job = station.order(&group).await;
    let view = station.finished(job).await;
    assert_eq!(view.state, JobState::Succeeded, "{view:#?}");
    let (started, finished) = (view.started_at.expect("it ran"), view.finished_at.expect("it is over"));
    Took { job: seconds(finished.since(started)), ordered: seconds(finished.since(leaves)) }
}

#[expect(clippy::cast_precision_loss, reason = "a backup takes less than 2^52 milliseconds")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
