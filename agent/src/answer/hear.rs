//! One restic that answers a question: what it prints goes to an ear as it comes, and what the ear makes of it to whoever
//! asked, no faster than that takes it.

use std::{ops::ControlFlow, time::Duration};

use tokio::sync::{mpsc, mpsc::error::SendError};
use wire::job::{LogStream, Reason};

use super::{Failed, Piece};
use crate::{
    restic::{
        command::Query,
        exit::{Exit, failure, is_hopeless, stalled},
        output::{Transcript, clean, read},
    },
    run::Reading,
};

/// What listens to a restic. Pure: takes bytes, gives pieces of the answer.
pub trait Ear: Send {
    /// Adds to `out` what can be told of these bytes. `Break`: the rest is not wanted.
    fn take(&mut self, bytes: &[u8], now: Duration, out: &mut Vec<Piece>) -> Result<ControlFlow<()>, Failed>;
}

/// Where pieces go. Only as many as whoever asked has room for.
#[derive(Clone)]
pub struct Mouth(pub mpsc::Sender<Piece>);

/// Nobody listens any more.
pub struct Gone;

impl From<SendError<Piece>> for Gone {
    fn from(_: SendError<Piece>) -> Self {
        Self
    }
}

impl From<Gone> for Failed {
    fn from(_: Gone) -> Self {
        Self::unavailable("nobody waits for the answer any more")
    }
}

/// How long restic may be silent while somebody takes what it says: as long as it tries a server that is gone.
const SILENCE: Duration = Duration::from_mins(16);

/// Bounds how many bytes go out in a second.
#[derive(Default)]
pub struct Pace {
    pub kib_s: Option<u32>,
    sent_bytes: u64,
    began: Option<Duration>,
}

impl Pace {
    pub fn new(kib_s: Option<u32>) -> Self {
        Self { kib_s, ..Self::default() }
    }

    /// How long to wait after these bytes.
    fn pause(&mut self, bytes: usize, now: Duration) -> Duration {
        let Some(kib_s) = self.kib_s.filter(|limit| *limit > 0) else { return Duration::ZERO };
        let began = *self.began.get_or_insert(now);
        self.sent_bytes += bytes as u64;
        let due = Duration::from_millis(self.sent_bytes * 1000 / (u64::from(kib_s) * 1024));
        (began + due).saturating_sub(now)
    }
}

/// Runs it to its end, or until the ear has enough. True when it came to its end.
pub async fn hear(
    reading: &Reading,
    query: Query<'_>,
    ear: &mut dyn Ear,
    to: &Mouth,
    pace: &mut Pace,
) -> Result<bool, Failed> {
    let (mut running, mut bytes, mut lines) = reading.start(query).await?;
    let world = &reading.world;
    let (mut exit, mut talks, mut complains) = (None, true, true);
    let (mut said, mut out) = (Transcript::default(), Vec::new());
    let ended = running.ended();
    tokio::pin!(ended);
    while exit.is_none() || talks || complains {
        tokio::select! {
            end = &mut ended, if exit.is_none() => exit = Some(end),
            piece = bytes.recv(), if talks => match piece {
                Some(piece) => {
                    let flow = ear.take(&piece, world.monotonic(), &mut out)?;
                    for piece in out.drain(..) {
                        let pause = pace.pause(piece.data_bytes(), world.monotonic());
                        to.0.send(piece).await.map_err(Gone::from)?;
                        world.sleep(pause).await;
                    }
                    if flow.is_break() {
                        return Ok(false);
                    }
                }
                None => talks = false,
            },
            printed = lines.recv(), if complains => match printed {
                Some(printed) => {
                    let text = clean(&printed.text);
                    let line = read(text);
                    said.take(LogStream::Stderr, text, &line);
                    if is_absent(text) || is_hopeless(text) {
                        let message = "restic tried again and again, and was stopped".to_owned();
                        return Err(judged(reading, stalled(Exit::Signal(15), &said, message), text));
                    }
                }
                None => complains = false,
            },
            () = world.sleep(SILENCE) => return Err(Failed::too_slow(SILENCE.as_secs())),
        }
    }
    match exit {
        Some(Ok(Exit::Code(0))) => Ok(true),
        Some(Ok(exit)) => Err(judged(reading, failure(exit, &said, world.now()), &said.complaint())),
        Some(Err(error)) => Err(Reason::Internal { message: format!("restic was lost: {error}") }.into()),
        None => Err(Reason::Internal { message: "restic was lost".to_owned() }.into()),
    }
}

fn judged(reading: &Reading, reason: Reason, words: &str) -> Failed {
    // A server that does not answer, or does not let us in, says nothing of what is there.
    if matches!(reason, Reason::Restic { .. } | Reason::RepositoryMissing) && names_nothing(words) {
        return Failed::not_found(
            "what was asked for is not in the repository: it may have been removed meanwhile",
        );
    }
    reading.cleaned(reason).into()
}

/// Versions before 0.17 ask again for a minute for a snapshot that is not there.
fn is_absent(line: &str) -> bool {
    line.starts_with("Load(<snapshot/") && line.contains(", retrying after") && names_nothing(line)
}

/// restic's words for a snapshot, a tree or a path that is not there, and servers' for a file.
fn names_nothing(words: &str) -> bool {
    const WORDS: [&str; 9] = [
        "blob not found",
        "not found in snapshot",
        "no matching ID found",
        "could not find snapshot",
        "/snapshots/",
        "<snapshot/",
        "is not found in repository",
        "not found in index",
        "id not found",
    ];
    const MISSING: [&str; 5] = ["no such file", "not exist", "404", "Not Found", "NoSuchKey"];
    let has = |words_of: &[&str]| words_of.iter().any(|word| words.contains(word));
    if words.contains("/snapshots/") || words.contains("<snapshot/") { has(&MISSING) } else { has(&WORDS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_told_from_what_does_not_work() {
        for (words, missing) in [
            ("Fatal: blob not found", true),
            ("Fatal: cannot dump file: path \"/nowhere\" not found in snapshot", true),
            (
                "Load(<snapshot/0000000000>, 0, 0) returned error, retrying after 552ms: open repo/snapshots/00: no such file or directory",
                true,
            ),
            ("Fatal: could not find snapshot: no matching ID found for prefix \"ab\"", true),
            (
                "Load(<snapshot/0000000000>, 0, 0) returned error, retrying after 1s: dial tcp: i/o timeout",
                false,
            ),
            ("Fatal: unable to open repository: permission denied", false),
        ] {
            assert_eq!(names_nothing(words), missing, "{words}");
        }
        assert!(is_absent(
            "Load(<snapshot/00>, 0, 0) returned error, retrying after 5ms: open repo/snapshots/00: no such file or directory"
        ));
        assert!(!is_absent(
            "Load(<data/00>, 0, 0) returned error, retrying after 5ms: no such file or directory"
        ));
    }

    #[test]
    fn bytes_go_no_faster_than_they_may() {
        let mut pace = Pace::new(Some(64));
        let at = Duration::from_secs;
        assert_eq!(pace.pause(64 * 1024, at(100)), at(1));
        assert_eq!(pace.pause(64 * 1024, at(101)), at(1));
        assert_eq!(pace.pause(64 * 1024, at(110)), Duration::ZERO, "it was slower by itself");
        assert_eq!(Pace::new(None).pause(usize::MAX / 2, at(1)), Duration::ZERO);
    }
}
