//! Looking for names in a host's snapshots, and comparing two of them: questions whose answers go on for long.

use wire::{
    id::{AgentId, GroupName, RepositoryName},
    question::Question,
};

use super::{Asking, Fleet, FleetError};

impl Fleet {
    /// Names in all snapshots of the repository that this host made.
    pub async fn find(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        pattern: String,
        ignore_case: bool,
        group: Option<GroupName>,
    ) -> Result<Asking, FleetError> {
        self.known_snapshots(agent, &repository, Vec::new()).await?;
        self.ask(agent, Question::Find { repository, pattern, ignore_case, group })
    }

    /// What is different between two snapshots of one repository.
    pub async fn diff(
        &self,
        agent: AgentId,
        repository: RepositoryName,
        older: String,
        newer: String,
    ) -> Result<Asking, FleetError> {
        if older == newer {
            return Err(FleetError::field("newer", "a snapshot does not differ from itself: choose another"));
        }
        self.known_snapshots(agent, &repository, vec![older.clone(), newer.clone()]).await?;
        self.ask(agent, Question::Diff { repository, older, newer })
    }
}
