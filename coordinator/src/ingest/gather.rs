//! What one batch says of one job, gathered where it was queued: a job that began and ended within a batch is one row
//! written once, not three times with all that its indexes cost.
//!
//! It may be told earlier than it was recorded because nothing between reads a job's state, and its own record keeps its
//! place among the effects.

use std::{
    collections::{HashMap, hash_map::Entry},
    mem,
};

use wire::id::{JobId, UnixMs};

use super::fold::Fact;
use crate::store::jobs::QueuedRow;

/// `facts` in the order of their records, each with its record's time.
pub(super) fn gather<'a>(facts: impl Iterator<Item = (UnixMs, &'a mut Fact)>) {
    let mut queued: HashMap<JobId, &mut QueuedRow> = HashMap::new();
    for (at, fact) in facts {
        match fact {
            Fact::Queued(row) => {
                // One that is queued again stays as it is: the first one counts.
                if let Entry::Vacant(first) = queued.entry(row.job()) {
                    first.insert(row);
                }
            }
            Fact::Started(job) => {
                let job = *job;
                if queued.get_mut(&job).is_some_and(|row| row.starts(at)) {
                    *fact = Fact::Told(job);
                }
            }
            Fact::Finished(end) => {
                let job = end.job();
                if let Some(row) = queued.get_mut(&job).filter(|row| row.end().is_none())
                    && let Fact::Finished(end) = mem::replace(fact, Fact::Told(job))
                {
                    row.ends(end, at);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;
    use wire::{
        action::JobOptions,
        job::{JobKind, JobNumbers, JobState, JobSubject, Origin},
        journal::{JobFinished, JobQueued, JobStarted, Kind, Record, RecordBody},
    };

    use super::{super::fold, *};
    use crate::store::{StoreError, Tx, alone, hosts::HostId, records::Place, tests::released, views};

    const ALONE: HostId = HostId(8);
    const GATHERED: HostId = HostId(9);

    #[derive(Clone, Copy, Debug)]
    enum Said {
        Queued,
        /// Once more, after the job before it.
        Retried,
        Started,
        Finished(JobState),
    }

    /// Job and what is said of it; whether an epoch begins before.
    type Batch = (bool, Vec<(u8, Said)>);

    fn batch() -> impl Strategy<Value = Batch> {
        let said = prop_oneof![
            3 => Just(Said::Queued),
            1 => Just(Said::Retried),
            3 => Just(Said::Started),
            2 => Just(Said::Finished(JobState::Succeeded)),
            1 => Just(Said::Finished(JobState::Failed)),
        ];
        (prop::bool::weighted(0.3), prop::collection::vec((0..3_u8, said), 0..12))
    }

    fn fact(job: u8, said: Said, at: UnixMs) -> Fact {
        let id = |job: u8| JobId(uuid::Uuid::from_u128(u128::from(job)));
        let (kind, body) = match said {
            Said::Queued | Said::Retried => {
                let origin = match said {
                    Said::Retried => Origin::Retry { job: id(job.saturating_sub(1)), attempt: 1, of: None },
                    _ => Origin::Schedule { schedule: "nightly".parse().unwrap(), due_at: at },
                };
                let kind = if job == 2 { JobKind::Prune } else { JobKind::Backup };
                let subject = JobSubject { kind, repository: "main".parse().unwrap(), group: None };
                let queued = JobQueued { job: id(job), subject, origin, options: JobOptions::default() };
                (Kind::JobQueued, queued.to_bytes())
            }
            Said::Started => (Kind::JobStarted, JobStarted { job: id(job), restic_version: None }.to_bytes()),
            Said::Finished(state) => {
                let finished = JobFinished {
                    job: id(job),
                    state,
                    reason: None,
                    numbers: JobNumbers { files_new: Some(at.0.cast_unsigned()), ..JobNumbers::default() },
                    log_lines: 3,
                    result: None,
                    lacks: Vec::new(),
                };
                (Kind::JobFinished, finished.to_bytes())
            }
        };
        Fact::of(&Record::new(at, kind, &body.unwrap()).unwrap())
    }

    /// What was shown of this host, and what was told.
    fn told(tx: &Tx<'_>, host: HostId, batches: &[Batch]) -> Result<(String, fold::Effects), StoreError> {
        let mut effects = fold::Effects::default();
        let mut at = UnixMs(0);
        for (epoch, said) in batches {
            at = at.plus_ms(1);
            if *epoch {
                fold::begin(tx, host, at, &mut effects)?;
            }
            let mut facts: Vec<_> = (1..)
                .zip(said)
                .map(|(n, (job, said))| (at.plus_ms(n), fact(*job, *said, at.plus_ms(n))))
                .collect();
            if host == GATHERED {
                gather(facts.iter_mut().map(|(at, fact)| (*at, fact)));
            }
            for (at, fact) in &facts {
                fact.fold(tx, host, *at, Place(0), &mut effects)?;
            }
            at = facts.last().map_or(at, |(at, _)| *at);
        }
        effects.ended.sort_unstable_by_key(|ended| ended.at);
        let shown = views::print(tx)?
            .lines()
            .filter(|line| line.contains(&format!("host={}", host.0)))
            .fold(String::new(), |all, line| all + &line.replace(&format!("host={}", host.0), "host") + "\n");
        Ok((shown, effects))
    }

    #[test]
    fn gathered_or_one_by_one_the_same_is_shown_and_told() {
        let (_directory, connection) = released(&[]);
        let connection = RefCell::new(connection);
        proptest!(ProptestConfig::with_cases(512), |(batches in prop::collection::vec(batch(), 1..4))| {
            let both = |tx: &Tx<'_>| {
                views::clear(tx)?;
                Ok::<_, StoreError>((told(tx, ALONE, &batches)?, told(tx, GATHERED, &batches)?))
            };
            let (alone, gathered) = alone(&mut connection.borrow_mut(), both).unwrap();
            prop_assert_eq!(gathered, alone);
        });
    }

    #[test]
    fn a_job_from_beginning_to_end_is_told_where_it_was_queued() {
        let said = [Said::Queued, Said::Started, Said::Finished(JobState::Succeeded)];
        let mut facts = said.map(|said| fact(1, said, UnixMs(1)));
        gather(facts.iter_mut().map(|fact| (UnixMs(2), fact)));
        let [Fact::Queued(row), Fact::Told(_), Fact::Told(_)] = &facts else { panic!("{facts:?}") };
        assert_eq!(row.end(), Some((JobState::Succeeded, UnixMs(2))));
    }
}
