//! One job's log while it runs: lines gathered into chunks for the store, and shown live to whoever watches.
//!
//! A chunk is written when it is full, or when its first line has waited; never one record per line. While the disk
//! refuses, lines are kept in memory up to a limit, and what is lost beyond it is counted in the log itself.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tracing::warn;
use wire::{
    frame::Live,
    id::{JobId, UnixMs},
    job::{LogLine, LogStream, Progress},
};

use super::{engine::Shared, scrub::Scrub};
use crate::{
    restic::output::Status,
    store::{StoreError, Tx, logs},
};

const CHUNK_BYTES: usize = 64 * 1024;
const CHUNK_AGE: Duration = Duration::from_secs(5);
/// What is kept while the disk refuses.
const KEPT_BYTES: usize = 2 * 1024 * 1024;
/// A longer line is cut: nobody reads it, and whole documents are records of their own.
const LINE_BYTES: usize = 4 * 1024;
/// What a line costs besides its text.
const LINE_OVERHEAD_BYTES: usize = 64;
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// Over how long the rate is taken.
const RATE_OVER: Duration = Duration::from_secs(5);

pub struct JobLog {
    shared: Arc<Shared>,
    job: JobId,
    next: u64,
    waiting: Vec<LogLine>,
    waiting_bytes: usize,
    /// When the first waiting line came, on the monotonic clock.
    since: Option<Duration>,
    lost: u64,
    progress_at: Option<Duration>,
    estimates: bool,
    /// (when, bytes done)
    rate: VecDeque<(Duration, u64)>,
    /// Once the job's secrets are known.
    scrub: Option<Arc<Scrub>>,
}

impl JobLog {
    /// `next` is the number of the first line: what an agent before this one wrote stays.
    pub fn new(shared: Arc<Shared>, job: JobId, next: u64) -> Self {
        Self {
            shared,
            job,
            next,
            waiting: Vec::new(),
            waiting_bytes: 0,
            since: None,
            lost: 0,
            progress_at: None,
            estimates: false,
            rate: VecDeque::new(),
            scrub: None,
        }
    }

    /// From now on the time that is left is told from the rate, where restic does not say it: the whole is known.
    pub const fn estimate(&mut self) {
        self.estimates = true;
    }

    /// From now on no line holds these secrets.
    pub fn keep_out(&mut self, scrub: Arc<Scrub>) {
        self.scrub = Some(scrub);
    }

