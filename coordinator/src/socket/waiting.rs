//! A connection that waits for a person: kept open, and live on the very same socket once it is approved.

use wire::frame::{FrameType, Hello, Welcome};

use super::{
    Ended, Stream,
    handshake::Shaken,
    line::{Incoming, LineError, parse},
    live::send_statements,
};
use crate::fleet::{Fleet, Knock, Wish};

enum Trigger {
    Came(Incoming),
    Wished(Vec<Wish>),
}

/// Until the agent, told of its admission, says hello again; `None` when it hangs up.
pub async fn wait<S: Stream>(
    shaken: &mut Shaken<S>,
    knock: Knock,
    fleet: &Fleet,
) -> Result<Option<Box<Hello>>, Ended> {
    let Knock { seat, expires_at, collides_with } = knock;
    shaken.line.send_json(FrameType::Welcome, &Welcome::Pending { expires_at, collides_with }).await?;
    let mut told = false;
    loop {
        let trigger = tokio::select! {
            biased;
            wishes = seat.wishes() => Trigger::Wished(wishes.collect()),
            came = shaken.line.receive() => Trigger::Came(came?),
        };
        match trigger {
            Trigger::Came(Incoming::Closed) => return Ok(None),
            Trigger::Came(Incoming::Ping(payload)) => shaken.line.pong(&payload).await?,
            Trigger::Came(Incoming::Frame(frame)) => {
                seat.heard(fleet.world().now());
                match FrameType::from_byte(frame.kind()) {
                    // Only then: each one asks the database and tells every page.
                    Some(FrameType::Hello) if told => {
                        return Ok(Some(Box::new(parse(FrameType::Hello, &frame)?)));
                    }
                    Some(FrameType::Ping) => shaken.line.send(FrameType::Pong, frame.payload()).await?,
                    Some(FrameType::Bye) => return Ok(None),
                    Some(FrameType::Pong) | None => {}
                    Some(other) => return Err(LineError::Unexpected(other).into()),
                }
            }
            Trigger::Wished(wishes) => {
                for wish in wishes {
                    match wish {
                        Wish::Close => {
                            return match seat.farewell() {
                                Some(refusal) => Err(Ended::Refused(refusal)),
                                None => Ok(None),
                            };
                        }
                        Wish::Verdict => {
                            // Whoever signed it may stand in a statement that the agent has not seen.
                            send_statements(shaken, fleet).await?;
                            if let Some(admission) = fleet.take_admission(&seat) {
                                shaken.line.send_json(FrameType::Admit, &admission).await?;
                                told = true;
                            }
                        }
                        Wish::Challenge => shaken.line.send(FrameType::Ping, &[0; 8]).await?,
                        Wish::Statements => send_statements(shaken, fleet).await?,
                        Wish::Orders | Wish::Watches | Wish::Asks => {}
                    }
                }
            }
        }
    }
}
