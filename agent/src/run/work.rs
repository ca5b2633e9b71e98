//! What each kind of job does. One room per kind; each returns how it ended, and leaves facts in the session.

mod backup;
mod forget;
mod listing;
mod opening;
mod own;

use wire::job::{JobKind, JobNumbers};

use super::session::{Early, Session};
use crate::restic::exit::Verdict;

/// What a job came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    pub verdict: Verdict,
    pub numbers: JobNumbers,
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
}

impl Done {
    pub fn plain(verdict: Verdict) -> Self {
        Self { verdict, numbers: JobNumbers::default(), follow: &[] }
    }
}

/// One table: who does what.
pub async fn perform(session: &mut Session) -> Result<Done, Early> {
    match session.job.subject.kind {
        JobKind::Init | JobKind::Probe => opening::run(session).await,
        JobKind::Backup => backup::run(session).await,
        JobKind::Forget => forget::run(session).await,
        JobKind::Snapshots => listing::snapshots(session).await,
        JobKind::Stats => listing::numbers(session).await,
    }
}

pub use backup::{cleaned, recognised};
pub use listing::list;
