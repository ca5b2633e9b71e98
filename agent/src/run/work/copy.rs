//! Copies snapshots of a group to a second repository of the plan, which is made when it was never there. What is there
//! already is left out.
//!
//! At the destination its copies count as this host's own, so nothing is copied that is in doubt here: a forged snapshot
//! would come to be believed by being copied. Each is named to restic, for what matches a tag may be another by then.

use wire::{
    id::{GroupName, RepositoryName},
    job::{JobKind, JobNumbers, JobState, Reason},
    snapshot::Snapshot,
};

use super::{Done, Follow, listing, opening, prune::LONGEST};
use crate::{
    restic::{
        command::{Access, Verb, clashes},
        exit::{self, Verdict},
    },
    run::{
        conversation::Bounds,
        doubt::Listing,
        session::{Early, Effect, Session, not_in_plan},
    },
};

const AFTER: &[Follow] = &[Follow::Destination(JobKind::Stats)];
/// So many snapshots are named in one call: an argument list has an end.
const AT_ONCE: usize = 500;
/// So many that were left out are named.
const NAMED: usize = 20;

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let Some(to) = session.job.options.to.clone().filter(|to| to != session.repository()) else {
        return Err(not_in_plan("second repository for this copy".to_owned()));
    };
    let tag = session.job.subject.group.clone();
    let tag = tag.ok_or_else(|| not_in_plan("copy without a group".to_owned()))?;
    session.reach().await?;
    let Choice { wanted, refused } = choose(session, &tag).await?;
    if wanted.is_empty() {
        session.log.say("There is nothing to copy");
        return Ok(copied(0, unless_refused(Verdict::SUCCESS, refused)));
    }
    let visit = session.visit(&to)?;
    let outcome = bring(session, &to, &tag, &wanted).await;
    session.leave(visit);
    if let Err(Early::Verdict(verdict)) = &outcome {
        session.log.say(format!("At the destination {to}: {:?}", verdict.reason));
    }
    outcome.map(|done| Done { verdict: unless_refused(done.verdict.clone(), refused), ..done })
}

/// One that is to be at the destination.
struct Wanted {
    snapshot: Snapshot,
    /// What its copy names as its original.
    original: String,
}

#[derive(Default)]
struct Choice {
    wanted: Vec<Wanted>,
    /// Those that somebody named and that are left out all the same.
    refused: Vec<String>,
}

/// The snapshots that the job is about and that are there: the ones that were named, or all of the group's; of them those
/// that this host made.
async fn choose(session: &mut Session, tag: &GroupName) -> Result<Choice, Early> {
    let listed = listing::list(session).await?;
    let judged = listing::judged(session, &listed).await?;
    let (host, named) = (session.host().to_owned(), session.job.options.snapshots.clone());
    for id in named.iter().filter(|id| !judged.snapshots.iter().any(|it| names(id, it))) {
        session.log.say(format!("The snapshot {id} is not there any more"));
    }
    let mut choice = Choice::default();
    let mut doubtful = false;
    for snapshot in judged.snapshots {
        let of_group = snapshot.hostname == host && snapshot.tags.iter().any(|it| it == tag.as_str());
        let is_named = named.iter().any(|id| names(id, &snapshot));
        if !(is_named || named.is_empty() && of_group) {
            continue;
        }
        let short = snapshot.id.get(..8).unwrap_or(&snapshot.id).to_owned();
        let why_not = match snapshot.doubt {
            _ if !of_group => Some(format!("it is not of {host} and group {tag}")),
            Some(doubt) => {
                doubtful = true;
                Some(format!(
                    "it is in doubt ({doubt:?}); adopt it on the repository's page if it is this host's"
                ))
            }
            None => None,
        };
        if let Some(why) = why_not {
            session.log.say(format!("The snapshot {short} is not copied: {why}"));
            choice.refused.extend(is_named.then_some(short));
            continue;
        }
        let original = listed.makers.get(&snapshot.id).and_then(|maker| maker.original.clone());
        let original = original.unwrap_or_else(|| snapshot.id.clone());
        choice.wanted.push(Wanted { snapshot, original });
    }
    if doubtful {
        session.effects.push(Effect::Listing(listed));
    }
    Ok(choice)
}

