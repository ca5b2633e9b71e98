//! Calls that meet locks: dead ones of this host are removed, others' are shown and waited for, longer each time.

use std::time::Duration;

use wire::job::{JobKind, JobState, Reason};

use super::{Early, Session, locks::Looked};
use crate::{
    restic::{
        command::Verb,
        exit::{self, Exit},
    },
    run::conversation::{Bounds, Conversation, Halt, Wish, wanted},
    store::{StoreError, jobs, repositories},
};

/// How often a dead lock of our own is removed before it is reported like any other.
const UNLOCK_ATTEMPTS: u32 = 3;
/// A wait doubles up to so many times the first one.
const LONGEST_POLL: u32 = 12;

/// How long a call has waited for locks by now, and what it has removed.
pub struct Waiting {
    unlocks: u32,
    /// When the lock that it waits for was met first.
    since: Option<Duration>,
    poll: Duration,
}

/// What one attempt of a call came to.
pub enum Attempt {
    Over(Box<Conversation>),
    /// There was a lock. It is gone, or was waited for: nothing was done yet, and what was known before is old.
    Again,
}

/// What a pause ended with.
enum Waited {
    Over,
    Halted(Wish),
    /// A person wants the locks gone, and only one job is at a repository at a time.
    MustGiveWay,
}

/// How much of the repository a call needs for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Nothing,
    Shared,
    Exclusive,
}

const fn hold(verb: Verb<'_>) -> Hold {
    match verb {
        Verb::Forget { .. } | Verb::Prune | Verb::Check { .. } => Hold::Exclusive,
        Verb::Backup { .. }
        | Verb::DryRun { .. }
        | Verb::Restore { .. }
        | Verb::Stats
        | Verb::Copy { .. } => Hold::Shared,
        Verb::Init { .. }
        | Verb::CatConfig
        | Verb::ForgetPreview { .. }
        | Verb::List { .. }
        | Verb::ListBelow { .. }
        | Verb::Snapshots { .. }
        | Verb::ListLocks
        | Verb::CatLock { .. }
        | Verb::Unlock { .. } => Hold::Nothing,
    }
}

/// Whether restic locks the repository for it.
pub fn takes_lock(verb: Verb<'_>) -> bool {
    hold(verb) != Hold::Nothing
}

impl Session {
    /// A call that waits for other hosts' locks and removes dead ones of its own. Ends early only when it was halted.
    pub async fn patiently(&mut self, verb: Verb<'_>, bounds: Bounds) -> Result<Conversation, Early> {
        let mut waiting = self.waiting();
        loop {
            if let Attempt::Over(done) = self.attempt(verb, bounds, &mut waiting).await? {
                return Ok(*done);
            }
        }
    }

    pub fn waiting(&self) -> Waiting {
        Waiting { unlocks: 0, since: None, poll: self.shared.settings.patience.lock_poll }
    }

    /// The same once, for whoever has to think again after a wait.
    pub async fn attempt(
        &mut self,
        verb: Verb<'_>,
        bounds: Bounds,
        waiting: &mut Waiting,
    ) -> Result<Attempt, Early> {
        let done = self.converse(verb, bounds).await?;
        // One that was asked to stop, yet came to its end, has done its work: doing it again would do it twice.
        if done.exit == Exit::Code(0) {
            *waiting = Waiting { unlocks: waiting.unlocks, ..self.waiting() };
            self.got_through(hold(verb)).await;
            return Ok(Attempt::Over(Box::new(done)));
        }
        if let Some(halt) = done.halt.clone() {
            return Err(self.halted(halt, &done).await);
        }
        if matches!(done.exit, Exit::Signal(_)) {
            // Somebody else ended it, such as a machine without memory: its lock is dead.
            self.unlock().await;
            return Ok(Attempt::Over(Box::new(done)));
        }
        match exit::failure(done.exit, &done.said, self.shared.world.now()) {
            Reason::Locked { owner, pid, .. } => self.locked(done, owner, pid, waiting).await,
            _ => Ok(Attempt::Over(Box::new(done))),
        }
    }

