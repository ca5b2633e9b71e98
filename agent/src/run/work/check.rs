//! Is everything in the repository that should be there? How much of the data is read is the plan's, or the order's.

use std::{fs, path::Path};

use wire::job::{CheckResult, JobNumbers, JobResult, Reason};

use super::{Done, prune::LONGEST};
use crate::{
    restic::{
        command::Verb,
        exit::{self, Verdict},
    },
    run::{
        conversation::Bounds,
        session::{Early, Session},
        upkeep,
    },
};

/// How restic calls the directories that it makes for a check alone. One that is killed leaves it.
const OWN_CACHE: &str = "restic-check-cache-";
/// Of one problem's words, so that a hundred of them fit into a record.
const WORDS: usize = 1_000;

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    upkeep::may_look_after(session).await?;
    session.reach().await?;
    if !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    let wanted = session.job.options.read_data_percent;
    let percent = wanted.unwrap_or(session.plan.maintenance.check_read_data_percent).min(100);
    session.log.say(match percent {
        0 => format!("Check of {}: the structure alone, no data is read", session.location),
        _ => format!("Check of {}: reads {percent} % of the data", session.location),
    });
    session.log.begin();
    swept(session).await;
    let silence = Some(session.shared.settings.patience.silence);
    let bounds = Bounds { silence, limit: Some(LONGEST), heeds_stop: true };
    let ended = session.patiently(Verb::Check { read_data_percent: percent }, bounds).await;
    swept(session).await;
    let ended = ended?;
    let verdict = exit::check(ended.exit, &ended.said, session.shared.world.now());
    let looked = match &verdict {
        Verdict { reason: None, .. } => true,
        Verdict { reason, .. } => matches!(reason, Some(Reason::Damaged { .. })),
    };
    if !looked {
        return Ok(Done::plain(session.judged(verdict)));
    }
    session.ready(None);
    let is_damaged = verdict.reason.is_some();
    let mut problems = if is_damaged { ended.said.told.problems.clone() } else { Vec::new() };
    for problem in &mut problems {
        problem.truncate(problem.floor_char_boundary(WORDS));
    }
    let count = if is_damaged { ended.said.told.problem_count() } else { 0 };
    let numbers = JobNumbers { problems: Some(count), ..JobNumbers::default() };
    let result = JobResult::Check(CheckResult { read_data_percent: percent, problems });
    Ok(Done { numbers, result: Some(result), ..Done::plain(shortened(verdict)) })
}

fn shortened(mut verdict: Verdict) -> Verdict {
    if let Some(Reason::Damaged { first, .. }) = &mut verdict.reason {
        first.truncate(first.floor_char_boundary(WORDS));
    }
    verdict
}

/// One job at a time is at a repository, and its cache is its own: whatever is there was left behind. It may be
/// gigabytes, which take a thread of their own.
async fn swept(session: &Session) {
    let cache = session.surroundings.cache.clone();
    let (shared, place) = (&session.shared, [cache.clone()]);
    let work = move |note: &dyn Fn(&str)| {
        note(&cache);
        sweep(Path::new(&cache));
    };
    let limit = shared.settings.patience.short_job;
    if let Err(unseen) = shared.looks.look(&shared.world, limit, &place, work).await {
        tracing::warn!(job = %session.job.id, "what a check left behind is not removed: {unseen}");
    }
}

fn sweep(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else { return };
    for entry in entries.filter_map(Result::ok) {
        if entry.file_name().to_string_lossy().starts_with(OWN_CACHE) {
            // What cannot be removed now is tried again by the next check.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
