//! Folds every view again from the raw records.

use crate::store::{
    StoreError, Tx,
    chains::{self, ChainId},
    hosts::{self, HostId},
    records, views,
};

use super::fold::{self, Effects, Fact};

/// What a rebuild went through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    pub hosts: u64,
    pub records: u64,
}

/// Throws all views away and folds them anew. Records and everything that is the coordinator's own stay.
pub fn rebuild(tx: &Tx<'_>) -> Result<Rebuilt, StoreError> {
    views::clear(tx)?;
    let mut rebuilt = Rebuilt::default();
    for (host, agent) in hosts::ids(tx)? {
        rebuilt.hosts += 1;
        for epoch in chains::of_host(tx, host, agent)? {
            rebuilt.records += chain(tx, host, epoch.id)?;
        }
    }
    views::are_folded(tx)?;
    Ok(rebuilt)
}

/// Folds everything again when a new schema asks for it: before anybody reads a view.
pub fn rebuild_stale(tx: &Tx<'_>) -> Result<Option<Rebuilt>, StoreError> {
    if views::are_stale(tx)? { rebuild(tx).map(Some) } else { Ok(None) }
}

/// Answers with the number of its records.
fn chain(tx: &Tx<'_>, host: HostId, chain: ChainId) -> Result<u64, StoreError> {
    let mut count = 0;
    records::walk::<StoreError>(tx, chain, |stored| {
        if count == 0 {
            fold::begin(tx, host, stored.at, &mut Effects::default())?;
        }
        count += 1;
        if let Some(record) = stored.record() {
            Fact::of(&record).fold(tx, host, stored.at, stored.place, &mut Effects::default())?;
        }
        Ok(true)
    })?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use wire::{
        id::{GroupName, UnixMs},
        job::JobKind,
    };

    use super::*;
    use crate::store::{self, jobs, numbers, plans, repositories, standing, tests};

    /// What an agent that is newer than its coordinator wrote: kinds, and kinds of jobs, that this one did not know.
    const NEWER: [(&str, &str); 4] = [
        ("repository", r#"{"repository":"main","readiness":"ready","restic_id":null}"#),
        ("holds", r#"{"holds":[{"cause":"clock_jumped","message":"the clock was set","at":5}]}"#),
        (
            "job.queued",
            r#"{"job":"00000000-0000-0000-0000-000000000001","kind":"prune","repository":"main","origin":{"by":"local"}}"#,
        ),
        ("job.finished", r#"{"job":"00000000-0000-0000-0000-000000000001","state":"succeeded"}"#),
    ];

    #[test]
    fn a_database_of_an_older_version_says_what_its_records_do_and_once_is_enough() {
        let (_directory, mut connection) = tests::released(&NEWER);
        let rebuilt = store::alone(&mut connection, rebuild_stale).unwrap();
        assert_eq!(rebuilt, Some(Rebuilt { hosts: 1, records: 10 }));
        let (host, main) = (HostId(7), "main".parse().unwrap());
        let held = plans::held(&connection, host).unwrap().unwrap();
        assert_eq!((held.revision, held.plan.groups.len()), (2, 1));
        let history = plans::history(&connection, host, None, 10).unwrap();
        assert_eq!(history.iter().map(|plan| plan.revision).collect::<Vec<_>>(), [2, 1]);
        let days = numbers::daily(&connection, host, &main, UnixMs(0), UnixMs(i64::MAX)).unwrap();
        assert_eq!(days.iter().map(|day| day.stored_bytes).collect::<Vec<_>>(), [300, u64::MAX]);
        assert_eq!(repositories::held(&connection, host).unwrap().len(), 1);
        assert_eq!(standing::holds(&connection, host).unwrap().len(), 1);
        let jobs = jobs::page(&connection, host, &jobs::Filter::default(), None, 10).unwrap();
        let group: Option<GroupName> = None;
        assert_eq!(jobs.len(), 1, "what no record tells of is no job");
        assert_eq!((jobs[0].kind, &jobs[0].group, jobs[0].state.is_over()), (JobKind::Prune, &group, true));
        assert_eq!(store::alone(&mut connection, rebuild_stale).unwrap(), None);
    }
}
