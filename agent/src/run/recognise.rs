//! A backup whose agent died or was stopped: had restic saved the snapshot by then? If so the job is completed, not repeated.
//!
//! The snapshot of a dead run is one of this host, with the group's tag and paths, made after the job began, that no
//! job has claimed. Asked when the agent starts; where the repository does not answer then, the retry asks first.
//!
//! Where others write to the repository too, any of them could have put such a snapshot there, so it counts only when
//! restic itself named it before it was cut off. The price: one that was saved in the moment between is made again, and
//! stays there as one that nobody here made, which holds retention until a person adopts or removes it. That is
//! cheaper than a backup that was never made and a forged one that is believed.

use std::collections::BTreeSet;

use wire::{
    id::{GroupName, JobId, UnixMs},
    job::{JobState, LogLine, LogStream, Origin, Reason},
    plan::Group,
    snapshot::Snapshot,
};

use super::{
    hooks,
    session::{Early, Effect, Session},
    work::{Done, cleaned, list, recognised},
};
use crate::{
    restic::{
        exit::{Exit, Verdict, incompleteness},
        output::{Transcript, read},
    },
    store::{
        StoreError,
        jobs::{self, Job},
        logs,
    },
};

/// restic reads its clock a moment before or after we read ours.
const CLOCKS_MS: i64 = 1_000;
/// Enough to find the errors of any run that is worth completing.
const LOG_LINES: usize = 100_000;
/// Retries are far fewer; this only ends a chain that a damaged database closed into a ring.
const LONGEST_CHAIN: usize = 100;

/// What must be true of a snapshot that a dead run made.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    pub host: &'a str,
    pub tag: &'a GroupName,
    pub includes: &'a [String],
    pub since: UnixMs,
    /// Ids, or the beginnings that restic 0.14 gives, of what other jobs made.
    pub claimed: &'a [String],
    pub writers: Writers<'a>,
}

/// Who writes to the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers<'a> {
    /// As far as anybody knows, this host alone.
    Us,
    /// Others too. `told`: the id that restic said it saved, or its beginning.
    Many { told: Option<&'a str> },
}

impl Writers<'_> {
    fn vouch_for(self, id: &str) -> bool {
        match self {
            Self::Us => true,
            Self::Many { told } => told.is_some_and(|told| told.len() >= 8 && id.starts_with(told)),
        }
    }
}

/// The oldest that fits: attempts are told apart by what is claimed.
pub fn find<'a>(wanted: &Wanted<'_>, listed: &'a [Snapshot]) -> Option<&'a Snapshot> {
    let includes: BTreeSet<String> = wanted.includes.iter().map(|path| cleaned(path)).collect();
    listed
        .iter()
        .filter(|snapshot| {
            snapshot.hostname == wanted.host
                && snapshot.tags.iter().any(|tag| tag == wanted.tag.as_str())
                && snapshot.time.0 >= wanted.since.0 - CLOCKS_MS
                && !snapshot.paths.is_empty()
                && snapshot.paths.iter().all(|path| includes.contains(path))
                && !wanted.claimed.iter().any(|id| !id.is_empty() && snapshot.id.starts_with(id.as_str()))
                && wanted.writers.vouch_for(&snapshot.id)
        })
        .min_by_key(|snapshot| snapshot.time)
}

/// For a retry: whether the run before it, cut off by the agent's death or stop, had saved its snapshot after all.
pub async fn saved_by_an_earlier_attempt(
    session: &mut Session,
    group: &Group,
) -> Result<Option<Done>, Early> {
    let Origin::Retry { job, .. } = session.job.origin else { return Ok(None) };
    let cut_off =
        session.shared.store.read::<_, StoreError>(move |connection| cut_off_before(connection, job)).await?;
    match cut_off {
        Some(cut_off) => saved_by(session, group, &cut_off).await,
        None => Ok(None),
    }
}

/// Whether the run of `cut_off` (this session's job itself, or one before it) had saved its snapshot.
pub async fn saved_by(session: &mut Session, group: &Group, cut_off: &Job) -> Result<Option<Done>, Early> {
    let (Some(since), Some(tag)) = (cut_off.started_at, cut_off.subject.group.clone()) else {
        return Ok(None);
    };
    let listed = list(session).await?;
    let (repository, job) = (session.repository().clone(), cut_off.id);
    let (claimed, lines) = session
        .shared
        .store
        .read::<_, StoreError>(move |connection| {
            let since = since.plus_ms(-CLOCKS_MS);
            Ok((jobs::claimed(connection, &repository, since)?, logs::lines(connection, job, 0, LOG_LINES)?))
        })
        .await?;
    let mut said = Transcript::default();
    let restics = |line: &&LogLine| line.stream != LogStream::Agent && !hooks::is_line(&line.text);
    for line in lines.iter().filter(restics) {
        said.take(line.stream, &line.text, &read(&line.text));
    }
    let host = session.host().to_owned();
    let told = said.summary.as_ref().and_then(|summary| summary.snapshot_id.as_deref());
    let writers = if others_write(session, &listed.snapshots) { Writers::Many { told } } else { Writers::Us };
    let wanted =
        Wanted { host: &host, tag: &tag, includes: &group.includes, since, claimed: &claimed, writers };
    let Some(snapshot) = find(&wanted, &listed.snapshots).cloned() else {
        let unproven = find(&Wanted { writers: Writers::Us, ..wanted }, &listed.snapshots);
        if let Some(snapshot) = unproven {
            session.log.say(format!(
                "Snapshot {} may be the one that was being saved, but others write to this repository and restic had not named it: it is not taken for this host's own. If it is, adopt it on the repository's page",
                snapshot.id.get(..8).unwrap_or(&snapshot.id)
            ));
        }
        return Ok(None);
    };
    session.log.say(format!(
        "restic had saved snapshot {} before the agent was gone: the job is complete, nothing is repeated",
        snapshot.id.get(..8).unwrap_or(&snapshot.id)
    ));
    let verdict = incompleteness(Exit::Code(0), &said).map_or(Verdict::SUCCESS, Verdict::incomplete);
    session.ready(None);
    session.effects.push(Effect::Listing(listed));
    Ok(Some(recognised(&snapshot, verdict)))
}

