//! Brings files of a snapshot back for a person: into a new directory, or to where they were.
//!
//! Everything that can be said against it is said before the first byte is written. What restic claims at its end is not
//! believed: what it complained of is. However it ends, what is there by then is told and stays there.

mod before;
mod owner;
mod picks;
mod target;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use wire::{
    job::{DrillMismatch, JobNumbers, JobResult, JobState, Reason, RestoreResult},
    path::RawPath,
    restore::{Overwrite, Restore, RestoreTarget},
};

use self::{
    before::{as_path, check_measure, check_room, look, measure, no_snapshot},
    owner::Way,
    picks::Measure,
    target::Made,
};
use super::{Done, drill};
use crate::{
    restic::{
        command::{Manner, Verb},
        exit::{self, Exit, Verdict},
        feature::{Feature, Features},
    },
    run::{
        conversation::{Conversation, Wish},
        needs::Settings,
        session::{Early, Session, home, not_in_plan},
        sift::fitting,
        tally::Tally,
    },
    store::jobs::Job,
};

const ABOVE: &str =
    "Modes, times and owners of the directories above what was picked are set as they were saved as well";
const CUT_SHORT: &str = "It was cut short: what was restored by then is there";
/// For counting what is there, where restic does not.
const COUNTING: Duration = Duration::from_mins(1);
/// Characters of why one did not come back.
const LONGEST_WHY: usize = 300;
/// Of a path that a warning names.
const LONGEST_PATH: usize = 1_000;

/// One restore, once everything about it is known.
struct Task {
    wanted: Restore,
    target: PathBuf,
    way: Way,
    /// The agent's own, to be left out of what comes back in place.
    own: Vec<PathBuf>,
    warnings: Vec<String>,
}

impl Task {
    const fn is_in_place(&self) -> bool {
        matches!(self.wanted.target, RestoreTarget::InPlace { .. })
    }

    fn base(&self) -> Option<&RawPath> {
        base(&self.wanted)
    }
}

fn base(wanted: &Restore) -> Option<&RawPath> {
    match &wanted.target {
        RestoreTarget::Directory { base: Some(base), .. } if base.as_str() != "/" => Some(base),
        _ => None,
    }
}

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let Some(wanted) = session.job.options.restore.as_deref().cloned() else {
        return Err(not_in_plan("restore without what it brings back".to_owned()));
    };
    if let Some(lent) = session.lent().cloned() {
        session.log.say(format!(
            "From {0}'s repository {1}, by a credential of it that was given for this job",
            lent.source_name, wanted.repository
        ));
    }
    let is_root = rustix::process::geteuid().is_root();
    let features = session.binary.features;
    if let Some(reason) = too_old(&wanted, &features) {
        return Err(reason.into());
    }
    let way = owner::way(&wanted, &features, is_root)?;
    let target = target::expand(&wanted.target, Path::new(&home()), session.job.id);
    let own = own(&session.shared.settings);
    let mut task = Task { wanted, target, way, own, warnings: Vec::new() };
    task.warnings.extend(owner::warning(&task.wanted, is_root).map(str::to_owned));
    if task.is_in_place() && !task.wanted.picks.is_empty() {
        task.warnings.push(ABOVE.to_owned());
    }
    let disk = look(session, &task).await?.map(|place| place.disk);
    session.reach().await?;
    if session.lent().is_none() && !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    let measure = measure(session, &task).await?;
    check_measure(session, &mut task, &measure)?;
    check_room(session, &mut task, disk, measure.bytes).await?;
    if let Some(wish) = session.stop_wanted() {
        return Err(Early::Halted(wish));
    }
    bring_back(session, task, &measure).await
}

/// The agent's own, in both spellings where a link leads there.
fn own(settings: &Settings) -> Vec<PathBuf> {
    let given = [&settings.data, &settings.cache].into_iter().chain(&settings.own_files);
    let mut all: Vec<PathBuf> = given.cloned().collect();
    all.extend(all.clone().iter().filter_map(|path| path.canonicalize().ok()));
    all.sort();
    all.dedup();
    all
}

