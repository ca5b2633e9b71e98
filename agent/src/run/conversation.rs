//! One call of restic, from start to end: its lines, its silence, and the wish that it should stop.
//!
//! Knows nothing of jobs beyond their log. What an end means is judged by whoever called.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use wire::{
    job::{DryRunResult, LogStream, Reason},
    plan::Limits,
};

use super::{
    engine::{Shared, Stop},
    session::{Effect, Session, takes_lock},
    sift::Sift,
};
use crate::{
    restic::{
        command::{Verb, call},
        exit::{Exit, is_hopeless},
        output::{Entry, Line, Status, Transcript, clean, read},
        process::{Printed, ProcessGroup, start},
    },
    store::{StoreError, jobs, ran},
};

/// So many lines are taken at once when they come quickly.
const AT_ONCE: usize = 64;
/// What a document may grow to.
const DOCUMENT_LIMIT_BYTES: usize = 128 * 1024 * 1024;

/// What restic may have on its way at once: a pack of 128 MiB, the largest it makes, on each of eight connections.
const PACKS_KIB: u64 = 8 * 128 * 1024;

/// The sizes of files that a dry run met are asked for a moment after it named them.
const CATCH_UP: Duration = Duration::from_mins(1);

/// How long restic may take, and whether it may be stopped.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Without a line. Then there is an end to lines as well that only say again how far it is.
    pub silence: Option<Duration>,
    /// In all.
    pub limit: Option<Duration>,
    /// False for what tidies up after a stop.
    pub heeds_stop: bool,
}

/// What restic said and how it ended.
#[derive(Debug)]
pub struct Conversation {
    pub exit: Exit,
    pub said: Transcript,
    /// Standard output of a verb that prints a document.
    pub document: Vec<u8>,
    pub halt: Option<Halt>,
    /// What a dry run met.
    pub met: Option<DryRunResult>,
}

/// Why we ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    Wanted(Wish),
    Silent(Duration),
    /// It said how far it was, and came no further.
    Still(Duration),
    TooLong(Duration),
}

/// Why it is to end before it is done, though nothing is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Cancelled(String),
    Draining,
}

impl Session {
    /// Runs restic once. `Err` when it could not even be started.
    pub async fn converse(&mut self, verb: Verb<'_>, bounds: Bounds) -> Result<Conversation, Reason> {
        let call = call(verb, &self.access, &self.surroundings, &self.limits, &self.binary.features)
            .map_err(|error| Reason::Internal { message: error.to_string() })?;
        let shared = self.shared.clone();
        let (mut running, mut lines) =
            start(&shared.world, &shared.settings.launcher, &self.binary.path, &call).await.map_err(
                |error| Reason::Restic {
                    exit: None,
                    message: format!("{} cannot be started: {error}", self.binary.path.display()),
                },
            )?;
        let (group, pid) = (running.group(), running.process.pid);
        if takes_lock(verb) {
            shared.ran.began(pid, shared.world.now());
        }
        self.note_process(&running.process, takes_lock(verb)).await;
        let mut watch = Watch::new(bounds, &shared.world, shared.settings.patience.term_to_kill);
        watch.expect_movement(still(shared.settings.patience.still, &self.limits));
        let mut talk = Talk::of(verb, &shared);
        let (mut exit, mut open) = (None, true);
        let mut batch = Vec::with_capacity(AT_ONCE);
        let mut stop = self.stop.clone();
        let ended = running.ended();
        tokio::pin!(ended);
        while exit.is_none() || open {
            let pause = watch.pause(shared.world.awake(), self.log.due_in());
            tokio::select! {
                end = &mut ended, if exit.is_none() => exit = Some(end),
                count = lines.recv_many(&mut batch, AT_ONCE), if open => {
                    open = count > 0;
                    let moved = talk.take(self, &mut batch);
                    watch.heard(shared.world.awake(), moved);
                    if talk.is_hopeless && watch.may_stop() {
                        let tried = watch.lasted(shared.world.awake());
                        watch.halt(Halt::TooLong(tried), group, shared.world.awake());
                    }
                }
                wish = wanted(&mut stop), if watch.may_stop() => {
                    watch.halt(Halt::Wanted(wish), group, shared.world.awake());
                }
                () = shared.world.sleep(pause) => watch.tick(shared.world.awake(), group),
            }
            self.log.flush_if_due().await;
        }
        shared.ran.ended(pid, shared.world.now());
        let exit = match exit {
            Some(Ok(exit)) => exit,
            Some(Err(error)) => {
                return Err(Reason::Internal { message: format!("restic was lost: {error}") });
            }
            None => return Err(Reason::Internal { message: "restic was lost".to_owned() }),
        };
        if let Verb::Backup { includes, .. } | Verb::DryRun { includes, .. } = verb {
            talk.said.name_missing(includes);
        }
        if !talk.said.told.copied.is_empty() {
            // However it ended: these are there, and this host made them.
            let (repository, ids) = (self.repository().clone(), talk.said.told.copied.clone());
            self.effects.push(Effect::Own { repository, ids });
        }
        let met = match talk.sift {
            Some(sift) => shared.world.within(CATCH_UP, sift.result()).await.flatten(),
            None => None,
        };
        if let Some(unseen) = met.as_ref().and_then(|sifted| sifted.unseen.as_ref()) {
            self.log.say(format!(
                "Of some files only what is new is counted, because their sizes could not be read: {unseen}"
            ));
        }
        let met = met.map(|sifted| sifted.result);
        Ok(Conversation { exit, said: talk.said, document: talk.document, halt: watch.halted, met })
    }

