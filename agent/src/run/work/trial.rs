//! Newer credentials than the ones in use: tried at the repository before anything relies on them. Jobs go on with the
//! ones before until the newer work, and for as long as they do not.

use std::{mem, sync::Arc};

use wire::{job::Reason, seal::SecretSlot};

use super::opening;
use crate::{
    run::{
        Candidate, Used,
        scrub::Scrub,
        session::{Early, Session, credential_slots},
    },
    store::StoreError,
};

/// Tries what waits to be tried. `asked`: also what was refused before, because somebody wants to know again. Returns why
/// something of it is not used; whatever happens, the session has credentials that are in use afterwards.
pub async fn newer(session: &mut Session, asked: bool) -> Result<Option<Reason>, Early> {
    let candidates = candidates(session);
    let news = |(_, it): &&(SecretSlot, Candidate)| asked || it.refused.is_none();
    if candidates.iter().filter(news).count() == 0 {
        return Ok(None);
    }
    let mut why = None;
    let mut used: &[usize] = &[];
    let tries = tries(&candidates.iter().map(|(_, it)| it.refused.is_some()).collect::<Vec<_>>(), asked);
    for set in &tries {
        let chosen: Vec<_> = set.iter().filter_map(|at| candidates.get(*at)).collect();
        match attempt(session, &chosen).await? {
            Tried::Opens => {
                used = set;
                break;
            }
            // Nothing was learnt: all of them wait on.
            Tried::Unclear => return Ok(None),
            Tried::Refused(reason) => why = why.or(Some(reason)),
        }
    }
    let left = candidates.iter().enumerate().filter(|(at, _)| !used.contains(at)).map(|(_, one)| one);
    let left: Vec<_> = left.filter(news).map(|(slot, it)| (slot.clone(), it.revision)).collect();
    let Some(reason) = why.filter(|_| !left.is_empty()) else { return Ok(None) };
    session.log.say(format!("Not used: {}: {}", names(&left), reason.explain().message));
    if let Err(problem) = note(session, &left, Some(&reason)).await {
        session.log.say(format!("That cannot be written down: {problem}"));
    }
    Ok(Some(reason))
}

/// Which candidates are tried together, by their places, one after the other until something opens the repository. What
/// was refused once must not spoil what is new: that is tried without it first, beside what is in use. One may need the
/// other (a login and its password that changed together), so then all are tried; at last each alone, so that one that
/// is wrong does not keep out another that is right.
fn tries(refused: &[bool], asked: bool) -> Vec<Vec<usize>> {
    let all: Vec<usize> = (0..refused.len()).collect();
    let unrefused: Vec<usize> = all.iter().copied().filter(|at| !refused[*at]).collect();
    let alone = if asked { &all } else { &unrefused }.iter().map(|at| vec![*at]);
    let mut tries: Vec<Vec<usize>> = Vec::new();
    for set in [unrefused.clone(), all.clone()].into_iter().chain(alone.collect::<Vec<_>>()) {
        if !set.is_empty() && !tries.contains(&set) {
            tries.push(set);
        }
    }
    tries
}

enum Tried {
    /// The session uses them now.
    Opens,
    Refused(Reason),
    /// It tells nothing of the credentials.
    Unclear,
}