    /// What it met was somebody's lock.
    async fn locked(
        &mut self,
        done: Conversation,
        owner: Option<String>,
        pid: Option<u32>,
        waiting: &mut Waiting,
    ) -> Result<Attempt, Early> {
        if let Some(wish) = self.stop_wanted() {
            return Err(Early::Halted(wish));
        }
        let patience = self.shared.settings.patience;
        let is_first = waiting.since.is_none();
        let now = self.shared.world.awake();
        let since = *waiting.since.get_or_insert(now);
        let is_own_dead = self.may_be_own_dead(owner.as_deref(), pid);
        if is_first || is_own_dead {
            let removed = self.look_at_locks().await?;
            if removed && waiting.unlocks < UNLOCK_ATTEMPTS {
                waiting.unlocks += 1;
                return Ok(Attempt::Again);
            }
        }
        let left = patience.foreign_lock.saturating_sub(now.saturating_sub(since));
        if left.is_zero() {
            return Ok(Attempt::Over(Box::new(done)));
        }
        let pause = waiting.poll.min(left);
        waiting.poll = waiting.poll.saturating_mul(2).min(patience.lock_poll * LONGEST_POLL);
        let owner = match (is_own_dead, pid, owner) {
            (true, Some(pid), _) => format!("PID {pid} of this host's name, which is not here,"),
            (_, _, owner) => owner.unwrap_or_else(|| "another process".to_owned()),
        };
        self.log.say(format!(
            "{owner} holds the repository's lock: waiting {} s, {} s at most",
            pause.as_secs(),
            left.as_secs()
        ));
        match self.wait_for_lock(pause).await {
            Waited::Over => Ok(Attempt::Again),
            Waited::Halted(wish) => Err(Early::Halted(wish)),
            Waited::MustGiveWay => {
                self.log.say("Somebody wants to unlock the repository: this job gives way");
                Ok(Attempt::Over(Box::new(done)))
            }
        }
    }

    /// Locks that were in the way are not any more.
    async fn got_through(&mut self, hold: Hold) {
        if hold == Hold::Nothing || self.lent().is_some() {
            return;
        }
        self.forget_locks_here(hold).await;
        if self.other_access().is_some() {
            self.swap();
            self.forget_locks_here(Hold::Shared).await;
            self.swap();
        }
    }

    async fn forget_locks_here(&mut self, hold: Hold) {
        let name = self.repository().clone();
        let row =
            self.shared.store.read::<_, StoreError>(move |connection| repositories::get(connection, &name));
        let known = row.await.ok().flatten().map(|row| row.locks).unwrap_or_default();
        if known.is_empty() {
            return;
        }
        // Who had it alone knows that nobody else was there; who shared it has to look.
        let now = if hold == Hold::Exclusive { Ok(Looked::default()) } else { self.locks().await };
        if let Ok(looked) = now
            && looked.is_complete()
        {
            self.note_locks(looked.locks).await;
        }
    }

    async fn wait_for_lock(&self, pause: Duration) -> Waited {
        let (world, mut stop) = (&self.shared.world, self.stop.clone());
        let mut commits = self.shared.store.commits();
        let until = world.awake() + pause;
        loop {
            commits.borrow_and_update();
            if self.is_unlock_wanted().await {
                return Waited::MustGiveWay;
            }
            let left = until.saturating_sub(world.awake());
            tokio::select! {
                wish = wanted(&mut stop) => return Waited::Halted(wish),
                Ok(()) = commits.changed() => {}
                () = world.sleep(left) => return Waited::Over,
            }
        }
    }

    async fn is_unlock_wanted(&self) -> bool {
        let places = [Some(self.repository()), self.other_name()].map(Option::<&_>::cloned);
        if self.lent().is_some() {
            return false;
        }
        let open = self.shared.store.read::<_, StoreError>(jobs::open).await.unwrap_or_default();
        open.iter().any(|job| {
            job.subject.kind == JobKind::Unlock
                && job.state == JobState::Queued
                && places.iter().flatten().any(|name| *name == job.subject.repository)
        })
    }

    async fn halted(&mut self, halt: Halt, done: &Conversation) -> Early {
        // 0.14 dies of SIGTERM and leaves its lock, every version does of SIGKILL. An agent that stops has no time for
        // it; the next job removes it.
        if halt != Halt::Wanted(Wish::Draining) && matches!(done.exit, Exit::Signal(_)) {
            self.unlock().await;
        }
        match halt {
            Halt::Wanted(wish) => Early::Halted(wish),
            Halt::Silent(after) => {
                let message = format!("restic printed nothing for {} s and was stopped", after.as_secs());
                self.stalled(done, message)
            }
            Halt::Still(after) => {
                let message = format!(
                    "restic came no further for {} s and was stopped: look whether what it reads (a network mount?) and \
                     where it writes answer",
                    after.as_secs()
                );
                self.stalled(done, message)
            }
            Halt::TooLong(after) => {
                let message = format!("restic was not done after {} s and was stopped", after.as_secs());
                self.stalled(done, message)
            }
        }
    }

    fn stalled(&mut self, done: &Conversation, message: String) -> Early {
        let reason = exit::stalled(done.exit, &done.said, message);
        self.note_failure(&reason);
        reason.into()
    }
}