/// Whether hosts besides this one have snapshots there, or the plan says that it is shared.
fn others_write(session: &Session, listed: &[Snapshot]) -> bool {
    let host = session.host();
    let planned = session.plan.repositories.get(session.repository());
    planned.is_some_and(|it| it.owner.is_some() || !it.wards.is_empty())
        || listed.iter().any(|snapshot| snapshot.hostname != host)
}

/// The earliest job in a chain of retries that the agent's death or stop cut off.
fn cut_off_before(connection: &rusqlite::Connection, last: JobId) -> Result<Option<Job>, StoreError> {
    let (mut at, mut earliest) = (Some(last), None);
    for _ in 0..LONGEST_CHAIN {
        let Some(job) = at.take().map(|id| jobs::get(connection, id)).transpose()?.flatten() else { break };
        if let Origin::Retry { job: before, .. } = job.origin {
            at = Some(before);
        }
        if job.state == JobState::Interrupted
            && matches!(job.reason, Some(Reason::AgentDied | Reason::AgentStopped))
            && job.started_at.is_some()
        {
            earliest = Some(job);
        }
    }
    Ok(earliest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(id: &str, time: i64, paths: &[&str]) -> Snapshot {
        Snapshot {
            id: id.to_owned(),
            time: UnixMs(time),
            hostname: "h1".to_owned(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            tags: vec!["default".to_owned()],
            group: None,
            size_bytes: None,
            files: None,
            added_bytes: None,
            doubt: None,
        }
    }

    #[test]
    fn only_an_unclaimed_snapshot_of_the_same_work_after_the_start_counts() {
        let tag: GroupName = "default".parse().unwrap();
        let includes = ["/home/".to_owned(), "/srv/./data".to_owned()];
        let claimed = ["aaaaaaaa".to_owned()];
        let (since, writers) = (UnixMs(100_000), Writers::Us);
        let wanted = Wanted { host: "h1", tag: &tag, includes: &includes, since, claimed: &claimed, writers };
        let found = |snapshot: Snapshot| find(&wanted, &[snapshot]).is_some();
        assert!(found(snapshot("bb", 100_000, &["/home", "/srv/data"])));
        // A path that was missing is not in the snapshot.
        assert!(found(snapshot("bb", 99_500, &["/home"])));
        assert!(!found(snapshot("bb", 98_000, &["/home"])), "before the start");
        assert!(!found(snapshot("aaaaaaaa11", 100_000, &["/home"])), "another job made it");
        assert!(!found(snapshot("bb", 100_000, &["/home", "/etc"])), "other paths");
        assert!(!found(snapshot("bb", 100_000, &[])), "no paths");
        assert!(!found(Snapshot { hostname: "h2".to_owned(), ..snapshot("bb", 100_000, &["/home"]) }));
        assert!(!found(Snapshot { tags: vec![], ..snapshot("bb", 100_000, &["/home"]) }));
    }

    #[test]
    fn the_oldest_that_fits_is_taken() {
        let tag: GroupName = "default".parse().unwrap();
        let includes = ["/home".to_owned()];
        let (since, writers) = (UnixMs(0), Writers::Us);
        let wanted = Wanted { host: "h1", tag: &tag, includes: &includes, since, claimed: &[], writers };
        let listed = [snapshot("new", 20_000, &["/home"]), snapshot("old", 10_000, &["/home"])];
        assert_eq!(find(&wanted, &listed).unwrap().id, "old");
    }

    #[test]
    fn where_others_write_only_what_restic_named_counts() {
        let tag: GroupName = "default".parse().unwrap();
        let includes = ["/home".to_owned()];
        let listed = [snapshot("1111111122", 10_000, &["/home"]), snapshot("2222222233", 20_000, &["/home"])];
        for (writers, expected) in [
            (Writers::Us, Some("1111111122")),
            (Writers::Many { told: None }, None),
            (Writers::Many { told: Some("") }, None),
            (Writers::Many { told: Some("22222222") }, Some("2222222233")),
            (Writers::Many { told: Some("2222222233") }, Some("2222222233")),
            (Writers::Many { told: Some("33333333") }, None),
        ] {
            let since = UnixMs(0);
            let wanted = Wanted { host: "h1", tag: &tag, includes: &includes, since, claimed: &[], writers };
            assert_eq!(find(&wanted, &listed).map(|it| it.id.as_str()), expected, "{writers:?}");
        }
    }
}
