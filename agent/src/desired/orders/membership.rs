//! Orders about belonging to the fleet: what the host is called there, and leaving it.

use wire::{
    action::{OrderRefusalCode, Outcome},
    id::AgentId,
    journal::{Local, Membership},
};

use super::act::{Refuse, refuse};
use crate::{
    desired::Desk,
    store::{Tx, journal, trust},
};

/// Characters of a name in the fleet, and of a tag.
const LONGEST_NAME: usize = 100;
const MOST_TAGS: usize = 50;

impl Desk {
    /// Journalled as a membership of its own, so that a coordinator that lost everything learns the newest name.
    pub(super) fn rename(&self, tx: &Tx<'_>, name: &str, tags: &[String]) -> Result<Outcome, Refuse> {
        let name = name.trim();
        if let Some(problem) = wrong_with(name, tags) {
            return Err(refuse(OrderRefusalCode::InvalidPlan, problem, "Choose another and save again."));
        }
        let Some(member) = trust::pin(tx)?.and_then(|pin| pin.member) else {
            return Err(refuse(
                OrderRefusalCode::NotAuthorised,
                "this host does not belong to the fleet",
                "Approve the host first.",
            ));
        };
        trust::set_name(tx, name, tags)?;
        let record = Membership { credential: member.credential, name: name.to_owned(), tags: tags.to_vec() };
        journal::append_body(tx, &record, self.0.world.now())?;
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: None })
    }

    /// Leaves the fleet. Plan, secrets and history stay, and so do the backups.
    pub(super) fn retire(&self, tx: &Tx<'_>, agent: AgentId) -> Result<Outcome, Refuse> {
        if agent != self.agent() {
            return Err(refuse(
                OrderRefusalCode::Misaddressed,
                format!("the order retires {agent}, which is not this host"),
                "Retire the host from its own page.",
            ));
        }
        let now = self.0.world.now();
        trust::set_retired(tx, now)?;
        journal::append_body(tx, &Local::Retired, now)?;
        Ok(Outcome::Accepted { jobs: Vec::new(), revision: None })
    }
}

fn wrong_with(name: &str, tags: &[String]) -> Option<&'static str> {
    let unfit = |text: &str| {
        text.trim().is_empty() || text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control)
    };
    if unfit(name) {
        Some("a name has 1 to 100 characters, none of them a control character")
    } else if tags.len() > MOST_TAGS || tags.iter().any(|tag| unfit(tag)) {
        Some("a host has at most 50 tags, of 1 to 100 characters each, none of them a control character")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
