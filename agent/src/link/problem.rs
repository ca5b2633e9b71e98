//! Why there is no connection, in words for people, and whether trying again can help.

use wire::{
    channel::ChannelError,
    frame::{Refusal, RefusalCode},
    journal::ChainError,
    trust::TrustError,
};

use super::{dial::DialError, outbox::UnknownAck, pipe::PipeError};
use crate::{
    desired::{DeskError, JoinError},
    store::StoreError,
};

/// What ended a connection, or kept it from coming about.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error(transparent)]
    Pipe(PipeError),
    #[error("the coordinator went silent: nothing was heard of it for 90 seconds")]
    Silent,
    #[error("the coordinator did not finish the handshake in time")]
    Slow,
    #[error("the coordinator is not to be trusted: {0}")]
    Trust(#[from] TrustError),
    #[error(
        "the coordinator at this address is not one that the fleet's statement names: check the address, or name it in a new statement"
    )]
    NotOfTheFleet,
    #[error("the coordinator sent what cannot be understood here: {0}")]
    Frame(String),
    #[error(transparent)]
    Join(JoinError),
    #[error("the coordinator refused: {}", .0.message.trim_end_matches('.'))]
    Refused(Refusal),
    /// A refusal where anybody on the way could have said it: before the coordinator proved itself, or by a close code
    /// alone. It is told, but a member does not give up its fleet for it.
    #[error("the coordinator seems to refuse: {}", .0.message.trim_end_matches('.'))]
    Hearsay(Refusal),
    #[error("the coordinator shows a journal head that this host never signed: {0}")]
    Unsigned(#[from] ChainError),
    #[error(transparent)]
    UnknownAck(#[from] UnknownAck),
    #[error(
        "record {seq} of epoch {epoch} of this host's journal is another one at the coordinator, signed by this host's key as well: this host was copied, or its disk was set back"
    )]
    Fork { epoch: u64, seq: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a new enrolment takes the place of the one that waited")]
    Superseded,
    #[error("this host has left the fleet")]
    Retired,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// With back-off.
    Soon,
    /// At the longest interval: it was live, and would be again, and would break again.
    Late,
    /// Not before somebody here does something.
    Never,
}

impl From<PipeError> for Problem {
    fn from(error: PipeError) -> Self {
        match error {
            PipeError::Channel(ChannelError::Refused(refusal)) => Self::Hearsay(refusal),
            PipeError::Closed(Some(code)) => Self::Hearsay(Refusal {
                code,
                message: closed_with(code).to_owned(),
                hint: "see the coordinator's log".to_owned(),
                supported: None,
            }),
            other => Self::Pipe(other),
        }
    }
}

/// For a close without a refusal in words.
const fn closed_with(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::Rejected => "an admin turned this host away",
        RefusalCode::Revoked => "this host was retired",
        RefusalCode::WaitOver => "the wait for approval is over",
        RefusalCode::Duplicate => "another connection of this host is live",
        RefusalCode::Busy => "too many hosts want in at once",
        RefusalCode::Unavailable => "the coordinator stops or cannot write",
        RefusalCode::Protocol => "there is no protocol version that both speak",
        RefusalCode::Fleet => "the coordinator belongs to another fleet, or to none yet",
        RefusalCode::Identity => "the keys of this host do not hold there",
        RefusalCode::Credential => "the admission or token does not hold there",
        RefusalCode::Journal => "this host's journal does not continue what is held there",
        RefusalCode::Fork => "this host's journal forked",
        RefusalCode::Frame => "the coordinator did not understand what it was sent",
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Store(error) => Self::Store(error),
            DeskError::Trust(error) => Self::Trust(error),
        }
    }
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Store(error) => Self::Store(error),
            other => Self::Join(other),
        }
    }
}

impl Problem {
    /// `member`: this agent belongs to the fleet already. One that does not yet has a person waiting for it.
    pub const fn retry(&self, member: bool) -> Retry {
        match self {
            Self::Dial(_) | Self::Pipe(_) | Self::Silent | Self::Slow | Self::Store(_) | Self::Superseded => {
                Retry::Soon
            }
            Self::Fork { .. } | Self::Retired => Retry::Never,
            Self::Hearsay(refusal)
                if member
                    && matches!(
                        refusal.code,
                        RefusalCode::Rejected | RefusalCode::Revoked | RefusalCode::Fork
                    ) =>
            {
                Retry::Late
            }
            Self::Refused(refusal) | Self::Hearsay(refusal) => match refusal.code {
                RefusalCode::Rejected | RefusalCode::Revoked | RefusalCode::Fork => Retry::Never,
                RefusalCode::Frame | RefusalCode::Journal => Retry::Late,
                RefusalCode::WaitOver
                | RefusalCode::Credential
                | RefusalCode::Identity
                | RefusalCode::Fleet
                | RefusalCode::Protocol
                    if !member =>
                {
                    Retry::Never
                }
                _ => Retry::Soon,
            },
            Self::Trust(_) | Self::NotOfTheFleet | Self::Join(_) if !member => Retry::Never,
            Self::Trust(_) | Self::NotOfTheFleet | Self::Join(_) => Retry::Soon,
            Self::Frame(_) | Self::Unsigned(_) | Self::UnknownAck(_) => Retry::Late,
        }
    }

