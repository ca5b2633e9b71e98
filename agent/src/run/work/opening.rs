//! Init and probe: can the repository be used? It is made when it was never ready for this host, and else only where a
//! person wants it made anew.

use std::{fs, path::Path, time::Duration};

use wire::{
    job::{JobKind, Reason},
    plan::Backend,
};

use super::{Done, Follow, listing, trial};
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Exit, Verdict},
    },
    run::session::{Early, Effect, Session},
    store::{StoreError, repositories},
};

/// For a look at the directory of a local repository.
const LOOK: Duration = Duration::from_secs(10);
const AFTER: &[Follow] = &[Follow::Always(JobKind::Snapshots), Follow::Always(JobKind::Stats)];

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    session.reach().await?;
    // At a place where nothing ever opened, what is newer was refused elsewhere, and has to wait until there is something.
    let refused = if session.was_ready().await? { trial::newer(session, true).await? } else { None };
    open(session).await?;
    if let Some(reason) = refused {
        return Err(reason.into());
    }
    Ok(Done { follow: AFTER, ..Done::plain(Verdict::SUCCESS) })
}

/// Makes sure that the repository is there and opens. Afterwards it counts as having been ready.
pub async fn open(session: &mut Session) -> Result<(), Early> {
    let was_ready = session.was_ready().await?;
    let may_be_made = !was_ready || session.job.options.anew;
    let id = match config(session).await? {
        Ok(id) if session.job.options.anew => {
            let message = format!(
                "{} still holds the repository {}: it is only made anew where none is; clear that place at the storage first, or choose another",
                session.location,
                id.get(..10).unwrap_or(&id)
            );
            session.ready(Some(id));
            return Err(Reason::RepositoryNotOurs { message }.into());
        }
        Ok(id) => {
            if !was_ready {
                attach(session, &id).await?;
            }
            id
        }
        // Where a version or a backend does not say clearly that nothing is there, trying is harmless: `init` never
        // touches a repository that exists.
        Err(Reason::RepositoryMissing | Reason::Restic { .. }) if may_be_made => init(session).await?,
        Err(reason) => return Err(failed(session, reason)),
    };
    session.log.say(format!("The repository opens: {}", id.get(..10).unwrap_or(&id)));
    session.ready(Some(id));
    trial::note_opened(session).await;
    Ok(())
}

/// A destination where this host never was: in a repository that it never used, what bears its name is its own.
async fn attach(session: &mut Session, id: &str) -> Result<(), Early> {
    let listing = listing::list(session).await?;
    let restic_id = id.to_owned();
    let look = move |connection: &_| repositories::is_attached(connection, &restic_id);
    if !session.shared.store.read::<_, StoreError>(look).await? {
        let host = session.host();
        let ours = listing.snapshots.iter().filter(|snapshot| snapshot.hostname == host).count();
        session.log.say(format!("{ours} snapshots of this host that are there already count as its own"));
    }
    session.effects.push(Effect::Attached { restic_id: id.to_owned(), listing });
    Ok(())
}

/// restic's id of the repository, or why it does not open.
pub(super) async fn config(session: &mut Session) -> Result<Result<String, Reason>, Early> {
    let found = session.effects.len();
    let done = match session.brief(Verb::CatConfig).await {
        Err(Early::Verdict(Verdict {
            reason: Some(reason @ (Reason::RepositoryMissing | Reason::Forbidden { .. })),
            ..
        })) => {
            // It was stopped because it would have asked for a quarter of an hour: what that means is the caller's.
            session.effects.truncate(found);
            return Ok(Err(reason));
        }
        done => done?,
    };
    if done.exit != Exit::Code(0) {
        return Ok(Err(exit::failure(done.exit, &done.said, session.shared.world.now())));
    }
    Ok(document::config_id(&done.document)
        .map_err(|error| Reason::Contradiction { message: error.to_string() }))
}

async fn init(session: &mut Session) -> Result<String, Early> {
    if let Backend::Local { path } = &session.access.backend {
        let (address, path) = (path.clone(), path.clone());
        let occupied = move |note: &dyn Fn(&str)| {
            note(&path);
            occupied(Path::new(&path))
        };
        let paths = std::slice::from_ref(&address);
        let seen = session.shared.looks.look(&session.shared.world, LOOK, paths, occupied).await;
        match seen {
            Ok(None) => {}
            Ok(Some(message)) => return Err(failed(session, Reason::RepositoryNotOurs { message })),
            Err(unseen) => {
                return Err(failed(session, Reason::Unreachable { address, message: unseen.to_string() }));
            }
        }
    }
    session.log.say(format!("There is no repository at {} yet: making it", session.location));
    let like = session.kin().await;
    let done = session.brief(Verb::Init { like: like.as_ref() }).await?;
    if done.exit != Exit::Code(0) && !exit::is_already_initialised(&done.said) {
        let reason = exit::failure(done.exit, &done.said, session.shared.world.now());
        return Err(failed(session, reason));
    }
    // Proves that the password opens it, and tells its id in full in every version.
    match config(session).await? {
        Ok(id) => Ok(id),
        Err(reason) => Err(failed(session, reason)),
    }
}

/// What lies at a local path that is neither empty nor a repository.
fn occupied(path: &Path) -> Option<String> {
    let mut entries = fs::read_dir(path).ok()?;
    let first = entries.next()?.ok()?;
    (!path.join("config").exists()).then(|| {
        format!(
            "{} is not empty (it holds {}): name an empty directory, or clear this one first",
            path.display(),
            first.file_name().display()
        )
    })
}

fn failed(session: &mut Session, reason: Reason) -> Early {
    session.note_failure(&reason);
    reason.into()
}