/// 0.14 names a snapshot by its first eight digits.
fn names(id: &str, snapshot: &Snapshot) -> bool {
    id.len() >= 8 && snapshot.id.starts_with(id)
}

/// Whoever named one that was left out hears of it, unless there is worse to tell.
fn unless_refused(verdict: Verdict, mut refused: Vec<String>) -> Verdict {
    if refused.is_empty() || verdict.state != JobState::Succeeded {
        return verdict;
    }
    refused.truncate(NAMED);
    Verdict::incomplete(Reason::NotCopied { snapshots: refused })
}

/// At the destination.
async fn bring(
    session: &mut Session,
    to: &RepositoryName,
    tag: &GroupName,
    wanted: &[Wanted],
) -> Result<Done, Early> {
    let from = source(session)?;
    session.reach().await?;
    if !session.was_ready().await? {
        opening::open(session).await?;
    }
    session.log.say(format!("Copies {} snapshots of {tag} to {} ({to})", wanted.len(), session.location));
    session.log.begin();
    let (verdict, saved) = copy(session, &from, wanted).await?;
    let succeeded = verdict.state == JobState::Succeeded;
    if succeeded {
        session.ready(None);
    }
    let verdict = match settle(session, to, wanted, &saved, succeeded).await {
        Ok(missing) if missing > 0 && succeeded => {
            let message = format!(
                "restic ended with success, but {missing} of {} snapshots are not at the destination",
                wanted.len()
            );
            Verdict::failed(Reason::Contradiction { message })
        }
        Err(early) if succeeded => return Err(early),
        Ok(_) | Err(_) => session.judged(verdict),
    };
    Ok(copied(saved.len(), verdict))
}

/// What opens the repository that is copied from.
fn source(session: &Session) -> Result<Access, Early> {
    let from = session.other_access().cloned();
    let from =
        from.ok_or_else(|| Early::from(Reason::Internal { message: "a copy of nothing".to_owned() }))?;
    let clash = clashes(&session.access, &from)
        .map_err(|error| Early::from(Reason::Internal { message: error.to_string() }))?;
    if !clash.is_empty() {
        let message = format!(
            "both repositories need {} for restic, which has one of each, with different values; give both a credential that may use either, or copy to another kind of destination",
            clash.join(", ")
        );
        return Err(Reason::Forbidden { message }.into());
    }
    Ok(from)
}

/// Calls restic until all are there or it fails. Returns what it saved, by the beginnings of their ids.
async fn copy(
    session: &mut Session,
    from: &Access,
    wanted: &[Wanted],
) -> Result<(Verdict, Vec<String>), Early> {
    let silence = Some(session.shared.settings.patience.silence);
    let bounds = Bounds { silence, limit: Some(LONGEST), heeds_stop: true };
    let ids: Vec<String> = wanted.iter().map(|wanted| wanted.snapshot.id.clone()).collect();
    let mut saved = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let ended = session.patiently(Verb::Copy { from, ids: some }, bounds).await?;
        let verdict = exit::other(ended.exit, &ended.said, session.shared.world.now());
        saved.extend(ended.said.told.copied);
        if verdict.state != JobState::Succeeded {
            return Ok((verdict, saved));
        }
    }
    Ok((Verdict::SUCCESS, saved))
}

