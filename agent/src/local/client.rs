//! The command line's end of the control socket.

use std::{io, path::Path};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
};

use super::{Ask, Tell, line, short_path};

/// One question to a running agent.
pub struct Client {
    stream: BufReader<UnixStream>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the running agent went away: see its log (journalctl -u restic-manager-agent)")]
    Gone,
    #[error("the running agent cannot be asked ({0}): see its log (journalctl -u restic-manager-agent)")]
    Socket(#[from] io::Error),
    #[error("only root may ask the agent: run this with sudo, or as root")]
    NotRoot,
    #[error(
        "the running agent answers in another version's words: restart it (systemctl restart restic-manager-agent)"
    )]
    Words,
}

impl Client {
    /// `None`: no agent runs on this data directory.
    pub async fn connect(socket: &Path) -> Result<Option<Self>, ClientError> {
        use io::ErrorKind as Kind;
        let (short, _directory) = match short_path(socket) {
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            Err(error) if error.kind() == Kind::PermissionDenied => return Err(ClientError::NotRoot),
            other => other?,
        };
        match UnixStream::connect(short).await {
            Ok(stream) => Ok(Some(Self { stream: BufReader::new(stream) })),
            // A socket that nobody listens on was left behind by one that was killed.
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::ConnectionRefused) => Ok(None),
            Err(error) if error.kind() == Kind::PermissionDenied => Err(ClientError::NotRoot),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn ask(&mut self, ask: &Ask) -> Result<(), ClientError> {
        Ok(self.stream.write_all(&line(ask)?).await?)
    }

    /// The next line of the answer; `None` when it is complete.
    pub async fn told(&mut self) -> Result<Option<Tell>, ClientError> {
        let mut text = String::new();
        match self.stream.read_line(&mut text).await {
            Ok(0) => Ok(None),
            Ok(_) => serde_json::from_str(&text).map(Some).map_err(|_| ClientError::Words),
            Err(error) => Err(error.into()),
        }
    }
}
