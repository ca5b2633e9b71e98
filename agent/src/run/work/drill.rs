//! A restore drill: a random sample of a group's newest snapshot is restored into a private directory, compared, and
//! removed. Proves that backups come back; leaves nothing behind, however it ends.

mod compare;
mod sample;
mod scratch;

use std::{
    ffi::{OsStr, OsString},
    mem,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use wire::{
    id::GroupName,
    job::{DrillMismatch, DrillResult, JobNumbers, JobResult, JobState, Lack, Reason},
    plan::Maintenance,
    quantity::{count as counted, size},
    snapshot::Snapshot,
};

use self::{compare::Compared, sample::Sample, scratch::Scratch};
use super::{Done, forget::count, listing};
use crate::{
    restic::{
        command::{Manner, Verb, literal},
        document::{self, ListedFile},
        exit::{self, Exit, Verdict},
        feature::Version,
    },
    run::{
        conversation::Bounds,
        session::{Early, Session},
    },
};

pub use scratch::{sweep, sweep_job};

/// restic says how far a restore is from here on.
const PROGRESS: Version = Version { major: 0, minor: 17, patch: 0 };
/// Where nobody said how fast it may be: a line that is slower is none to drill over.
const SLOW_KIB_S: u32 = 16;
/// Until the first byte of a file: the index is read before.
const OPENING: Duration = Duration::from_hours(2);
const MIB: u64 = 1024 * 1024;
/// So many bytes of patterns go into one call: an argument list has an end.
const PATTERN_BYTES: usize = 256 * 1024;
/// So many are named in the result; all of them count.
const NAMED: usize = 100;

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    session.group()?;
    session.reach().await?;
    if !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    let Some(snapshot) = newest(session).await? else {
        session.log.say("The group has no snapshot of this host yet: there is nothing to restore");
        let result = Some(JobResult::Drill(DrillResult::default()));
        return Ok(Done { result, ..Done::plain(Verdict::SUCCESS) });
    };
    let Chosen { files, too_large, unnamed, seen } = choose(session, &snapshot).await?;
    if files.is_empty() && too_large + unnamed + seen > 0 {
        return Ok(proved_nothing(session, &snapshot, too_large, unnamed));
    }
    let bytes: u64 = files.iter().map(|file| file.size).sum();
    let short = snapshot.id.get(..8).unwrap_or(&snapshot.id);
    session.log.say(format!(
        "Restoring {}, {}, of snapshot {short}",
        counted(files.len() as u64, "file"),
        size(bytes)
    ));
    let scratch = Scratch::make(&session.shared.settings.data, session.job.id, bytes)?;
    let outcome = restore_and_compare(session, &snapshot, &files, scratch.path()).await;
    if let Err(problem) = scratch.remove(&session.shared.world).await {
        session
            .log
            .say(format!("What was restored could not be removed, the next start tries again: {problem}"));
    }
    outcome
}

/// The group's newest snapshot that this host made itself.
async fn newest(session: &mut Session) -> Result<Option<Snapshot>, Early> {
    let listed = listing::list(session).await?;
    let judged = listing::judged(session, &listed).await?;
    let tag = session.job.subject.group.as_ref().map(GroupName::as_str).unwrap_or_default();
    let host = session.host();
    let own = judged
        .snapshots
        .into_iter()
        .filter(|it| it.hostname == host && it.doubt.is_none() && it.tags.iter().any(|one| one == tag));
    Ok(own.max_by_key(|snapshot| snapshot.time))
}

/// What a look at a snapshot came to.
struct Chosen {
    files: Vec<ListedFile>,
    too_large: u64,
    unnamed: u64,
    /// How many could have been chosen.
    seen: u64,
}

/// There are files, and none that a drill may restore: nobody may take that for a backup that comes back.
fn proved_nothing(session: &mut Session, snapshot: &Snapshot, too_large: u64, unnamed: u64) -> Done {
    session.log.say("None of the snapshot's files may be restored by a drill: nothing is proven");
    session.ready(None);
    let numbers = JobNumbers {
        snapshot: Some(snapshot.id.clone()),
        files_total: Some(0),
        bytes_total: Some(0),
        ..JobNumbers::default()
    };
    let result = DrillResult { snapshot: snapshot.id.clone(), ..DrillResult::default() };
    let verdict = Verdict::incomplete(Reason::NothingRestored { too_large, unnamed });
    Done { numbers, result: Some(JobResult::Drill(result)), ..Done::plain(verdict) }
}

/// Reads the whole list of files, however long it is, and keeps a random few.
async fn choose(session: &mut Session, snapshot: &Snapshot) -> Result<Chosen, Early> {
    let Maintenance { drill_files, drill_mib, .. } = session.plan.maintenance;
    let files = usize::try_from(drill_files).unwrap_or(usize::MAX);
    let sample = Sample::new(session.shared.world.rng(), files, u64::from(drill_mib) * MIB);
    let sample = Arc::new(Mutex::new(sample));
    let taker = sample.clone();
    session.listener = Some(Box::new(move |line| {
        if let Some(file) = document::file(line) {
            taker.lock().unwrap_or_else(PoisonError::into_inner).see(file);
        }
    }));
    let silence = Some(session.shared.settings.patience.silence);
    let bounds = Bounds { silence, limit: None, heeds_stop: true };
    let listed = session.patiently(Verb::List { snapshot: &snapshot.id }, bounds).await;
    session.listener = None;
    let listed = listed?;
    if listed.exit != Exit::Code(0) {
        let reason = exit::failure(listed.exit, &listed.said, session.shared.world.now());
        session.note_failure(&reason);
        return Err(reason.into());
    }
    let mut sample = sample.lock().unwrap_or_else(PoisonError::into_inner);
    let (seen, unnamed, too_large) = (sample.seen, sample.unnamed, sample.too_large);
    session.log.say(format!("The snapshot has {} to choose from", counted(seen, "file")));
    if too_large > 0 {
        session.log.say(format!(
            "Larger than a drill may restore, which is {drill_mib} MiB: {}",
            counted(too_large, "file")
        ));
    }
    if unnamed > 0 {
        session.log.say(format!(
            "With names that are no text, which a drill cannot ask for: {}",
            counted(unnamed, "file")
        ));
    }
    Ok(Chosen { files: sample.take(), too_large, unnamed, seen })
}