/// Reads the destination again: what was copied is this host's own there, also by a copy before that came to no end.
/// Returns how many of the wanted are not there.
async fn settle(
    session: &mut Session,
    to: &RepositoryName,
    wanted: &[Wanted],
    saved: &[String],
    succeeded: bool,
) -> Result<usize, Early> {
    let listing = listing::list(session).await?;
    let found: Vec<String> = wanted.iter().filter_map(|it| copy_of(it, &listing, saved, succeeded)).collect();
    let missing = wanted.iter().filter(|it| candidates(it, &listing).next().is_none()).count();
    if !found.is_empty() {
        session.effects.push(Effect::Own { repository: to.clone(), ids: found });
    }
    session.effects.push(Effect::Listing(listing));
    Ok(missing)
}

/// What looks like its copy: whoever may write there can make one.
fn candidates<'a>(wanted: &'a Wanted, listing: &'a Listing) -> impl Iterator<Item = &'a Snapshot> {
    let Wanted { snapshot, original } = wanted;
    listing.snapshots.iter().filter(move |it| {
        let named = listing.makers.get(&it.id).and_then(|maker| maker.original.as_ref());
        named == Some(original)
            && it.time == snapshot.time
            && it.hostname == snapshot.hostname
            && it.paths == snapshot.paths
            && it.tags == snapshot.tags
    })
}

/// The one that restic has just saved. Where it saved none because it was content with what is there, and said so by
/// its success, the only one that this could be: restic compares their trees as well. After a failure it has compared
/// nothing.
fn copy_of(wanted: &Wanted, listing: &Listing, saved: &[String], succeeded: bool) -> Option<String> {
    let is_saved = |it: &&Snapshot| saved.iter().any(|short| it.id.starts_with(short.as_str()));
    let mut all = candidates(wanted, listing);
    let found = candidates(wanted, listing).find(is_saved);
    let only = || all.next().filter(|_| succeeded && all.next().is_none());
    found.or_else(only).map(|it| it.id.clone())
}

fn copied(count: usize, verdict: Verdict) -> Done {
    let numbers = JobNumbers { snapshots_copied: u64::try_from(count).ok(), ..JobNumbers::default() };
    Done { numbers, follow: AFTER, ..Done::plain(verdict) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use wire::id::UnixMs;

    use super::*;
    use crate::restic::document::Maker;

    fn snapshot(letter: char) -> Snapshot {
        Snapshot {
            id: letter.to_string().repeat(64),
            time: UnixMs(1_795_176_000_000),
            hostname: "h1".to_owned(),
            paths: vec!["/home".to_owned()],
            tags: vec!["default".to_owned()],
            group: None,
            size_bytes: None,
            files: None,
            added_bytes: None,
            doubt: None,
        }
    }

    #[test]
    fn a_copy_is_known_by_what_restic_said_and_a_lone_one_only_after_a_success() {
        let wanted = Wanted { snapshot: snapshot('a'), original: snapshot('a').id };
        let there = |letters: &str| {
            let snapshots: Vec<Snapshot> = letters.chars().map(snapshot).collect();
            let maker = Maker { user: "root".to_owned(), original: Some(wanted.original.clone()) };
            let makers: BTreeMap<_, _> = snapshots.iter().map(|it| (it.id.clone(), maker.clone())).collect();
            Listing { snapshots, makers }
        };
        let saved = ["cccccccc".to_owned()];
        for (letters, saved, succeeded, expected) in [
            ("c", &saved[..], true, Some('c')),
            ("c", &saved, false, Some('c')),
            ("bc", &saved, true, Some('c')),
            ("bc", &saved, false, Some('c')),
            ("b", &[], true, Some('b')),
            // It may be planted, and restic has looked at nothing.
            ("b", &[], false, None),
            ("bc", &[], true, None),
            ("", &[], true, None),
        ] {
            let found = copy_of(&wanted, &there(letters), saved, succeeded);
            assert_eq!(found, expected.map(|letter| snapshot(letter).id), "{letters} {saved:?} {succeeded}");
        }
        let mut other = there("b");
        other.snapshots[0].paths = vec!["/etc".to_owned()];
        assert_eq!(copy_of(&wanted, &other, &[], true), None, "of other paths");
    }
}