    /// So that a later agent can tell whether this restic still runs, and which locks are this host's own. The work goes
    /// on when the disk refuses.
    async fn note_process(&self, process: &crate::world::ProcessId, takes_lock: bool) {
        let (job, process, now) = (self.job.id, process.clone(), self.shared.world.now());
        let noted = self.shared.store.write::<_, StoreError>(move |tx| {
            jobs::set_process(tx, job, Some(&process))?;
            if takes_lock { ran::began(tx, job, process.pid, now) } else { ran::ended(tx, job, now) }
        });
        let noted = noted.await;
        if let Err(error) = noted {
            tracing::warn!(job = %job, "restic's process cannot be noted: {error}");
        }
    }
}

/// How long restic may stay where it is. It counts what it read once that is on its way in packs, so that a slow line
/// lets it seem still for as long as those take that it may hold at once.
fn still(at_least: Duration, limits: &Limits) -> Duration {
    let slowest = limits.upload_kib_s.into_iter().chain(limits.download_kib_s).min();
    let packs = slowest.map(|kib_s| Duration::from_secs(PACKS_KIB / u64::from(kib_s.max(1))));
    packs.map_or(at_least, |packs| at_least.max(packs * 2))
}

const fn prints_document(verb: Verb<'_>) -> bool {
    matches!(
        verb,
        Verb::CatConfig
            | Verb::Snapshots { .. }
            | Verb::Stats
            | Verb::ForgetPreview { .. }
            | Verb::ListLocks
            | Verb::CatLock { .. }
    )
}

