//! Tells the addresses that the plan names when a backup begins and how it ended.
//!
//! Beside the job, never in its way: each call is a task of its own, and calls of one group go out in their order. What
//! fails is said in the agent's log and in its status, with the host alone. Forgotten when the agent stops.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tracing::warn;
use wire::{
    id::{GroupName, PingName},
    job::{JobKind, JobState},
    plan::{Ping, Plan},
    seal::SecretSlot,
};

use super::engine::Shared;
use crate::{
    reach::Sound,
    restic::exit::Verdict,
    store::{StoreError, jobs::Job, plan},
};

const ATTEMPTS: u32 = 3;
const BACKOFF: Duration = Duration::from_secs(2);
/// Of what is told; it is for a person to read.
const LONGEST_TEXT: usize = 4 * 1024;
/// What is still being told when the agent stops may take so long.
pub const FAREWELL: Duration = Duration::from_secs(5);

/// Calls that are under way, and those that failed last.
#[derive(Default)]
pub struct Pings {
    /// The last call of each group: the next one waits for it.
    under_way: Mutex<BTreeMap<GroupName, JoinHandle<()>>>,
    troubles: Mutex<BTreeMap<PingName, String>>,
}

impl Pings {
    /// One line for each address that did not hear the last call.
    pub fn troubles(&self) -> Vec<String> {
        lock(&self.troubles)
            .iter()
            .map(|(name, problem)| format!("the ping {name} fails: {problem}"))
            .collect()
    }

    /// Until everything was told.
    pub async fn quiet(&self) {
        let under_way: Vec<_> = std::mem::take(&mut *lock(&self.under_way)).into_values().collect();
        join_all(under_way).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// A backup begins.
    pub fn tell_start(self: &Arc<Self>, job: &Job) {
        let text = format!("The backup begins, attempt {}.", job.attempt);
        self.tell(job, Sound::Start, &text);
    }

    /// It is over. One that was interrupted is tried again, and says so then.
    pub fn tell_end(self: &Arc<Self>, job: &Job, verdict: &Verdict, snapshot: Option<&str>) {
        if let Some(sound) = sound(verdict.state) {
            self.tell(job, sound, &outcome(verdict, snapshot));
        }
    }

    fn tell(self: &Arc<Self>, job: &Job, sound: Sound, text: &str) {
        let Some(group) = job.subject.group.clone().filter(|_| job.subject.kind == JobKind::Backup) else {
            return;
        };
        let text = format!("{}\nHost {}, group {group}, job {}\n", cut(text), self.settings.hostname, job.id);
        let mut under_way = lock(&self.pings.under_way);
        let before = under_way.remove(&group);
        let (shared, of) = (self.clone(), group.clone());
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // One that failed has said so.
                let _ = before.await;
            }
            shared.tell_now(&of, sound, &text).await;
        });
        under_way.insert(group, task);
    }

    async fn tell_now(&self, group: &GroupName, sound: Sound, text: &str) {
        let current = match self.store.read::<_, StoreError>(plan::current).await {
            Ok(current) => current.map(|current| current.plan).unwrap_or_default(),
            Err(error) => {
                warn!("whom to tell of the backup cannot be read: {error}");
                return;
            }
        };
        lock(&self.pings.troubles).retain(|name, _| current.pings.contains_key(name));
        join_all(wanted(&current, group, sound).map(|name| self.call(name, sound, text))).await;
    }

    async fn call(&self, name: &PingName, sound: Sound, text: &str) {
        let told = self.attempts(name, sound, text).await;
        let mut troubles = lock(&self.pings.troubles);
        match told {
            Ok(()) => {
                troubles.remove(name);
            }
            Err(problem) => {
                warn!(ping = %name, "nobody heard it: {problem}");
                troubles.insert(name.clone(), problem);
            }
        }
    }

    async fn attempts(&self, name: &PingName, sound: Sound, text: &str) -> Result<(), String> {
        let slot = SecretSlot::Ping(name.clone());
        let address = match self.secrets.secret(&slot) {
            Ok(Some(address)) => address,
            Ok(None) => return Err(format!("its address, the secret {slot}, was not given yet")),
            Err(error) => return Err(error.to_string()),
        };
        let mut attempt = 1;
        loop {
            match self.reach.ping(&address, sound, text, attempt).await {
                Ok(()) => return Ok(()),
                Err(error) if attempt == ATTEMPTS => return Err(error.to_string()),
                Err(_) => self.world.sleep(BACKOFF * attempt).await,
            }
            attempt += 1;
        }
    }
}

/// The pings that this is told to.
fn wanted<'a>(plan: &'a Plan, group: &GroupName, sound: Sound) -> impl Iterator<Item = &'a PingName> {
    let wants = move |ping: &Ping| match sound {
        Sound::Start => ping.start,
        Sound::Success => ping.success,
        Sound::Failure => ping.failure,
    };
    plan.pings
        .iter()
        .filter(move |(_, ping)| wants(ping) && (ping.groups.is_empty() || ping.groups.contains(group)))
        .map(|(name, _)| name)
}

const fn sound(state: JobState) -> Option<Sound> {
    match state {
        JobState::Succeeded => Some(Sound::Success),
        // Not everything that should be safe is; and nobody is told that a start came to no end.
        JobState::Incomplete | JobState::Failed | JobState::Cancelled => Some(Sound::Failure),
        JobState::Queued | JobState::Running | JobState::Interrupted | JobState::Skipped => None,
    }
}

fn outcome(verdict: &Verdict, snapshot: Option<&str>) -> String {
    let snapshot =
        snapshot.map_or_else(String::new, |id| format!(", snapshot {}", id.get(..8).unwrap_or(id)));
    let reason = verdict.reason.as_ref().map_or_else(String::new, |reason| {
        let explained = reason.explain();
        format!("\n{} {}", explained.message, explained.hint)
    });
    format!("The backup {}{snapshot}.{reason}", past(verdict.state))
}

const fn past(state: JobState) -> &'static str {
    match state {
        JobState::Succeeded => "succeeded",
        JobState::Incomplete => "is incomplete",
        JobState::Cancelled => "was cancelled",
        _ => "failed",
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

#[cfg(test)]
mod tests {
    use wire::job::Reason;

    use super::*;

    #[test]
    fn each_ping_hears_what_it_asked_for_of_its_groups() {
        let plan: Plan = toml::from_str(
            "[pings.all]\n[pings.web]\ngroups = [\"web\"]\nstart = false\n[pings.bad]\nsuccess = false\nstart = false\n",
        )
        .unwrap();
        let told = |group: &str, sound| {
            let group = group.parse().unwrap();
            wanted(&plan, &group, sound).map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("web", Sound::Start), "all");
        assert_eq!(told("web", Sound::Success), "all web");
        assert_eq!(told("home", Sound::Success), "all");
        assert_eq!(told("home", Sound::Failure), "all bad");
        assert_eq!(sound(JobState::Interrupted), None);
    }

    #[test]
    fn what_is_told_is_for_a_person() {
        let reason = Reason::HookFailed { exit: Some(1), message: "no dump".to_owned() };
        insta::assert_snapshot!(outcome(&Verdict::failed(reason), None), @"
        The backup failed.
        pre_hook failed (exit 1): no dump The backup did not begin. Read the hook's lines in the log and mend the hook.
        ");
        insta::assert_snapshot!(
            outcome(&Verdict::SUCCESS, Some("aaaaaaaaaaaa")),
            @"The backup succeeded, snapshot aaaaaaaa."
        );
        let long = "ä".repeat(LONGEST_TEXT);
        assert_eq!(cut(&long).len(), LONGEST_TEXT);
    }
}
