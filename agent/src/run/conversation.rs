//! One call of restic, from start to end: its lines, its silence, and the wish that it should stop.
//!
//! Knows nothing of jobs beyond their log. What an end means is judged by whoever called.

use std::time::Duration;

use tokio::sync::watch;
use wire::job::{LogStream, Reason};

use super::{engine::Stop, session::Session};
use crate::{
    restic::{
        command::{Verb, call},
        exit::Exit,
        output::{Line, Transcript, clean, read},
        process::{Printed, ProcessGroup, start},
    },
    store::jobs,
};

/// So many lines are taken at once when they come quickly.
const AT_ONCE: usize = 64;
/// What a document may grow to.
const DOCUMENT_LIMIT_BYTES: usize = 128 * 1024 * 1024;

/// How long restic may take, and whether it may be stopped.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Without a line.
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
}

/// Why we ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Halt {
    Cancelled(String),
    Draining,
    Silent(Duration),
    TooLong(Duration),
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
        let group = running.group();
        self.note_process(&running.process).await;
        let mut watch = Watch::new(bounds, &shared.world, shared.settings.patience.term_to_kill);
        let mut talk =
            Talk { said: Transcript::default(), document: Vec::new(), keeps_document: prints_document(verb) };
        let (mut exit, mut open) = (None, true);
        let mut batch = Vec::with_capacity(AT_ONCE);
        let mut stop = self.stop.clone();
        let ended = running.ended();
        tokio::pin!(ended);
        while exit.is_none() || open {
            let pause = watch.pause(shared.world.monotonic(), self.log.due_in());
            tokio::select! {
                end = &mut ended, if exit.is_none() => exit = Some(end),
                count = lines.recv_many(&mut batch, AT_ONCE), if open => {
                    open = count > 0;
                    watch.heard(shared.world.monotonic());
                    talk.take(self, &mut batch);
                }
                halt = wanted(&mut stop), if watch.may_stop() => {
                    watch.halt(halt, group, shared.world.monotonic());
                }
                () = shared.world.sleep(pause) => watch.tick(shared.world.monotonic(), group),
            }
            self.log.flush_if_due().await;
        }
        let exit = match exit {
            Some(Ok(exit)) => exit,
            Some(Err(error)) => {
                return Err(Reason::Internal { message: format!("restic was lost: {error}") });
            }
            None => return Err(Reason::Internal { message: "restic was lost".to_owned() }),
        };
        Ok(Conversation { exit, said: talk.said, document: talk.document, halt: watch.halted })
    }

    /// So that a later agent can tell whether this restic still runs. The work goes on when the disk refuses.
    async fn note_process(&self, process: &crate::world::ProcessId) {
        let (job, process) = (self.job.id, process.clone());
        let noted = self.shared.store.write(move |tx| jobs::set_process(tx, job, Some(&process))).await;
        if let Err(error) = noted {
            tracing::warn!(job = %job, "restic's process cannot be noted: {error}");
        }
    }
}

const fn prints_document(verb: Verb<'_>) -> bool {
    matches!(verb, Verb::CatConfig | Verb::Snapshots { .. } | Verb::Stats | Verb::Forget { .. })
}

/// Resolves when somebody wants the job to stop.
async fn wanted(stop: &mut watch::Receiver<Stop>) -> Halt {
    loop {
        match &*stop.borrow_and_update() {
            Stop::No => {}
            Stop::Cancelled(person) => return Halt::Cancelled(person.clone()),
            Stop::Draining => return Halt::Draining,
        }
        if stop.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

impl Session {
    /// Why the job should end, if somebody already wants it to.
    pub fn stop_wanted(&self) -> Option<Halt> {
        match &*self.stop.borrow() {
            Stop::No => None,
            Stop::Cancelled(person) => Some(Halt::Cancelled(person.clone())),
            Stop::Draining => Some(Halt::Draining),
        }
    }

    /// Waits, unless somebody wants the job to end.
    pub async fn pause(&mut self, duration: Duration) -> Option<Halt> {
        let (world, mut stop) = (self.shared.world.clone(), self.stop.clone());
        tokio::select! {
            halt = wanted(&mut stop) => Some(halt),
            () = world.sleep(duration) => None,
        }
    }
}

struct Talk {
    said: Transcript,
    document: Vec<u8>,
    keeps_document: bool,
}

impl Talk {
    fn take(&mut self, session: &mut Session, batch: &mut Vec<Printed>) {
        let mut shown: Vec<(LogStream, String)> = Vec::new();
        for printed in batch.drain(..) {
            if self.keeps_document && printed.stream == LogStream::Stdout {
                if self.document.len() + printed.text.len() < DOCUMENT_LIMIT_BYTES {
                    self.document.extend_from_slice(printed.text.as_bytes());
                    self.document.push(b'\n');
                }
                continue;
            }
            let text = clean(&printed.text);
            let line = read(text);
            if let Line::Status(status) = line {
                session.log.progress(status);
                continue;
            }
            self.said.take(printed.stream, text, &line);
            if !text.is_empty() {
                shown.push((printed.stream, text.to_owned()));
            }
        }
        session.log.lines(shown.iter().map(|(stream, text)| (*stream, text.as_str())));
    }
}

/// The clocks of one conversation, all monotonic.
struct Watch {
    bounds: Bounds,
    began: Duration,
    heard: Duration,
    term_to_kill: Duration,
    kill_at: Option<Duration>,
    halted: Option<Halt>,
}

impl Watch {
    fn new(bounds: Bounds, world: &crate::world::World, term_to_kill: Duration) -> Self {
        let now = world.monotonic();
        Self { bounds, began: now, heard: now, term_to_kill, kill_at: None, halted: None }
    }

    fn heard(&mut self, now: Duration) {
        self.heard = now;
    }

    const fn may_stop(&self) -> bool {
        self.bounds.heeds_stop && self.halted.is_none()
    }

    /// When this has passed, something may have to be done.
    fn pause(&self, now: Duration, log: Option<Duration>) -> Duration {
        let silent_at = self.bounds.silence.map(|silence| self.heard + silence);
        let late_at = self.bounds.limit.map(|limit| self.began + limit);
        let clock = match self.kill_at {
            Some(at) => Some(at),
            None if self.halted.is_some() => None,
            None => [silent_at, late_at].into_iter().flatten().min(),
        };
        let clock = clock.map(|at| at.saturating_sub(now));
        clock.into_iter().chain(log).min().unwrap_or(Duration::from_mins(1))
    }

    fn halt(&mut self, why: Halt, group: ProcessGroup, now: Duration) {
        group.terminate();
        self.halted = Some(why);
        self.kill_at = Some(now + self.term_to_kill);
    }

    fn tick(&mut self, now: Duration, group: ProcessGroup) {
        if let Some(at) = self.kill_at {
            if now >= at {
                group.kill();
                self.kill_at = None;
            }
        } else if self.halted.is_none() {
            let silent = self.bounds.silence.filter(|silence| now >= self.heard + *silence).map(Halt::Silent);
            let late = self.bounds.limit.filter(|limit| now >= self.began + *limit).map(Halt::TooLong);
            if let Some(why) = silent.or(late) {
                self.halt(why, group, now);
            }
        }
    }
}