/// Resolves when somebody wants the job to stop.
pub(super) async fn wanted(stop: &mut watch::Receiver<Stop>) -> Wish {
    loop {
        match &*stop.borrow_and_update() {
            Stop::No => {}
            Stop::Cancelled(person) => return Wish::Cancelled(person.clone()),
            Stop::Draining => return Wish::Draining,
        }
        if stop.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

impl Session {
    /// Why the job should end, if somebody already wants it to.
    pub fn stop_wanted(&self) -> Option<Wish> {
        match &*self.stop.borrow() {
            Stop::No => None,
            Stop::Cancelled(person) => Some(Wish::Cancelled(person.clone())),
            Stop::Draining => Some(Wish::Draining),
        }
    }
}

struct Talk {
    said: Transcript,
    document: Vec<u8>,
    keeps_document: bool,
    sift: Option<Sift>,
    /// Errors that a dry run may still log: a million files that cannot be read are counted, not told one by one.
    errors_left: usize,
    /// It tries again what no repetition can mend.
    is_hopeless: bool,
    /// How far it last said that it was.
    last: Option<Status>,
}

/// Of a dry run, in the log.
const DRY_RUN_ERRORS: usize = 100;

impl Talk {
    fn of(verb: Verb<'_>, shared: &Arc<Shared>) -> Self {
        let sift = match verb {
            Verb::DryRun { includes, .. } => Some(Sift::new(includes, shared.clone())),
            _ => None,
        };
        Self {
            said: Transcript::default(),
            document: Vec::new(),
            keeps_document: prints_document(verb),
            errors_left: if sift.is_some() { DRY_RUN_ERRORS } else { usize::MAX },
            sift,
            is_hopeless: false,
            last: None,
        }
    }

    /// True when it said anything but how far it is, or came further.
    fn take(&mut self, session: &mut Session, batch: &mut Vec<Printed>) -> bool {
        let mut moved = false;
        let mut shown: Vec<(LogStream, String)> = Vec::new();
        let mut met: Vec<Entry> = Vec::new();
        for printed in batch.drain(..) {
            if printed.stream == LogStream::Stdout
                && let Some(listener) = &mut session.listener
            {
                listener(&printed.text);
                moved = true;
                continue;
            }
            if self.keeps_document && printed.stream == LogStream::Stdout {
                if self.document.len() + printed.text.len() < DOCUMENT_LIMIT_BYTES {
                    self.document.extend_from_slice(printed.text.as_bytes());
                    self.document.push(b'\n');
                }
                moved = true;
                continue;
            }
            let text = clean(&printed.text);
            let line = read(text);
            if let Line::Status(mut status) = line {
                if let Some(tally) = &session.tally {
                    tally.tell(&mut status);
                }
                if !self.last.as_ref().is_some_and(|last| last.is_where(&status)) {
                    self.last = Some(status.clone());
                    moved = true;
                }
                session.log.progress(status);
                continue;
            }
            moved = true;
            self.said.take(printed.stream, text, &line);
            // Names of files stand in other lines.
            self.is_hopeless |=
                printed.stream == LogStream::Stderr && line == Line::Text && is_hopeless(text);
            match line {
                Line::Entry(entry) => match &mut session.tally {
                    Some(tally) => tally.add(entry),
                    None => met.push(entry),
                },
                Line::Item { .. } if self.errors_left == 0 => {}
                line if !text.is_empty() => {
                    if matches!(line, Line::Item { .. }) {
                        self.errors_left -= 1;
                    }
                    shown.push((printed.stream, text.to_owned()));
                }
                _ => {}
            }
        }
        if let Some(sift) = &self.sift {
            sift.take(met);
        }
        session.log.lines(shown.iter().map(|(stream, text)| (*stream, text.as_str())));
        moved
    }
}

/// The clocks of one conversation. All count the time that the machine is awake: what straddles its sleep had no more time.
pub(super) struct Watch {
    bounds: Bounds,
    began: Duration,
    heard: Duration,
    moved: Duration,
    still: Option<Duration>,
    term_to_kill: Duration,
    kill_at: Option<Duration>,
    pub halted: Option<Halt>,
}

impl Watch {
    pub fn new(bounds: Bounds, world: &crate::world::World, term_to_kill: Duration) -> Self {
        let now = world.awake();
        let (began, heard, moved) = (now, now, now);
        Self { bounds, began, heard, moved, still: None, term_to_kill, kill_at: None, halted: None }
    }

    /// Where lines are waited for, it must also come further within this.
    fn expect_movement(&mut self, within: Duration) {
        self.still = self.bounds.silence.map(|_| within);
    }

    fn heard(&mut self, now: Duration, moved: bool) {
        self.heard = now;
        if moved {
            self.moved = now;
        }
    }

    fn lasted(&self, now: Duration) -> Duration {
        now.saturating_sub(self.began)
    }

    pub const fn may_stop(&self) -> bool {
        self.bounds.heeds_stop && self.halted.is_none()
    }

    /// When this has passed, something may have to be done.
    pub fn pause(&self, now: Duration, log: Option<Duration>) -> Duration {
        let silent_at = self.bounds.silence.map(|silence| self.heard + silence);
        let still_at = self.still.map(|still| self.moved + still);
        let late_at = self.bounds.limit.map(|limit| self.began + limit);
        let clock = match self.kill_at {
            Some(at) => Some(at),
            None if self.halted.is_some() => None,
            None => [silent_at, still_at, late_at].into_iter().flatten().min(),
        };
        let clock = clock.map(|at| at.saturating_sub(now));
        clock.into_iter().chain(log).min().unwrap_or(Duration::from_mins(1))
    }

    pub fn halt(&mut self, why: Halt, group: ProcessGroup, now: Duration) {
        group.terminate();
        self.halted = Some(why);
        self.kill_at = Some(now + self.term_to_kill);
    }

    /// It has only so long from now on.
    pub fn hurry(&mut self, now: Duration, left: Duration) {
        let sooner = now.saturating_sub(self.began) + left;
        self.bounds.limit = Some(self.bounds.limit.map_or(sooner, |limit| limit.min(sooner)));
        self.bounds.heeds_stop = false;
    }

    pub fn tick(&mut self, now: Duration, group: ProcessGroup) {
        if let Some(at) = self.kill_at {
            if now >= at {
                group.kill();
                self.kill_at = None;
            }
        } else if self.halted.is_none() {
            let silent = self.bounds.silence.filter(|silence| now >= self.heard + *silence).map(Halt::Silent);
            let still = self.still.filter(|still| now >= self.moved + *still).map(Halt::Still);
            let late = self.bounds.limit.filter(|limit| now >= self.began + *limit).map(Halt::TooLong);
            if let Some(why) = silent.or(still).or(late) {
                self.halt(why, group, now);
            }
        }
    }
}
