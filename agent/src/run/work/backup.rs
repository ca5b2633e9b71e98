//! One group, backed up. The snapshot it made is written down with its end.

use std::path::{Component, Path, PathBuf};

use wire::{
    id::{GroupName, UnixMs},
    job::{JobKind, JobNumbers, JobState, Reason},
    plan::Group,
    snapshot::Snapshot,
};

use super::{
    Done, Follow, listing, opening,
    own::{self, Sources},
    trial,
};
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Verdict},
        output::{Summary, Transcript},
    },
    run::{
        conversation::{Bounds, Conversation},
        hooks::{self, Hooks},
        recognise,
        session::{Early, Effect, Session},
    },
};

const AFTER: &[Follow] = &[Follow::WhenOld(JobKind::Snapshots), Follow::WhenOld(JobKind::Stats)];

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let group = session.group()?;
    let (hooks, broken) = Hooks::open(&session.shared, &session.plan, &tag(session)?).await;
    let ready = match broken {
        Some(reason) => Err(reason.into()),
        None => hooks.before(&mut session.scene()).await,
    };
    let outcome = match ready {
        Ok(()) => save(session, &group).await,
        Err(early) => Err(early),
    };
    let done = outcome.unwrap_or_else(Done::early);
    let snapshot = hooks::snapshot_of(&done, &session.effects);
    hooks.after(&mut session.scene(), done.verdict.state, snapshot.as_deref()).await;
    Ok(done)
}

async fn save(session: &mut Session, group: &Group) -> Result<Done, Early> {
    session.reach().await?;
    // Its own look may have found nobody there.
    trial::newer(session, false).await?;
    if !session.was_ready().await? {
        opening::open(session).await?;
    }
    if let Some(done) = recognise::saved_by_an_earlier_attempt(session, group).await? {
        return Ok(done);
    }
    let (tag, host) = (tag(session)?, session.host().to_owned());
    let Sources { includes, kept_out } = own::sources(session, &group.includes).await?;
    session.log.say(format!(
        "restic {}: group {tag} to {}, attempt {}",
        session.binary.features.version, session.location, session.job.attempt
    ));
    session.log.begin();
    let silence = Some(session.shared.settings.patience.silence);
    let verb = Verb::Backup { group, tag: &tag, host: &host, includes: &includes, own_files: &kept_out };
    let ended = session.patiently(verb, Bounds { silence, limit: None, heeds_stop: true }).await?;
    finish(session, &includes, &tag, &ended).await
}

async fn finish(
    session: &mut Session,
    includes: &[String],
    tag: &GroupName,
    ended: &Conversation,
) -> Result<Done, Early> {
    let now = session.shared.world.now();
    let verdict = exit::backup(ended.exit, &ended.said, now);
    let numbers = ended.said.summary.as_ref().map(numbers).unwrap_or_default();
    if matches!(verdict.state, JobState::Succeeded | JobState::Incomplete) {
        session.ready(None);
        let told = snapshot(session, includes, tag, &ended.said);
        let id = numbers.snapshot.as_deref();
        match (told, id) {
            (Some(snapshot), _) => session.effects.push(Effect::Snapshot(snapshot)),
            (None, Some(id)) => look_up(session, id).await,
            (None, None) => {}
        }
    }
    Ok(Done { numbers, follow: AFTER, ..Done::plain(session.judged(verdict)) })
}

fn tag(session: &Session) -> Result<GroupName, Early> {
    let nothing = || Early::from(Reason::NotInPlan { what: "a backup without a group".to_owned() });
    session.job.subject.group.clone().ok_or_else(nothing)
}

fn numbers(summary: &Summary) -> JobNumbers {
    JobNumbers {
        snapshot: summary.snapshot_id.clone(),
        files_new: Some(summary.files_new),
        files_changed: Some(summary.files_changed),
        files_unmodified: Some(summary.files_unmodified),
        files_total: Some(summary.total_files_processed),
        bytes_total: Some(summary.total_bytes_processed),
        bytes_added: Some(summary.data_added),
        bytes_stored: summary.data_added_packed,
        ..JobNumbers::default()
    }
}

/// The snapshot as restic ≥ 0.17 tells it in its summary: another call, which would take as long as many a backup, is
/// not needed. `None` before: its id is cut and its time is missing.
fn snapshot(session: &Session, includes: &[String], tag: &GroupName, said: &Transcript) -> Option<Snapshot> {
    let summary = said.summary.as_ref()?;
    let id = summary.snapshot_id.clone().filter(|id| id.len() == 64)?;
    let time: jiff::Timestamp = summary.backup_start.as_ref()?.parse().ok()?;
    Some(document::bounded(Snapshot {
        id,
        time: UnixMs::from(time),
        hostname: session.host().to_owned(),
        paths: kept_paths(includes, &said.missing),
        tags: vec![tag.to_string()],
        group: Some(tag.clone()),
        size_bytes: Some(summary.total_bytes_processed),
        files: Some(summary.total_files_processed),
        added_bytes: Some(summary.data_added_packed.unwrap_or(summary.data_added)),
        doubt: None,
    }))
}

/// A snapshot's paths as restic writes them: without those that are not there, in their shortest spelling, sorted.
fn kept_paths(includes: &[String], missing: &[String]) -> Vec<String> {
    let mut paths: Vec<String> =
        includes.iter().filter(|path| !missing.contains(path)).map(|path| cleaned(path)).collect();
    paths.sort();
    paths
}

/// Go's `filepath.Clean` for absolute paths.
pub fn cleaned(path: &str) -> String {
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean.to_string_lossy().into_owned()
}

/// 0.14 names its snapshot by eight digits: asks for the rest. The backup stands also when that fails.
async fn look_up(session: &mut Session, id: &str) {
    match listing::one(session, id).await {
        Ok(listed) => session.effects.extend(listed.into_iter().map(Effect::Snapshot)),
        Err(early) => {
            session.log.say(format!("The snapshot is saved, but could not be read back: {early:?}"));
        }
    }
}

/// A backup that an earlier agent's restic had finished.
pub fn recognised(snapshot: &Snapshot, verdict: Verdict) -> Done {
    let numbers = JobNumbers {
        snapshot: Some(snapshot.id.clone()),
        files_total: snapshot.files,
        bytes_total: snapshot.size_bytes,
        bytes_stored: snapshot.added_bytes,
        ..JobNumbers::default()
    };
    Done { numbers, follow: AFTER, ..Done::plain(verdict) }
}