/// What was asked for and this restic cannot do.
fn too_old(wanted: &Restore, features: &Features) -> Option<Reason> {
    let needed = [
        (wanted.overwrite != Overwrite::Always, Feature::RestoreOverwrite),
        (wanted.dry_run, Feature::RestoreDryRun),
        (base(wanted).is_some(), Feature::RestoreSubfolder),
    ];
    needed.into_iter().filter(|(asked, _)| *asked).find_map(|(_, feature)| features.lacking(feature))
}

async fn bring_back(session: &mut Session, mut task: Task, measure: &Measure) -> Result<Done, Early> {
    let is_dry = task.wanted.dry_run;
    let mut made = Made::default();
    if !is_dry {
        // The list may have taken minutes: what lies on the way may be other directories by now. restic is given the path
        // that was judged, without links.
        if let Some(place) = look(session, &task).await? {
            task.target = place.real;
            made = Made::make(&task.target)?;
        }
    }
    let what = if is_dry { "Looks at what a restore would write to" } else { "Restores to" };
    session.log.say(format!("{what} {}", task.target.display()));
    session.log.begin();
    session.log.estimate();
    session.tally = Some(Tally::of(Box::new(picks::wanted(&task.wanted.picks, task.base()))));
    let ended = call(session, &task, measure.bytes).await;
    let mut tally = session.tally.take().unwrap_or_default();
    if task.way == Way::Afterwards && !is_dry {
        take_over(session, &mut task, ended.as_ref().err()).await;
    }
    made.remove_empty();
    let mut result = RestoreResult {
        snapshot: task.wanted.snapshot.clone(),
        target: target::shown(&task.target),
        ..RestoreResult::default()
    };
    let done = match ended {
        Ok(ended) => Done::plain(concluded(session, &mut task, &ended, measure, (&mut tally, &mut result))),
        Err(early) => {
            if !is_dry && !matches!(&early, Early::Verdict(verdict) if verdict.state == JobState::Skipped) {
                task.warnings.push(cut_short(&tally));
            }
            if is_silent(session) && !task.is_in_place() {
                let (target, shared) = (task.target.clone(), &session.shared);
                let look = move |_: &dyn Fn(&str)| target::count(&target);
                let counted = shared.looks.look(&shared.world, COUNTING, &[], look).await;
                (tally.restored, tally.restored_bytes) = counted.unwrap_or_default();
            }
            Done::early(early)
        }
    };
    (result.restored, result.restored_bytes) = (tally.restored, tally.restored_bytes);
    (result.skipped, result.skipped_bytes) = (tally.skipped, tally.skipped_bytes);
    result.would = if is_dry { tally.items() } else { Vec::new() };
    result.warnings = task.warnings;
    let numbers = JobNumbers {
        snapshot: Some(result.snapshot.clone()),
        files_total: Some(measure.files),
        bytes_total: Some(measure.bytes),
        ..JobNumbers::default()
    };
    Ok(Done { numbers, result: Some(JobResult::Restore(result)), ..done })
}

/// Whether this restic says nothing of single files.
fn is_silent(session: &Session) -> bool {
    !session.binary.features.has(Feature::RestoreProgress)
}

/// Gives what came back to the agent's own account. `halted`: why restic did not come to its end.
async fn take_over(session: &Session, task: &mut Task, halted: Option<&Early>) {
    let given = match halted {
        // An agent that stops has no time for it.
        Some(Early::Halted(Wish::Draining)) => Err("the agent was stopped".to_owned()),
        _ => owner::take_over(&task.target, &session.shared.world).await.map_err(|error| error.to_string()),
    };
    if let Err(problem) = given {
        task.warnings.push(format!("Not everything could be given to the agent's own account: {problem}"));
    }
}

/// What restic came to, and what it leaves to be told.
fn concluded(
    session: &mut Session,
    task: &mut Task,
    ended: &Conversation,
    measure: &Measure,
    (tally, result): (&mut Tally, &mut RestoreResult),
) -> Verdict {
    let failed = ended.said.failed.len() as u64 + ended.said.failed_more;
    tally.take_back(ended.said.failed.iter().map(|(path, _)| path.as_str()));
    let is_over = ended.exit == Exit::Code(0) || failed > 0;
    if is_silent(session) && is_over {
        tally.restored = measure.entries.saturating_sub(failed);
        tally.restored_bytes = if failed == 0 { measure.bytes } else { 0 };
    }
    if matches!(ended.exit, Exit::Signal(_)) {
        task.warnings.push(cut_short(tally));
    }
    let verdict = judged(session, ended, task, tally);
    tell_failed(result, &mut task.warnings, ended);
    let verified = measure.files.saturating_sub(failed).saturating_sub(tally.skipped);
    let is_read = task.wanted.verify && !task.wanted.dry_run && ended.exit == Exit::Code(0);
    result.verified = is_read.then_some(verified);
    verdict
}