    /// What the agent itself says.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.lines([(LogStream::Agent, text.as_ref())]);
    }

    /// Lines that came together are shown together.
    pub fn lines<'a>(&mut self, lines: impl IntoIterator<Item = (LogStream, &'a str)>) {
        let at = self.shared.world.now();
        let first = self.waiting.len();
        for (stream, text) in lines {
            self.push(at, stream, text);
        }
        if self.waiting.len() > first && self.shared.live.is_watched(self.job) {
            self.shared.live.send(Live::Log { job: self.job, lines: self.waiting[first..].to_vec() });
        }
    }

    fn push(&mut self, at: UnixMs, stream: LogStream, text: &str) {
        if self.waiting_bytes > KEPT_BYTES {
            self.lost += 1;
            return;
        }
        let text = match &self.scrub {
            Some(scrub) => cut(&scrub.clean(text.to_owned())),
            None => cut(text),
        };
        self.waiting_bytes += text.len() + LINE_OVERHEAD_BYTES;
        self.waiting.push(LogLine { n: self.next, at, stream, text });
        self.next += 1;
        self.since.get_or_insert_with(|| self.shared.world.monotonic());
    }

    /// The state of the run: at once the first time, then once a second, and only while somebody watches.
    pub fn progress(&mut self, status: Status) {
        let now = self.shared.world.monotonic();
        self.rate.push_back((now, status.bytes_done));
        while self.rate.len() > 2
            && self.rate.front().is_some_and(|(at, _)| now.saturating_sub(*at) > RATE_OVER)
        {
            self.rate.pop_front();
        }
        if self.progress_at.is_some_and(|last| now.saturating_sub(last) < PROGRESS_EVERY)
            || !self.shared.live.is_watched(self.job)
        {
            return;
        }
        self.progress_at = Some(now);
        let mut progress = status.progress(self.bytes_per_s());
        if self.estimates && progress.bytes_per_s > 0 && progress.bytes_done > 0 {
            let left = progress.bytes_total.saturating_sub(progress.bytes_done);
            progress.remaining_s = progress.remaining_s.or(Some(left / progress.bytes_per_s));
        }
        self.shared.live.send(Live::Progress { job: self.job, progress });
    }

    /// Somebody may be watching already: show that it runs, before restic says anything.
    pub fn begin(&mut self) {
        if self.shared.live.is_watched(self.job) {
            self.shared.live.send(Live::Progress { job: self.job, progress: Progress::default() });
        }
    }

    fn bytes_per_s(&self) -> u64 {
        let (Some((from, first)), Some((to, last))) = (self.rate.front(), self.rate.back()) else { return 0 };
        let ms = to.saturating_sub(*from).as_millis();
        let rate = u128::from(last.saturating_sub(*first)) * 1000 / ms.max(1);
        if ms == 0 { 0 } else { u64::try_from(rate).unwrap_or(u64::MAX) }
    }

    /// How long until the waiting lines want to be written; `None` while there are none.
    pub fn due_in(&self) -> Option<Duration> {
        let age = self.shared.world.monotonic().saturating_sub(self.since?);
        Some(if self.waiting_bytes >= CHUNK_BYTES { Duration::ZERO } else { CHUNK_AGE.saturating_sub(age) })
    }

    /// Writes what waits, if it is time. A disk that refuses keeps them waiting.
    pub async fn flush_if_due(&mut self) {
        if self.due_in().is_none_or(|due| due > Duration::ZERO) {
            return;
        }
        let pending = self.pending();
        let (job, at) = (self.job, self.shared.world.now());
        let written = self.shared.store.write(move |tx| pending.write(tx, job, at)).await;
        match written {
            Ok(()) => self.written(),
            Err(error) => {
                warn!(job = %self.job, "the log cannot be written: {error}");
                self.since = Some(self.shared.world.monotonic());
            }
        }
    }

    /// What waits, to be written in the caller's transaction; [`JobLog::written`] says that it was.
    pub fn pending(&mut self) -> Pending {
        if self.lost > 0 && self.waiting_bytes <= KEPT_BYTES {
            let lost = std::mem::take(&mut self.lost);
            self.say(format!("{lost} lines are missing here: the agent's database could not be written"));
        }
        Pending { lines: self.waiting.clone(), count: self.next }
    }

    pub fn written(&mut self) {
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.since = None;
        if self.lost > 0 {
            let lost = std::mem::take(&mut self.lost);
            self.say(format!("{lost} lines are missing here: the agent's database could not be written"));
        }
    }
}

/// Lines on their way into the store.
#[derive(Clone, Debug)]
pub struct Pending {
    lines: Vec<LogLine>,
    /// How many lines the job has with these.
    pub count: u64,
}

impl Pending {
    pub fn write(&self, tx: &Tx<'_>, job: JobId, at: UnixMs) -> Result<(), StoreError> {
        let mut rest = self.lines.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest
                .iter()
                .take_while(|line| {
                    bytes += line.text.len() + LINE_OVERHEAD_BYTES;
                    // A little more than it takes to be written: the rest would be a tiny chunk of its own.
                    bytes <= 2 * CHUNK_BYTES
                })
                .count();
            let (chunk, later) = rest.split_at(fits.max(1));
            logs::append_chunk(tx, job, chunk, at)?;
            rest = later;
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    if text.len() <= LINE_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LINE_BYTES);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
}