async fn restore_and_compare(
    session: &mut Session,
    snapshot: &Snapshot,
    files: &[ListedFile],
    target: &Path,
) -> Result<Done, Early> {
    let complaint = restore(session, &snapshot.id, files, target).await?;
    let (mut all, mut may_look) = (Compared::default(), true);
    for file in files {
        if let Some(wish) = session.stop_wanted() {
            return Err(Early::Halted(wish));
        }
        let (world, limit) = (session.shared.world.clone(), session.shared.settings.patience.short_job);
        if may_look {
            let (one, back) = (file.clone(), target.to_owned());
            let looked = move |note: &dyn Fn(&str)| {
                note(&one.path);
                compare::compare(&one, &back, true)
            };
            match session.shared.looks.look(&world, limit, std::slice::from_ref(&file.path), looked).await {
                Ok(one) => {
                    all.add(one);
                    continue;
                }
                Err(unseen) => session.log.say(format!(
                    "{}: {unseen}; it and the files after it are not compared with their sources",
                    file.path
                )),
            }
            may_look = false;
        }
        all.add(compare::compare(file, target, false));
    }
    // What restic itself finds wrong counts also where no file shows it.
    if let Some(what) = complaint.filter(|_| all.mismatches.is_empty()) {
        all.mismatches.push(DrillMismatch { path: String::new(), what });
    }
    Ok(done(session, snapshot, all))
}

/// What restic found wrong with what it restored. A run that was cut off proves nothing: it is tried again.
async fn restore(
    session: &mut Session,
    id: &str,
    files: &[ListedFile],
    target: &Path,
) -> Result<Option<String>, Early> {
    let bounds = patience(session, files.iter().map(|file| file.size).sum());
    let manner = Manner { verify: true, ..Manner::default() };
    let mut complaint = None;
    for patterns in batches(files) {
        let verb = Verb::Restore { snapshot: id, base: None, target, patterns: &patterns, manner };
        let ended = session.patiently(verb, bounds).await?;
        match exit::restore(ended.exit, &ended.said, session.shared.world.now()) {
            Ok(what) => complaint = complaint.or(what),
            Err(reason) => {
                session.note_failure(&reason);
                return Err(reason.into());
            }
        }
    }
    Ok(complaint)
}

/// How long a restore may take. Before 0.17 it prints nothing until its end: then it has as long as so many bytes take
/// over a slow line, twice.
pub fn patience(session: &Session, bytes: u64) -> Bounds {
    let silence = session.shared.settings.patience.silence;
    if session.binary.features.version >= PROGRESS {
        return Bounds { silence: Some(silence), limit: None, heeds_stop: true };
    }
    let kib_s = u64::from(session.limits.download_kib_s.unwrap_or(SLOW_KIB_S).clamp(1, SLOW_KIB_S));
    let limit = OPENING + Duration::from_secs(bytes / 1024 / kib_s) * 2;
    Bounds { silence: None, limit: Some(limit), heeds_stop: true }
}

fn batches(files: &[ListedFile]) -> Vec<Vec<OsString>> {
    let (mut all, mut now, mut bytes) = (Vec::new(), Vec::new(), 0);
    for file in files {
        let pattern = literal(OsStr::new(&file.path));
        if bytes + pattern.len() > PATTERN_BYTES && !now.is_empty() {
            all.push(mem::take(&mut now));
            bytes = 0;
        }
        bytes += pattern.len();
        now.push(pattern);
    }
    all.extend((!now.is_empty()).then_some(now));
    all
}

fn done(session: &mut Session, snapshot: &Snapshot, all: Compared) -> Done {
    let Compared { files, bytes, with_source, mut mismatches } = all;
    session.log.say(format!(
        "{} came back, {with_source} of them compared with their source",
        counted(files, "file")
    ));
    for wrong in mismatches.iter().take(NAMED) {
        session.log.say(format!("{}: {}", wrong.path, wrong.what));
    }
    let problems = count(mismatches.len());
    let verdict = match mismatches.first() {
        None => Verdict::SUCCESS,
        Some(wrong) => {
            let first = if wrong.path.is_empty() {
                wrong.what.clone()
            } else {
                format!("{}: {}", wrong.path, wrong.what)
            };
            Verdict { state: JobState::Failed, reason: Some(Reason::DrillFailed { problems, first }) }
        }
    };
    session.ready(None);
    mismatches.truncate(NAMED);
    let numbers = JobNumbers {
        snapshot: Some(snapshot.id.clone()),
        files_total: Some(files),
        bytes_total: Some(bytes),
        problems: Some(problems),
        ..JobNumbers::default()
    };
    let result =
        DrillResult { snapshot: snapshot.id.clone(), files, compared_with_source: with_source, mismatches };
    let lacks = (session.binary.features.version < PROGRESS)
        .then(|| Lack { what: "progress".to_owned(), needed: "0.17".to_owned() });
    Done {
        numbers,
        result: Some(JobResult::Drill(result)),
        lacks: lacks.into_iter().collect(),
        ..Done::plain(verdict)
    }
}
