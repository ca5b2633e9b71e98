//! The hooks around a backup: which ones a group has, what they are told, how their ends count.
//!
//! Bodies are secrets or files of the endpoint. A pre-hook that fails stops the backup; a post-hook always runs and
//! changes nothing. Must not know what the backup between them does; how one runs is `running`'s.

mod body;
mod running;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use wire::{
    id::GroupName,
    job::{JobKind, JobState, Reason},
    plan::{Hook, Plan},
    seal::{HookScope, SecretSlot},
};

use self::body::Body;
use super::{
    conversation::Halt,
    engine::{Shared, Stop},
    joblog::JobLog,
    session::{self, Early, Effect, Session},
    work::Done,
};
use crate::{restic::exit::Exit, store::jobs::Job};

/// Before or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Pre,
    Post,
}

impl Moment {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pre => "pre",
            Self::Post => "post",
        }
    }

    const fn slot(self, scope: HookScope) -> SecretSlot {
        match self {
            Self::Pre => SecretSlot::HookPre(scope),
            Self::Post => SecretSlot::HookPost(scope),
        }
    }

    /// Before each of its lines in the job's log.
    fn prefix(self) -> String {
        format!("{PREFIX}{}): ", self.as_str())
    }
}

const PREFIX: &str = "hook(";

/// Whether a line of a job's log is a hook's, and not restic's.
pub fn is_line(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// One group's hooks, opened.
pub struct Hooks {
    pre: Option<Body>,
    post: Option<Body>,
    limit: Duration,
}

/// The job that they belong to, and where their lines go. A hook also runs where there is no session.
pub struct Scene<'a> {
    pub shared: &'a Arc<Shared>,
    pub job: &'a Job,
    pub log: &'a mut JobLog,
    pub stop: watch::Receiver<Stop>,
}

impl Session {
    pub fn scene(&mut self) -> Scene<'_> {
        Scene { shared: &self.shared, job: &self.job, log: &mut self.log, stop: self.stop.clone() }
    }
}

/// How a hook ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Exit(Exit),
    Halted(Halt),
    /// Why it never began.
    NotStarted(String),
}

impl Hooks {
    /// The group's, by the plan. What cannot be opened is told, and what can is there all the same: a post-hook runs
    /// also when its pre-hook is lost.
    pub async fn open(shared: &Shared, plan: &Plan, group: &GroupName) -> (Self, Option<Reason>) {
        let own = plan.groups.get(group).map(|group| group.hooks.clone()).unwrap_or_default();
        let limit = Duration::from_secs(own.timeout_s(&plan.hooks).into());
        let open = async |moment: Moment, own: &Hook, host: &Hook| {
            let (hook, scope) = settled(own, host, group);
            match Body::open(shared, hook, &moment.slot(scope)).await {
                Ok(body) => (body, None),
                Err(reason) => (None, Some(reason)),
            }
        };
        let (pre, problem) = open(Moment::Pre, &own.pre, &plan.hooks.pre).await;
        let (post, other) = open(Moment::Post, &own.post, &plan.hooks.post).await;
        (Self { pre, post, limit }, problem.or(other))
    }

    /// `Err` when the backup must not begin.
    pub async fn before(&self, scene: &mut Scene<'_>) -> Result<(), Early> {
        let Some(body) = &self.pre else { return Ok(()) };
        let environment = environment(scene.job);
        let (end, last) = running::run(scene, body, Moment::Pre, &environment, self.limit).await;
        let failed = |exit, message| Err(Reason::HookFailed { exit, message }.into());
        match end {
            End::Exit(Exit::Code(0)) => Ok(()),
            End::Exit(Exit::Code(code)) => {
                failed(Some(code), last.unwrap_or_else(|| "it printed nothing".to_owned()))
            }
            End::Exit(Exit::Signal(signal)) => failed(None, format!("signal {signal} ended it")),
            End::Halted(Halt::Wanted(wish)) => Err(Early::Halted(wish)),
            End::Halted(_) => failed(None, format!("it was stopped after its {} s", self.limit.as_secs())),
            End::NotStarted(message) => failed(None, message),
        }
    }

    /// `snapshot` is the one that was made, as far as it is known.
    pub async fn after(&self, scene: &mut Scene<'_>, state: JobState, snapshot: Option<&str>) {
        let Some(body) = &self.post else { return };
        let mut environment = environment(scene.job);
        environment.push(("RM_JOB_STATUS", state.as_str().to_owned()));
        environment.push(("RM_SNAPSHOT_ID", snapshot.unwrap_or_default().to_owned()));
        let (end, _) = running::run(scene, body, Moment::Post, &environment, self.limit).await;
        if end != End::Exit(Exit::Code(0)) {
            scene.log.say(format!("{}this does not change how the backup went", Moment::Post.prefix()));
        }
    }
}

/// The same for a job of which only the plan is known: it never came as far as a session, or its agent died.
pub async fn after_all(scene: &mut Scene<'_>, plan: &Plan, state: JobState, snapshot: Option<&str>) {
    let job = scene.job;
    let Some(group) = job.subject.group.as_ref().filter(|_| job.subject.kind == JobKind::Backup) else {
        return;
    };
    let (hooks, problem) = Hooks::open(scene.shared, plan, group).await;
    if let Some(reason) = problem {
        scene.log.say(format!("A hook cannot be opened: {}", reason.explain().message));
    }
    hooks.after(scene, state, snapshot).await;
}

/// The snapshot's whole id where the session knows it: old versions of restic cut it.
pub fn snapshot_of(done: &Done, effects: &[Effect]) -> Option<String> {
    let named = done.numbers.snapshot.clone()?;
    let whole = effects.iter().find_map(|effect| match effect {
        Effect::Snapshot(snapshot) if snapshot.id.starts_with(&named) => Some(snapshot.id.clone()),
        _ => None,
    });
    Some(whole.unwrap_or(named))
}

/// Which hook runs, and whose it is: the group's word, else the host's default.
fn settled<'a>(own: &'a Hook, host: &'a Hook, group: &GroupName) -> (&'a Hook, HookScope) {
    match own {
        Hook::Inherit => (host, HookScope::Default),
        Hook::None | Hook::Secret | Hook::File(_) => (own, HookScope::Group(group.clone())),
    }
}

fn environment(job: &Job) -> Vec<(&'static str, String)> {
    let group = job.subject.group.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![
        ("HOME", session::home()),
        ("RM_GROUP", group),
        ("RM_JOB_ID", job.id.to_string()),
        ("RM_REPOSITORY", job.subject.repository.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_inherits_overrides_or_goes_without() {
        let group: GroupName = "web".parse().unwrap();
        let file = Hook::File("/etc/pre".to_owned());
        let own = || HookScope::Group(group.clone());
        let host = HookScope::Default;
        assert_eq!(settled(&Hook::Inherit, &Hook::Secret, &group), (&Hook::Secret, host.clone()));
        assert_eq!(settled(&Hook::Inherit, &file, &group), (&file, host.clone()));
        assert_eq!(settled(&Hook::Inherit, &Hook::Inherit, &group), (&Hook::Inherit, host));
        assert_eq!(settled(&Hook::None, &Hook::Secret, &group), (&Hook::None, own()));
        assert_eq!(settled(&Hook::Secret, &file, &group), (&Hook::Secret, own()));
        assert_eq!(Moment::Post.slot(own()).to_string(), "hook/web/post");
        assert_eq!(Moment::Pre.slot(HookScope::Default).to_string(), "hook/*/pre");
    }
}