    /// A refusal that is written down, so that a restart does not knock again.
    pub const fn lasting(&self, member: bool) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) if matches!(self.retry(member), Retry::Never) => Some(refusal),
            _ => None,
        }
    }

    /// What to say to the other end before hanging up.
    pub fn goodbye(&self) -> Option<Refusal> {
        let (code, hint) = match self {
            Self::Trust(_) | Self::NotOfTheFleet => {
                (RefusalCode::Fleet, "Check which fleet this host was enrolled for.")
            }
            Self::Frame(_) => (RefusalCode::Frame, "Update the older side."),
            Self::Join(_) => {
                (RefusalCode::Credential, "Approve the host again, with the fingerprint that it shows.")
            }
            Self::Unsigned(_) | Self::UnknownAck(_) => (
                RefusalCode::Journal,
                "Run `verify` at the coordinator: its copy of this host's journal is not the host's.",
            ),
            Self::Fork { .. } => (
                RefusalCode::Fork,
                "Decide which machine is the real one; the other one enrols anew with an empty data directory.",
            ),
            Self::Store(_) => {
                (RefusalCode::Unavailable, "The host's disk takes nothing; it comes back by itself.")
            }
            Self::Dial(_)
            | Self::Pipe(_)
            | Self::Silent
            | Self::Slow
            | Self::Refused(_)
            | Self::Hearsay(_)
            | Self::Superseded
            | Self::Retired => return None,
        };
        Some(Refusal { code, message: self.to_string(), hint: hint.to_owned(), supported: None })
    }

    /// In one line, with the hint that somebody else's refusal carries.
    pub fn told(&self) -> String {
        match self {
            Self::Refused(refusal) | Self::Hearsay(refusal) if !refusal.hint.is_empty() => {
                format!("{self} ({})", refusal.hint.trim_end_matches('.'))
            }
            _ => self.to_string(),
        }
    }

    /// What a person does next, where the agent does not go on by itself.
    pub fn hint(&self) -> String {
        match self {
            Self::Refused(refusal) | Self::Hearsay(refusal) => match refusal.code {
                RefusalCode::Rejected => {
                    "Somebody turned this host away. If that was a mistake, run `enrol` again and let an admin approve it."
                        .to_owned()
                }
                RefusalCode::WaitOver => "Nobody approved this host within the hour. Run `enrol` again.".to_owned(),
                RefusalCode::Revoked => {
                    "This host was retired. It keeps backing up by its plan and keeps its data; remove the agent, or \
                     clear its data directory and run `enrol` again."
                        .to_owned()
                }
                _ => refusal.hint.clone(),
            },
            Self::Fork { .. } => {
                "Decide which machine is the real one. On the other one stop the agent, remove its data directory and \
                 run `enrol` again."
                    .to_owned()
            }
            Self::Trust(_) | Self::NotOfTheFleet => {
                "Compare the fleet's fingerprint in the panel with the one in the command, and check the address.".to_owned()
            }
            Self::Retired => {
                "It takes no more orders, keeps backing up by its plan and keeps its data. Remove the agent if that is \
                 not wanted, or run `enrol` again to join anew."
                    .to_owned()
            }
            Self::Join(_) => "Let an admin approve this host again.".to_owned(),
            _ => "The agent tries again by itself.".to_owned(),
        }
    }

    /// The code, for `enrol`'s exit and for `--json`.
    pub const fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::Refused(refusal) | Self::Hearsay(refusal) => Some(refusal.code),
            Self::Fork { .. } => Some(RefusalCode::Fork),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn refused(code: RefusalCode) -> Problem {
        Problem::from(PipeError::Closed(Some(code)))
    }

    #[test]
    fn what_a_person_reads() {
        let address = || "https://backup.example.org".to_owned();
        let all = [
            Problem::Dial(DialError::Connect {
                address: address(),
                problem: "the connection is refused".to_owned(),
            }),
            Problem::Dial(DialError::Timeout { address: address() }),
            Problem::Dial(DialError::Upgrade {
                address: address(),
                problem: "HTTP error: 404 Not Found".to_owned(),
            }),
            Problem::Silent,
            Problem::Slow,
            Problem::NotOfTheFleet,
            refused(RefusalCode::Rejected),
            refused(RefusalCode::WaitOver),
            refused(RefusalCode::Revoked),
            Problem::Retired,
            Problem::Fork { epoch: 1, seq: 7 },
            Problem::Join(JoinError::NoProof),
            Problem::Store(StoreError::Full),
        ];
        let mut said = String::new();
        for problem in &all {
            let retry = [problem.retry(false), problem.retry(true)];
            let _ = writeln!(said, "{problem}\n  next: {}\n  {retry:?}", problem.hint());
        }
        insta::assert_snapshot!(said);
    }
}
