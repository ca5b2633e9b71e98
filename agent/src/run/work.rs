//! What each kind of job does. One room per kind; each returns how it ended, and leaves facts in the session.

mod backup;
mod check;
mod copy;
mod drill;
mod dry_run;
mod forget;
mod listing;
mod opening;
mod own;
mod prune;
mod restore;
mod retention_preview;
mod trial;
mod unlock;

use wire::job::{JobKind, JobNumbers, JobResult, JobState, Lack};

use super::session::{Early, Session};
use crate::restic::exit::Verdict;

/// What a job came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub verdict: Verdict,
    pub numbers: JobNumbers,
    /// What it found, where numbers are not enough.
    pub result: Option<JobResult>,
    /// What this restic could not say or do.
    pub lacks: Vec<Lack>,
    /// What should be read again now.
    pub follow: &'static [Follow],
}

/// A job that follows by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// At any rate.
    Always(JobKind),
    /// When what is known is older than an hour or so.
    WhenOld(JobKind),
    /// At any rate, at the repository that was copied to.
    Destination(JobKind),
}

impl Done {
    pub fn plain(verdict: Verdict) -> Self {
        Self { verdict, numbers: JobNumbers::default(), result: None, lacks: Vec::new(), follow: &[] }
    }
}

/// What this restic cannot do is said, and so is what it leaves out.
pub async fn perform(session: &mut Session) -> Result<Done, Early> {
    let (kind, features) = (session.job.subject.kind, session.binary.features);
    if let Some(reason) = features.refuses(kind) {
        return Err(reason.into());
    }
    let mut done = does(kind, session).await?;
    if matches!(done.verdict.state, JobState::Succeeded | JobState::Incomplete) {
        done.lacks.extend(features.lacks(kind));
    }
    Ok(done)
}

/// One table: who does what.
async fn does(kind: JobKind, session: &mut Session) -> Result<Done, Early> {
    match kind {
        JobKind::Init | JobKind::Probe => opening::run(session).await,
        JobKind::Backup => backup::run(session).await,
        JobKind::Forget => forget::run(session).await,
        JobKind::Snapshots => listing::snapshots(session).await,
        JobKind::Stats => listing::numbers(session).await,
        JobKind::DryRun => dry_run::run(session).await,
        JobKind::RetentionPreview => retention_preview::run(session).await,
        JobKind::Prune => prune::run(session).await,
        JobKind::Check => check::run(session).await,
        JobKind::Unlock => unlock::run(session).await,
        JobKind::Copy => copy::run(session).await,
        JobKind::Drill => drill::run(session).await,
        JobKind::Restore => restore::run(session).await,
    }
}

pub use backup::{cleaned, recognised};
pub use drill::{sweep, sweep_job};
pub use forget::Policy;
pub use listing::list;
pub use restore::broken_off;
