//! The daemon's end of the control socket.

use std::{fs, io, path::Path, path::PathBuf};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream, unix::OwnedWriteHalf},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use wire::id::UnixMs;
use zeroize::Zeroizing;

use super::{Ask, LINE_LIMIT_BYTES, Tell, TokenText, line, short_path};
use crate::{
    config::Address,
    link::{Link, LinkState},
};

/// More callers than this wait; each is a person at this host.
const CALLERS: usize = 16;

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
pub fn serve(path: &Path, link: Link, started_at: UnixMs, stop: CancellationToken) -> Serving {
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
                        let (link, stop) = (link.clone(), stop.clone());
                        callers.spawn(async move {
                            tokio::select! {
                                () = stop.cancelled() => {}
                                // A caller that went away needs no answer.
                                _ = answer(stream, &link, started_at) => {}
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

async fn answer(stream: UnixStream, link: &Link, started_at: UnixMs) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut asked = Zeroizing::new(String::new());
    BufReader::new(reading.take(LINE_LIMIT_BYTES)).read_line(&mut asked).await?;
    let Ok(ask) = serde_json::from_str::<Ask>(&asked) else {
        let unknown = "this agent does not know that question: use its own command line";
        return refuse(&mut writing, unknown).await;
    };
    let trouble = link.store_trouble().map(|trouble| trouble.to_string());
    let tell = |link: LinkState| Tell::State {
        link,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at,
        pid: std::process::id(),
        trouble: trouble.clone(),
    };
    let mut state = link.state();
    let Ask::Enrol { address, fleet, token } = ask else {
        let now = state.borrow_and_update().clone();
        return writing.write_all(&line(&tell(now))?).await;
    };
    let address = match Address::parse(&address) {
        Ok(address) => address,
        Err(error) => return refuse(&mut writing, &error.to_string()).await,
    };
    let token = match token.as_ref().map(TokenText::seed) {
        Some(None) => return refuse(&mut writing, &wire::trust::TokenSeedError.to_string()).await,
        seed => seed.flatten().map(|seed| seed.keys()),
    };
    // The states from now on are the answer; the one before is not.
    state.mark_unchanged();
    match link.enrol(&address, fleet, token).await {
        Ok(true) => {}
        Ok(false) => return refuse(&mut writing, "this host belongs to another fleet").await,
        Err(error) => return refuse(&mut writing, &error.to_string()).await,
    }
    let live = matches!(*state.borrow(), LinkState::Live { .. });
    if live {
        let now = state.borrow_and_update().clone();
        return writing.write_all(&line(&tell(now))?).await;
    }
    loop {
        if state.changed().await.is_err() {
            return Ok(());
        }
        let now = state.borrow_and_update().clone();
        let decided = matches!(now, LinkState::Live { .. } | LinkState::Stopped { .. });
        writing.write_all(&line(&tell(now))?).await?;
        if decided {
            return Ok(());
        }
    }
}

async fn refuse(writing: &mut OwnedWriteHalf, message: &str) -> io::Result<()> {
    writing.write_all(&line(&Tell::Refused { message: message.to_owned() })?).await
}
