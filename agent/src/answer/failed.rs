//! Why a question has no answer, in the words that jobs use for the same.

use wire::{
    action::OrderRefusalCode,
    job::Reason,
    question::{AnswerLine, End},
};

/// Characters of a message: it quotes restic, or what a repository holds, and a part that is too large would cost the
/// connection.
const LONGEST: usize = 2_000;

fn cut(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(LONGEST) {
        message.truncate(end);
        message.push('…');
    }
    message
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    pub code: OrderRefusalCode,
    pub message: String,
    pub hint: String,
}

impl Failed {
    pub fn new(code: OrderRefusalCode, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: cut(message.into()), hint: hint.into() }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(
            OrderRefusalCode::NotFound,
            message,
            "Load the list of snapshots again: it shows what is there now.",
        )
    }

    pub fn busy() -> Self {
        Self::new(
            OrderRefusalCode::Unavailable,
            "this host answers as many questions as it does at once",
            "Wait until one of them is answered, then ask again.",
        )
    }

    /// Of a question that this agent does not know.
    pub fn unsupported() -> Self {
        Self::new(
            OrderRefusalCode::Unsupported,
            "this agent does not know that question",
            "Update the agent, then ask again.",
        )
    }

    /// Of an agent that answers nobody now.
    pub fn unavailable(why: &str) -> Self {
        Self::new(OrderRefusalCode::Unavailable, why, "Ask again once that is over.")
    }

    pub fn too_slow(seconds: u64) -> Self {
        Self::new(
            OrderRefusalCode::Unavailable,
            format!("restic did not answer within {seconds} s and was stopped"),
            "Ask again when less runs at this repository, or use restic at the host.",
        )
    }

    /// Something that restic printed cannot be what it should.
    pub fn unreadable(problem: impl std::fmt::Display) -> Self {
        Reason::Contradiction { message: format!("what restic printed cannot be read: {problem}") }.into()
    }
}

impl From<Reason> for Failed {
    fn from(reason: Reason) -> Self {
        let code = match &reason {
            Reason::NotInPlan { .. } => OrderRefusalCode::NotFound,
            _ => OrderRefusalCode::Unavailable,
        };
        let explained = reason.explain();
        Self::new(code, explained.message, explained.hint)
    }
}

impl From<super::split::TooLong> for Failed {
    fn from(error: super::split::TooLong) -> Self {
        Self::unreadable(error)
    }
}

impl From<Failed> for AnswerLine {
    fn from(failed: Failed) -> Self {
        let Failed { code, message, hint } = failed;
        Self::End(End::Failed { code, message, hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_restic_printed_does_not_make_an_end_too_large_for_its_frame() {
        let problem = serde_json::from_str::<u32>(&format!("\"{}\"", "\u{1}é".repeat(200_000))).unwrap_err();
        let long = "\u{1}".repeat(300_000);
        for failed in [
            Failed::unreadable(problem),
            Failed::unreadable(&long),
            Failed::not_found(long.as_str()),
            Reason::Restic { exit: Some(1), message: long.clone() }.into(),
        ] {
            assert!(serde_json::to_vec(&AnswerLine::from(failed)).unwrap().len() < 20_000);
        }
        assert_eq!(Failed::not_found("é").message, "é");
    }
}
