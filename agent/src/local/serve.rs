//! The daemon's end of the control socket.

use std::{fs, io, path::Path, path::PathBuf};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream, unix::OwnedWriteHalf},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use wire::{action::Outcome, id::FleetId, id::UnixMs};
use zeroize::Zeroizing;

use super::{Ask, LINE_LIMIT_BYTES, Tell, TokenText, answering, follow::follow, line, short_path};
use crate::{
    config::Address,
    desired::{Desk, file::Nudge},
    link::{Link, LinkState},
    schedule::Waiting,
    store::StoreError,
};

/// More callers than this wait; each is a person at this host.
const CALLERS: usize = 32;

/// Whom questions are handed to.
#[derive(Clone)]
pub struct Parts {
    pub link: Link,
    pub desk: Desk,
    pub file: Nudge,
    pub started_at: UnixMs,
    pub waiting: watch::Receiver<Vec<Waiting>>,
}

/// Removes the socket's file when it is dropped.
pub struct Serving {
    path: Option<PathBuf>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // One that cannot be removed is replaced at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// Answers until `stop`. An agent without its control socket still backs up: what fails is said in the log.
pub fn serve(path: &Path, parts: Parts, stop: CancellationToken) -> Serving {
    let listener = match listen(path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "there is no control socket: `status` shows what the database says");
            return Serving { path: None };
        }
    };
    tokio::spawn(async move {
        let mut callers = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(_) = callers.join_next(), if !callers.is_empty() => {}
                accepted = listener.accept(), if callers.len() < CALLERS => {
                    if let Ok((stream, _)) = accepted {
                        let (parts, stop) = (parts.clone(), stop.clone());
                        callers.spawn(async move {
                            tokio::select! {
                                () = stop.cancelled() => {}
                                // A caller that went away needs no answer.
                                _ = answer(stream, &parts) => {}
                            }
                        });
                    }
                }
            }
        }
    });
    Serving { path: Some(path.to_owned()) }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    // Whoever holds the data directory's lock owns the socket: a file that is there was left behind.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (short, _directory) = short_path(path)?;
    UnixListener::bind(short)
}

async fn answer(stream: UnixStream, parts: &Parts) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut asked = Zeroizing::new(String::new());
    let mut reading = BufReader::new(reading.take(LINE_LIMIT_BYTES));
    reading.read_line(&mut asked).await?;
    let Ok(ask) = serde_json::from_str::<Ask>(&asked) else {
        let unknown = "this agent does not know that question: use its own command line";
        return refuse(&mut writing, unknown).await;
    };
    drop(asked);
    let desk = &parts.desk;
    let outcome = match ask {
        Ask::State => {
            let now = parts.link.state().borrow().clone();
            return tell(&mut writing, &parts.state(now)).await;
        }
        Ask::Enrol { address, fleet, token } => {
            return enrol(&mut writing, parts, &address, fleet, token.as_ref()).await;
        }
        Ask::Question { question } => {
            let reading = reading.into_inner().into_inner();
            return answering::answer(reading, &mut writing, desk, question).await;
        }
        Ask::Follow { jobs } => return follow(&mut writing, desk, &jobs).await,
        Ask::LookAtFile => {
            return match parts.file.look().await {
                Some(looked) => tell(&mut writing, &Tell::File { looked }).await,
                None => refuse(&mut writing, "the agent is stopping: try again when it runs").await,
            };
        }
        Ask::Work { action } => desk.work_here(action).await,
        Ask::SetPlan { base_revision, plan, note } => desk.set_plan_here(base_revision, plan, note).await,
        Ask::AdoptFile { note } => desk.adopt_file(note).await,
        Ask::SetSecret { slot, value } => desk.set_secret_here(slot, value.secret()).await,
    };
    decided(&mut writing, outcome).await
}

async fn decided(writing: &mut OwnedWriteHalf, outcome: Result<Outcome, StoreError>) -> io::Result<()> {
    match outcome {
        Ok(outcome) => tell(writing, &outcome.into()).await,
        Err(error) => refuse(writing, &error.to_string()).await,
    }
}

impl Parts {
    fn state(&self, link: LinkState) -> Tell {
        Tell::State {
            link,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            pid: std::process::id(),
            trouble: self.link.trouble(),
            waiting: self.waiting.borrow().clone(),
        }
    }
}

async fn enrol(
    writing: &mut OwnedWriteHalf,
    parts: &Parts,
    address: &str,
    fleet: FleetId,
    token: Option<&TokenText>,
) -> io::Result<()> {
    let mut state = parts.link.state();
    let address = match Address::parse(address) {
        Ok(address) => address,
        Err(error) => return refuse(writing, &error.to_string()).await,
    };
    let token = match token.map(TokenText::seed) {
        Some(None) => return refuse(writing, &wire::trust::TokenSeedError.to_string()).await,
        seed => seed.flatten().map(|seed| seed.keys()),
    };
    // The states from now on are the answer; the one before is not.
    state.mark_unchanged();
    match parts.link.enrol(&address, fleet, token).await {
        Ok(true) => {}
        Ok(false) => return refuse(writing, "this host belongs to another fleet").await,
        Err(error) => return refuse(writing, &error.to_string()).await,
    }
    let live = matches!(*state.borrow(), LinkState::Live { .. });
    if live {
        let now = state.borrow_and_update().clone();
        return tell(writing, &parts.state(now)).await;
    }
    loop {
        if state.changed().await.is_err() {
            return Ok(());
        }
        let now = state.borrow_and_update().clone();
        let decided = matches!(now, LinkState::Live { .. } | LinkState::Stopped { .. });
        tell(writing, &parts.state(now)).await?;
        if decided {
            return Ok(());
        }
    }
}

pub async fn tell(writing: &mut OwnedWriteHalf, tell: &Tell) -> io::Result<()> {
    writing.write_all(&line(tell)?).await
}

pub async fn refuse(writing: &mut OwnedWriteHalf, message: &str) -> io::Result<()> {
    tell(writing, &Tell::Refused { message: message.to_owned(), hint: String::new() }).await
}