async fn attempt(session: &mut Session, chosen: &[&(SecretSlot, Candidate)]) -> Result<Tried, Early> {
    let revisions: Vec<_> = chosen.iter().map(|(slot, it)| (slot.clone(), it.revision)).collect();
    let newer = session.access_with(|slot| {
        chosen.iter().find(|(of, _)| of == slot).map(|(_, candidate)| candidate.secret.clone())
    })?;
    session.log.say(format!("Trying what was newly set: {}", names(&revisions)));
    session.scrub = Arc::new(session.scrub.and(&Scrub::new(&newer)));
    session.log.keep_out(session.scrub.clone());
    let before = mem::replace(&mut session.access, newer);
    let found = match opening::config(session).await {
        Ok(Ok(_)) => match note(session, &revisions, None).await {
            Ok(()) => {
                session.log.say("It opens the repository, and is used from now on");
                for (slot, revision) in revisions {
                    session.credentials.retain(|(of, _)| *of != slot);
                    session.credentials.push((slot, revision));
                }
                return Ok(Tried::Opens);
            }
            Err(problem) => {
                let text = format!("It opens the repository, but that cannot be written down: {problem}");
                session.log.say(text);
                Ok(Tried::Unclear)
            }
        },
        Ok(Err(reason)) => {
            let reason = session.scrub.reason(reason);
            session.log.say(format!("It does not open the repository: {}", reason.explain().message));
            Ok(if says_something(&reason) { Tried::Refused(reason) } else { Tried::Unclear })
        }
        Err(early) => Err(early),
    };
    session.access = before;
    found
}

fn names(revisions: &[(SecretSlot, u64)]) -> String {
    revisions.iter().map(|(slot, _)| slot.to_string()).collect::<Vec<_>>().join(", ")
}

/// Whatever the session uses has just opened its own repository.
pub async fn note_opened(session: &mut Session) {
    let revisions = session.credentials.clone();
    if session.is_at_home()
        && let Err(problem) = note(session, &revisions, None).await
    {
        session.log.say(format!("That its credentials work cannot be written down: {problem}"));
    }
}

fn candidates(session: &Session) -> Vec<(SecretSlot, Candidate)> {
    let each = credential_slots(session.repository()).into_iter();
    // One that cannot be opened is told of when it is the one in use.
    each.filter_map(|slot| Some((slot.clone(), session.shared.secrets.candidate(&slot).ok()??))).collect()
}

async fn note(
    session: &Session,
    revisions: &[(SecretSlot, u64)],
    refused: Option<&Reason>,
) -> Result<(), StoreError> {
    let (shared, location) = (session.shared.clone(), session.location.clone());
    let (revisions, refused, at) = (revisions.to_vec(), refused.cloned(), session.shared.world.now());
    let source = shared.secrets.clone();
    let rng = shared.world.rng();
    session
        .shared
        .store
        .write(move |tx| {
            let used = Used { revisions: &revisions, location: &location, at };
            match &refused {
                None => source.worked(tx, &used, rng),
                Some(reason) => source.refused(tx, &used, reason),
            }
        })
        .await
}

/// Whether it tells anything of the credentials. A server that does not answer does not, nor does one whose words nobody
/// knows: a proxy's bad gateway must not mark what is right as refused for good.
const fn says_something(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::WrongPassword
            | Reason::Forbidden { .. }
            | Reason::RepositoryMissing
            | Reason::RepositoryNotOurs { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_once_spoils_nothing_that_is_new() {
        let no: [Vec<usize>; 0] = [];
        assert_eq!(tries(&[], true), no);
        assert_eq!(tries(&[false], false), [[0]]);
        assert_eq!(tries(&[true, false], false), [vec![1], vec![0, 1]]);
        assert_eq!(tries(&[false, false], false), [vec![0, 1], vec![0], vec![1]]);
        assert_eq!(tries(&[true, false, false], false), [vec![1, 2], vec![0, 1, 2], vec![1], vec![2]]);
        assert_eq!(tries(&[true, true], true), [vec![0, 1], vec![0], vec![1]], "somebody asks again");
    }

    #[test]
    fn words_that_nobody_knows_say_nothing_of_a_credential() {
        let message = || "502 Bad Gateway".to_owned();
        assert!(!says_something(&Reason::Restic { exit: Some(1), message: message() }));
        assert!(!says_something(&Reason::Contradiction { message: message() }));
        assert!(says_something(&Reason::WrongPassword));
        assert!(says_something(&Reason::Forbidden { message: message() }));
    }
}
