//! A host's plan: as it is, as it was, and who changed it why.

use rusqlite::Connection;
use wire::{
    id::AgentId,
    journal::PlanBy,
    plan::{Plan, warnings},
    view::{Page, PlanRevisionView, PlanView},
};

use super::{Fleet, FleetError, cursor, reads};
use crate::store::{
    hosts::{self, Host},
    plan_files,
    plans::{self, Changed, HeldPlan, PastPlan},
    records::Place,
};

impl Fleet {
    pub async fn plan(&self, agent: AgentId) -> Result<PlanView, FleetError> {
        self.host_id(agent)?;
        let fleet = self.clone();
        self.inner
            .store
            .read(move |connection| {
                let host = member(connection, agent)?;
                let held = plans::held(connection, host.id)?;
                let file = held.as_ref().is_some_and(|held| held.by == PlanBy::File);
                fleet.plan_view(connection, &host, held, file)
            })
            .await
    }

    /// The plan as it was at a revision: the last of this number, or the one whose record stands at `place`. Whether it can
    /// be edited is said of the plan as it is now.
    pub async fn plan_revision(
        &self,
        agent: AgentId,
        revision: u64,
        place: Option<&str>,
    ) -> Result<PlanView, FleetError> {
        self.host_id(agent)?;
        let at = place
            .map(|place| record_at(place).ok_or_else(|| FleetError::not_found("revision", place)))
            .transpose()?;
        let fleet = self.clone();
        self.inner
            .store
            .read(move |connection| {
                let host = member(connection, agent)?;
                let past = plans::revision(connection, host.id, revision, at)?
                    .ok_or_else(|| FleetError::not_found("revision", revision))?;
                let file = plans::held(connection, host.id)?.is_some_and(|held| held.by == PlanBy::File);
                fleet.plan_view(connection, &host, Some(past), file)
            })
            .await
    }

    /// The newest first.
    pub async fn plan_history(
        &self,
        agent: AgentId,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<PlanRevisionView>, FleetError> {
        let host = self.host_id(agent)?;
        let before: Option<i64> = cursor::decode(cursor.as_deref())?;
        let limit = reads::limited(limit);
        let mut past = self
            .inner
            .store
            .read(move |connection| plans::history(connection, host, before.map(Place), limit + 1))
            .await?;
        let next = reads::shorten(&mut past, limit).map(|last| cursor::encode(&last.place.0));
        let items = past.into_iter().map(|past| self.revision_view(past)).collect();
        Ok(Page { items, next, total: None })
    }

    fn revision_view(&self, past: PastPlan) -> PlanRevisionView {
        let Changed { by, changes, note } = past.changed;
        PlanRevisionView {
            place: format!("{}.{}", past.epoch, past.place.seq()),
            revision: past.revision,
            at: past.at,
            by: self.whose(&by),
            note,
            changes,
        }
    }

    fn plan_view(
        &self,
        connection: &Connection,
        host: &Host,
        held: Option<HeldPlan>,
        file_governs: bool,
    ) -> Result<PlanView, FleetError> {
        let file_problems = plan_files::problems(connection, host.id)?;
        // One that was never valid governs as well: the agent takes no plan from elsewhere while it is there.
        let file_governs = file_governs || !file_problems.is_empty();
        let plan = held.as_ref().map_or_else(Plan::default, |held| held.plan.clone());
        Ok(PlanView {
            revision: held.as_ref().map_or(0, |held| held.revision),
            // A host without a plan misses nothing.
            warnings: held.as_ref().map_or_else(Vec::new, |held| warnings(&held.plan)),
            plan,
            changed_by: held.as_ref().map(|held| self.whose(&held.by)),
            changed_at: held.map(|held| held.at),
            seal: host.binding.seal,
            secrets: plans::secrets(connection, host.id)?,
            read_only: file_governs.then(|| "The endpoint's own plan.toml governs this plan.".to_owned()),
            file_problems,
        })
    }

    /// Who signed it by the fleet's statements, whatever the signer calls itself.
    fn whose(&self, by: &PlanBy) -> String {
        let name = |signer| self.known().and_then(|known| known.name_ever(signer));
        match by {
            PlanBy::Order { signer, .. } => {
                name(*signer).unwrap_or_else(|| "a key that is not of this fleet".to_owned())
            }
            PlanBy::Token { signer, .. } => {
                name(*signer).map_or_else(|| "a token".to_owned(), |name| format!("{name}, by a token"))
            }
            PlanBy::File => "plan.toml".to_owned(),
            PlanBy::Local => "the endpoint's terminal".to_owned(),
        }
    }
}

/// Epoch and number of a record, as [`PlanRevisionView::place`] writes them.
fn record_at(place: &str) -> Option<(u64, u64)> {
    let (epoch, seq) = place.split_once('.')?;
    Some((epoch.parse().ok()?, seq.parse().ok()?))
}

fn member(connection: &Connection, agent: AgentId) -> Result<Host, FleetError> {
    hosts::by_agent(connection, agent)?.ok_or_else(|| FleetError::not_found("host", agent))
}
