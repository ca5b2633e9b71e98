//! What a policy would remove from a group, before anybody saves it. Writes nothing.

use wire::job::{JobNumbers, JobResult, KeptSnapshot, Reason, RetentionResult};

use super::{
    Done,
    forget::{self, Policy, count},
    listing,
};
use crate::{
    restic::exit::Verdict,
    run::{
        session::{Early, Session},
        upkeep,
    },
};

/// Of each list.
const LISTED: usize = 1_000;
/// Of both lists together: a result has to fit into one record.
const LISTED_BYTES: usize = 160 * 1024;
/// What an id, a time and their names take.
const SNAPSHOT_BYTES: usize = 120;

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let policy = upkeep::policy(session)?;
    let keep = session.job.options.retention.clone().unwrap_or_else(|| policy.retention.clone());
    session.reach().await?;
    if !session.was_ready().await? {
        return Err(Reason::RepositoryMissing.into());
    }
    let listed = listing::list(session).await?;
    if let Some(message) = listing::judged(session, &listed).await?.against(policy.others) {
        session.log.say(format!("Nothing would be removed for the time being: {message}"));
    }
    let told = if keep.is_empty() {
        session.log.say("A policy without a rule keeps everything");
        let kept = listed.snapshots.iter().filter(|it| is_of(&policy, &it.hostname, &it.tags));
        let rules = vec!["no rule: everything is kept".to_owned()];
        let kept = kept.map(|it| KeptSnapshot { id: it.id.clone(), time: it.time, rules: rules.clone() });
        let mut keep: Vec<KeptSnapshot> = kept.collect();
        keep.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.time));
        RetentionResult { keep, remove: Vec::new() }
    } else {
        forget::ask(session, &policy, &keep).await?
    };
    let numbers = JobNumbers {
        snapshots_removed: Some(count(told.remove.len())),
        snapshots_kept: Some(count(told.keep.len())),
        ..JobNumbers::default()
    };
    session.log.say(format!("{} snapshots would be kept, {} removed", told.keep.len(), told.remove.len()));
    let result = Some(JobResult::Retention(bounded(told)));
    Ok(Done { numbers, result, ..Done::plain(Verdict::SUCCESS) })
}

fn is_of(policy: &Policy, host: &str, tags: &[String]) -> bool {
    policy.host == host && tags.iter().any(|tag| tag == policy.tag.as_str())
}

/// What would go is what a person looks at first, so it is cut last.
fn bounded(mut told: RetentionResult) -> RetentionResult {
    let mut bytes = 0;
    for list in [&mut told.remove, &mut told.keep] {
        let fitting = list.iter().take(LISTED).take_while(|it| {
            bytes += SNAPSHOT_BYTES + it.rules.iter().map(|rule| rule.len() + 3).sum::<usize>();
            bytes <= LISTED_BYTES
        });
        let fitting = fitting.count();
        list.truncate(fitting);
    }
    told
}

#[cfg(test)]
mod tests {
    use wire::{id::UnixMs, journal::BATCH_LIMIT_BYTES};

    use super::*;

    #[test]
    fn however_much_there_is_it_fits_into_a_record() {
        let many = |rules: &[&str]| {
            let rules: Vec<String> = rules.iter().map(|&rule| rule.to_owned()).collect();
            let one = KeptSnapshot { id: "a".repeat(64), time: UnixMs(1_795_181_090_547), rules };
            vec![one; 5_000]
        };
        let long = ["pinned: has tags [pinned]", "yearly snapshot", &"x".repeat(500)];
        let told = bounded(RetentionResult { keep: many(&long), remove: many(&[]) });
        assert_eq!(told.remove.len(), LISTED);
        assert!((10..LISTED).contains(&told.keep.len()), "{}", told.keep.len());
        assert!(serde_json::to_vec(&told).unwrap().len() < BATCH_LIMIT_BYTES - 64 * 1024);
    }
}
