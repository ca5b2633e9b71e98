//! What is looked at before anything is written: the target, what is to come back, and whether it has room.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use wire::{
    job::{Origin, Reason},
    path::RawPath,
    quantity::{count, size},
    restore::Restore,
};

use super::{
    Task,
    picks::{self, Measure},
    target::{self, Disk, Place, Rules},
};
use crate::{
    restic::{
        command::Verb,
        exit::{self, Exit},
        feature::Feature,
    },
    run::{
        conversation::Bounds,
        session::{Early, Session},
    },
    store::{StoreError, snapshots},
};

/// For a look at the target.
const LOOK: Duration = Duration::from_secs(10);
/// So many of the things that are not in the snapshot are named.
const NAMED: usize = 20;

/// Whether it may go there, where that is, and how much room there is; `None` in place, where that cannot be told
/// beforehand.
pub async fn look(session: &Session, task: &Task) -> Result<Option<Place>, Early> {
    let shared = &session.shared;
    let paths = [target::shown(&task.target)];
    let (target, own) = (task.target.clone(), task.own.clone());
    if task.is_in_place() {
        let taken = task.wanted.picks.iter().filter(|pick| pick.take);
        let taken: Vec<PathBuf> = taken.map(|pick| as_path(&pick.path)).collect();
        let own_of = move |_: &dyn Fn(&str)| {
            taken.iter().find(|path| target::leads_to_own(path, &own)).map(|path| target::shown(path))
        };
        let found = shared.looks.look(&shared.world, LOOK, &paths, own_of).await;
        return match found {
            Ok(None) => Ok(None),
            Ok(Some(target)) => {
                let message = "the agent's own files lie there, and no restore touches them".to_owned();
                Err(Reason::TargetForbidden { target, message }.into())
            }
            Err(unseen) => Err(silent(&paths, &unseen.to_string())),
        };
    }
    // A person at the host itself may write wherever the account may.
    let is_from_afar = session.job.origin != Origin::Local;
    let below = if is_from_afar { shared.settings.restore_below.clone() } else { Vec::new() };
    let rules = Rules { own, below };
    let judged = shared.looks.look(&shared.world, LOOK, &paths, move |note: &dyn Fn(&str)| {
        note(&target.to_string_lossy());
        target::judge(&target, &rules)
    });
    match judged.await {
        Ok(judged) => Ok(Some(judged?)),
        Err(unseen) => Err(silent(&paths, &unseen.to_string())),
    }
}

fn silent(paths: &[String], message: &str) -> Early {
    Reason::PathsSilent { paths: paths.to_vec(), message: message.to_owned() }.into()
}

pub fn as_path(path: &RawPath) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    std::ffi::OsString::from_vec(path.to_bytes()).into()
}

/// Reads the list of what is taken, however long it is, and keeps nothing but sums.
pub async fn measure(session: &mut Session, task: &Task) -> Result<Measure, Early> {
    let Task { wanted, .. } = task;
    if let Some(known) = known(session, task).await? {
        return Ok(known);
    }
    let sum = Arc::new(Mutex::new(Measure::new(&wanted.picks, task.base())));
    let adding = sum.clone();
    session.listener = Some(Box::new(move |line| {
        adding.lock().unwrap_or_else(PoisonError::into_inner).see(line);
    }));
    session.log.say("Looks at what is to come back");
    let silence = Some(session.shared.settings.patience.silence);
    let bounds = Bounds { silence, limit: None, heeds_stop: true };
    let paths = picks::listed(&wanted.picks, task.base());
    let verb = Verb::ListBelow { snapshot: &wanted.snapshot, paths: &paths };
    let listed = session.patiently(verb, bounds).await;
    session.listener = None;
    let listed = listed?;
    if exit::has_no_snapshot(&listed.said) {
        return Err(no_snapshot(wanted, listed.exit).into());
    }
    if listed.exit != Exit::Code(0) {
        let reason = exit::failure(listed.exit, &listed.said, session.shared.world.now());
        if let (Reason::RepositoryMissing, Some(lent)) = (&reason, session.lent()) {
            return Err(not_seen_from_here(&session.location, &lent.source_name).into());
        }
        session.note_failure(&reason);
        return Err(reason.into());
    }
    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::replace(&mut *sum, Measure::new(&[], None)))
}

