//! Asking the running agent, with words for when there is none.

use crate::{
    cli::{Failure, failure},
    config::Paths,
    local::{Ask, Client, Tell},
};

/// The agent that runs here.
pub async fn agent(paths: &Paths) -> Result<Client, Failure> {
    // Who may not look into the directory cannot tell whether there is a socket.
    match Client::connect(&paths.control_socket()).await? {
        Some(client) => Ok(client),
        None => failure(format!(
            "no agent runs on {}: start it (systemctl start restic-manager-agent), then run this again",
            paths.data.display()
        )),
    }
}

/// One question that has one answer.
pub async fn once(paths: &Paths, ask: &Ask) -> Result<Tell, Failure> {
    let mut client = agent(paths).await?;
    client.ask(ask).await?;
    match client.told().await? {
        Some(Tell::Refused { message, hint }) => failure(refusal(&message, &hint)),
        Some(told) => Ok(told),
        None => failure("the running agent stopped: see its log (journalctl -u restic-manager-agent)"),
    }
}

pub fn refusal(message: &str, hint: &str) -> String {
    super::table::sentences(message, hint)
}

/// An answer that does not belong to the question.
pub fn unexpected<T>(told: &Tell) -> Result<T, Failure> {
    failure(format!("the running agent gave another answer than was asked for ({told:?}): restart it"))
}
