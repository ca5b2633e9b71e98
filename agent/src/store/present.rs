//! What is so now, told once more: a journal whose end was lost goes on from the state that this disk has.
//!
//! Whoever follows the journal holds what the lost records said: another plan, secrets of later revisions, other
//! snapshots. Only records that come after those change that.

use std::collections::BTreeMap;

use wire::{
    id::UnixMs,
    journal::{
        Escrow, Kind, Local, Locks, Membership, Numbers, PlanFile, PlanRevision, RecordBody as _,
        RepositoryState,
    },
    seal::SecretSlot,
};

use super::{
    StoreError, Tx, facts,
    journal::{self, append_body},
    plan, repositories, secrets, snapshots, trust,
};

/// Appends membership, host facts, plan, what is wrong with its file, escrow boxes, and what is known of every repository. Not what is tied to a
/// moment: jobs, logs, receipts. Holds are told with each change of theirs.
pub fn tell(tx: &Tx<'_>, at: UnixMs) -> Result<(), StoreError> {
    if let Some(trust::Pin { member: Some(member), retired_at, .. }) = trust::pin(tx)? {
        let trust::Member { name, tags, credential, .. } = member;
        append_body(tx, &Membership { credential, name, tags }, at)?;
        if let Some(since) = retired_at {
            append_body(tx, &Local::Retired, since)?;
        }
    }
    if let Some(facts) = facts::current(tx)? {
        append_body(tx, &facts, at)?;
    }
    if let Some(plan) = plan::current(tx)? {
        let plan::LedgerPlan { revision, plan, by, at: since, note } = plan;
        append_body(tx, &PlanRevision { revision, plan, by, changes: Vec::new(), note }, since)?;
    }
    let problems = plan::file_problems(tx)?;
    append_body(tx, &PlanFile { problems }, at)?;
    for (escrow, newest) in escrows(tx)? {
        let (slot, revision) = (escrow.slot.clone(), escrow.revision);
        append_body(tx, &escrow, at)?;
        if newest > revision {
            append_body(tx, &Local::SecretSet { slot, revision: newest }, at)?;
        }
    }
    for known in repositories::all(tx)? {
        let repository = known.name;
        snapshots::tell(tx, &repository, at)?;
        if let Some(numbers) = known.numbers {
            let numbers = Numbers { repository: repository.clone(), numbers };
            append_body(tx, &numbers, known.numbers_at.unwrap_or(at))?;
        }
        append_body(tx, &Locks { repository: repository.clone(), locks: known.locks }, at)?;
        let (readiness, reason, restic_id) = (known.readiness, known.reason, known.restic_id);
        append_body(tx, &RepositoryState { repository, readiness, reason, restic_id }, at)?;
    }
    Ok(())
}

/// The boxes that were made of what is held now, each with the newest revision of its slot. They lie in the journal alone.
fn escrows(tx: &Tx<'_>) -> Result<Vec<(Escrow, u64)>, StoreError> {
    let mut boxes: BTreeMap<(SecretSlot, u64), Escrow> = BTreeMap::new();
    for body in journal::bodies_of(tx, Kind::Escrow)? {
        if let Ok(escrow) = Escrow::from_bytes(&body) {
            boxes.insert((escrow.slot.clone(), escrow.revision), escrow);
        }
    }
    let held = secrets::all(tx)?;
    // Of a revision that is not taken into use yet there is none: then the one before it is the last that was told.
    let newest = held.into_iter().filter_map(|row| {
        let mut of_slot = boxes.range((row.slot.clone(), 0)..=(row.slot, row.revision));
        of_slot.next_back().map(|(_, escrow)| (escrow.clone(), row.revision))
    });
    Ok(newest.collect())
}

#[cfg(test)]
mod tests {
    use wire::{
        host::HostFacts,
        id::{AgentId, RepositoryName, SealKey},
        journal::{PlanBy, Previous, Snapshots},
        plan::Plan,
        seal::SealedBox,
        snapshot::{RepositoryReadiness, Snapshot},
    };

    use super::*;
    use crate::store::{Store, repositories::Found};

    const AT: UnixMs = UnixMs(1_800_000_000_000);

    fn facts(hostname: &str) -> HostFacts {
        HostFacts { hostname: hostname.to_owned(), ..HostFacts::default() }
    }

    fn snapshot(id: char) -> Snapshot {
        serde_json::from_value(serde_json::json!({
            "id": id.to_string().repeat(64), "time": AT, "hostname": "h1", "paths": ["/home"], "tags": [],
            "group": null, "size_bytes": null, "files": null,
        }))
        .unwrap()
    }

    fn escrow(revision: u64) -> Escrow {
        let sealed = SealedBox::from_bytes(vec![1; 64]).unwrap();
        let slot = "repository/main/password".parse().unwrap();
        Escrow { slot, revision, recovery: SealKey([2; 32]), sealed }
    }

    fn set(tx: &Tx<'_>, main: &RepositoryName) -> Result<(), StoreError> {
        for (n, name) in ["old", "new"].into_iter().enumerate() {
            facts::set(tx, &facts(name), AT)?;
            let mut plan = Plan::default();
            plan.limits.nice = i8::try_from(n).ok();
            let revision = n as u64 + 1;
            plan::put(tx, &plan::LedgerPlan { revision, plan, by: PlanBy::File, at: AT, note: None })?;
            let slot = escrow(revision).slot;
            secrets::add(tx, &secrets::SecretRow { slot, revision, sealed: vec![1], at: AT })?;
            append_body(tx, &escrow(revision), AT)?;
        }
        let (location, readiness) = ("/a", RepositoryReadiness::Ready);
        repositories::set_state(
            tx,
            main,
            &Found { location, readiness, reason: None, restic_id: Some("r") },
            AT,
        )?;
        snapshots::replace(tx, main, &[snapshot('a'), snapshot('b')], AT)?;
        snapshots::replace(tx, main, &[snapshot('b')], AT).map(drop)
    }

    #[tokio::test]
    async fn a_journal_that_lost_its_end_goes_on_from_what_is_so() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("agent.db"), AgentId([1; 32])).unwrap();
        let main: RepositoryName = "main".parse().unwrap();
        let told = store.write::<_, StoreError>(move |tx| {
            set(tx, &main)?;
            let lost = journal::head(tx)?;
            journal::begin_epoch(tx, 2, Some(Previous { epoch: 1, hash: lost.hash }))?;
            tell(tx, AT)?;
            journal::after(tx, 2, 0, 100)
        });
        let told = told.await.unwrap();
        let kinds: Vec<&str> = told.iter().map(|row| row.kind.as_str()).collect();
        assert_eq!(kinds, ["host.facts", "plan", "plan.file", "escrow", "snapshots", "locks", "repository"]);
        let body = |n: usize| told[n].body.as_deref().unwrap();
        assert_eq!(HostFacts::from_bytes(body(0)).unwrap(), facts("new"));
        let plan = PlanRevision::from_bytes(body(1)).unwrap();
        assert_eq!((plan.revision, plan.plan.limits.nice), (2, Some(1)));
        assert_eq!(Escrow::from_bytes(body(3)).unwrap(), escrow(2));
        let listed = Snapshots::from_bytes(body(4)).unwrap();
        assert_eq!((listed.whole, listed.added), (true, vec![snapshot('b')]));
    }
}