/// A directory, or what a program's settings call a place, is one machine's: at another it means something else.
fn not_seen_from_here(location: &str, source: &str) -> Reason {
    let message = format!(
        "this host finds no repository there. It is where {source} has it: mount it here under the same path, or give the files back at a host that reaches it"
    );
    Reason::Unreachable { address: location.to_owned(), message }
}

/// What is known of a whole snapshot, where restic itself counts what comes back: then nothing has to be listed.
async fn known(session: &Session, task: &Task) -> Result<Option<Measure>, Early> {
    let counts = session.binary.features.has(Feature::RestoreProgress);
    if !task.wanted.picks.is_empty() || task.base().is_some() || session.lent().is_some() || !counts {
        return Ok(None);
    }
    let (repository, id) = (session.repository().clone(), task.wanted.snapshot.clone());
    let all = session.shared.store.read::<_, StoreError>(move |it| snapshots::all(it, &repository)).await?;
    let row = all.into_iter().find(|row| row.id == id);
    Ok(row.and_then(|row| Some(Measure::known(row.files?, row.size_bytes?))))
}

pub fn no_snapshot(wanted: &Restore, exit: Exit) -> Reason {
    let short = wanted.snapshot.get(..8).unwrap_or_default();
    let message = format!("the snapshot {short} is not in the repository any more");
    Reason::Restic { exit: exit.code(), message }
}

/// Says what is not in the snapshot.
pub fn check_measure(session: &mut Session, task: &mut Task, measure: &Measure) -> Result<(), Early> {
    let missing = measure.missing();
    if let Some(base) = task.base().filter(|_| !measure.has_base) {
        return Err(Reason::NotInSnapshot { what: base.shown() }.into());
    }
    let names = |missing: &[&RawPath]| {
        let mut names: Vec<String> = missing.iter().take(NAMED).map(|path| path.shown()).collect();
        if missing.len() > NAMED {
            names.push(format!("{} more", missing.len() - NAMED));
        }
        names.join(", ")
    };
    if measure.entries == 0 && !missing.is_empty() {
        return Err(Reason::NotInSnapshot { what: names(&missing) }.into());
    }
    if !missing.is_empty() {
        let warning = format!("Not in the snapshot: {}", names(&missing));
        session.log.say(&warning);
        task.warnings.push(warning);
    }
    session.log.say(format!("To come back: {}, {}", count(measure.files, "file"), size(measure.bytes)));
    Ok(())
}

/// Refuses before anything is written what will not fit; in place, where nobody knows what is there already, it warns.
pub async fn check_room(
    session: &mut Session,
    task: &mut Task,
    disk: Option<Disk>,
    needed_bytes: u64,
) -> Result<(), Early> {
    let target = target::shown(&task.target);
    let free_bytes = match disk {
        Some(disk) if disk.has_room(needed_bytes) => return Ok(()),
        Some(disk) if !task.wanted.dry_run => {
            return Err(Reason::TargetFull { target, needed_bytes, free_bytes: disk.free }.into());
        }
        Some(disk) => disk.free,
        None => {
            let taken = task.wanted.picks.iter().filter(|pick| pick.take);
            let paths: Vec<PathBuf> = taken.map(|pick| as_path(&pick.path)).collect();
            let (shared, near) = (session.shared.clone(), [target.clone()]);
            let look = move |_: &dyn Fn(&str)| target::room_of(&paths).ok();
            match shared.looks.look(&shared.world, LOOK, &near, look).await {
                Ok(Some(free)) if free >= needed_bytes => return Ok(()),
                Ok(Some(free)) => free,
                _ => {
                    task.warnings.push("How much room there is could not be told".to_owned());
                    return Ok(());
                }
            }
        }
    };
    let warning =
        format!("The disk has {} free; all of it would need {}", size(free_bytes), size(needed_bytes));
    session.log.say(&warning);
    task.warnings.push(warning);
    Ok(())
}
