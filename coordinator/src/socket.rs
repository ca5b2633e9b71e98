//! Agents' connections: one task each, from the upgraded stream to its end.
//!
//! Knows WebSocket framing, the channel's handshake and the order of frames. Decides nothing: who may come in, what is
//! applied and what is sent are `fleet`'s. An idle connection holds no buffer.

mod answers;
mod framing;
mod handshake;
mod line;
mod live;
mod waiting;

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use wire::frame::{Hello, Refusal, RefusalCode};

use crate::fleet::{Admitted, Arrival, Fleet, FleetError, Knock};
use framing::Framing;
use handshake::Shaken;
use line::LineError;

/// From the open socket to the welcome.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// For a last word, to somebody who may not listen any more.
const FAREWELL: Duration = Duration::from_secs(5);

/// What can carry an agent's connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for T {}

/// Why a connection ends, when it is not the agent's own wish.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("{}", .0.message)]
    Refused(Refusal),
}

impl From<FleetError> for Ended {
    fn from(error: FleetError) -> Self {
        let code = match error {
            FleetError::NotSetUp => RefusalCode::Fleet,
            _ => RefusalCode::Unavailable,
        };
        let (message, hint) =
            (format!("The coordinator cannot let this host in now: {error}."), error.hint());
        Self::Refused(Refusal { code, message, hint: hint.to_owned(), supported: None })
    }
}

/// Serves one agent over an upgraded stream until it ends. `already_read` is what came after the upgrade request.
pub async fn serve<S: Stream>(stream: S, already_read: Bytes, peer: SocketAddr, fleet: Fleet) {
    let framing = Framing::new(stream, already_read);
    // Boxed, so that the handshake's state is gone while the connection lives on.
    let shaken = Box::pin(fleet.world().within(HANDSHAKE, handshake::shake(framing, &fleet))).await;
    let Some(Ok(mut shaken)) = shaken else {
        if let Some(Err(error)) = shaken {
            tracing::debug!(%peer, %error, "a handshake failed");
        }
        return;
    };
    let ended = admit(&mut shaken, peer, &fleet).await;
    let Shaken { line, binding, .. } = &mut shaken;
    let farewell = match &ended {
        Ok(()) => None,
        Err(Ended::Refused(refusal)) => {
            tracing::info!(agent = %binding.id, %peer, code = ?refusal.code, "{}", refusal.message);
            Some(refusal.clone())
        }
        Err(Ended::Line(error)) => {
            tracing::debug!(agent = %binding.id, %peer, %error, "a connection broke");
            error.refusal()
        }
    };
    Box::pin(fleet.world().within(FAREWELL, line.close(farewell.as_ref()))).await;
}

/// From the first hello to the end.
async fn admit<S: Stream>(shaken: &mut Shaken<S>, peer: SocketAddr, fleet: &Fleet) -> Result<(), Ended> {
    let hello = Box::pin(async {
        let hello = fleet.world().within(HANDSHAKE, shaken.line.hello()).await;
        hello.ok_or_else(|| Ended::Refused(slow()))?.map_err(Ended::from)
    });
    let mut hello: Option<Box<Hello>> = hello.await?.map(Box::new);
    while let Some(said) = hello.take() {
        let arrival = Box::pin(fleet.arrive(&shaken.binding, &said, peer)).await?;
        let shown = said.credential;
        hello = match arrival {
            Arrival::Refused(refusal) => return Err(Ended::Refused(refusal)),
            Arrival::Member(admitted) => {
                let Admitted { credential, .. } = &*admitted;
                let tell_credential = (*credential != shown).then(|| Box::new(credential.clone()));
                return live::live(shaken, admitted, tell_credential, peer, fleet).await;
            }
            Arrival::Pending(knock) => wait(shaken, knock, fleet).await?,
        };
    }
    Ok(())
}

async fn wait<S: Stream>(
    shaken: &mut Shaken<S>,
    knock: Knock,
    fleet: &Fleet,
) -> Result<Option<Box<Hello>>, Ended> {
    let seat = std::sync::Arc::clone(&knock.seat);
    let waited = Box::pin(waiting::wait(shaken, knock, fleet)).await;
    fleet.leave_door(&seat);
    waited
}

fn slow() -> Refusal {
    Refusal {
        code: RefusalCode::Frame,
        message: "The agent did not say hello in time.".into(),
        hint: "Look at the network between agent and coordinator; the agent connects again by itself.".into(),
        supported: None,
    }
}

#[cfg(test)]
mod tests;