/// restic writes several files at once and names each when it is whole: which ones it was at, nobody knows.
fn cut_short(tally: &Tally) -> String {
    match tally.last() {
        Some(last) => format!(
            "{CUT_SHORT}. The last that was done is {}; others may be incomplete",
            last.chars().take(LONGEST_PATH).collect::<String>()
        ),
        None => CUT_SHORT.to_owned(),
    }
}

/// restic's part.
async fn call(session: &mut Session, task: &Task, bytes: u64) -> Result<Conversation, Early> {
    let Task { wanted, target, way, .. } = task;
    let left_out: &[PathBuf] = if task.is_in_place() { &task.own } else { &[] };
    let patterns = picks::patterns(&wanted.picks, task.base(), left_out);
    let base = task.base().map(as_path);
    let manner = Manner {
        overwrite: wanted.overwrite,
        ownership: match way {
            Way::Restic(ownership) => *ownership,
            Way::Afterwards => wire::restore::Ownership::Keep,
        },
        verify: wanted.verify && !wanted.dry_run,
        dry_run: wanted.dry_run,
        tells: !is_silent(session),
    };
    let verb = Verb::Restore {
        snapshot: &wanted.snapshot,
        base: base.as_ref().map(|base| base.as_os_str()),
        target,
        patterns: &patterns,
        manner,
    };
    let bounds = drill::patience(session, bytes);
    session.patiently(verb, bounds).await
}

fn judged(session: &mut Session, ended: &Conversation, task: &Task, tally: &Tally) -> Verdict {
    if ended.exit != Exit::Code(0) && exit::has_no_snapshot(&ended.said) {
        return Verdict::failed(no_snapshot(&task.wanted, ended.exit));
    }
    let came = tally.restored > 0 || (!task.is_in_place() && target::has_entries(&task.target));
    let verdict = exit::restored(ended.exit, &ended.said, came, session.shared.world.now());
    if session.lent().is_none() && verdict.state != JobState::Failed {
        session.ready(None);
    }
    let is_repositorys =
        !matches!(verdict.reason, Some(Reason::NotRestored { .. } | Reason::Forbidden { .. }));
    if is_repositorys { session.judged(verdict) } else { verdict }
}

/// What did not come back whole, as much of it as fits.
fn tell_failed(result: &mut RestoreResult, warnings: &mut Vec<String>, ended: &Conversation) {
    let failed = &ended.said.failed;
    result.failed_total = failed.len() as u64 + ended.said.failed_more;
    let fits = fitting(failed.iter().map(|(path, _)| path));
    let one = |(path, why): &(String, String)| DrillMismatch {
        path: path.clone(),
        what: why.chars().take(LONGEST_WHY).collect(),
    };
    result.failed = failed.iter().take(fits).map(one).collect();
    let kept_out = |(_, why): &&(String, String)| {
        ["read-only file system", "permission denied", "operation not permitted"]
            .iter()
            .any(|word| why.contains(word))
    };
    if let Some((path, _)) = failed.iter().find(kept_out) {
        let at = Path::new(path).parent().map_or_else(|| path.clone(), target::shown);
        warnings.push(format!("The system did not let the agent write {path}. {}", target::how_to_lift(&at)));
    }
}

/// What can be said of a restore whose agent went away in the middle. Its tally went with it, so the counts are not zero but
/// unknown, which the warning says.
pub fn broken_off(job: &Job) -> Option<JobResult> {
    let wanted = job.options.restore.as_deref().filter(|wanted| !wanted.dry_run)?;
    let target = target::expand(&wanted.target, Path::new(&home()), job.id);
    Some(JobResult::Restore(RestoreResult {
        snapshot: wanted.snapshot.clone(),
        target: target::shown(&target),
        warnings: vec![RestoreResult::UNCOUNTED.to_owned()],
        ..RestoreResult::default()
    }))
}
