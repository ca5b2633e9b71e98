//! Init and probe: can the repository be used? It is made when it was never ready for this host, and only then.

use std::{fs, path::Path};

use wire::{
    job::{JobKind, Reason},
    plan::Backend,
};

use super::{Done, Follow};
use crate::{
    restic::{
        command::Verb,
        document,
        exit::{self, Exit, Verdict},
    },
    run::session::{Early, Session},
};

const AFTER: &[Follow] = &[Follow::Always(JobKind::Snapshots), Follow::Always(JobKind::Stats)];

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    session.reach().await?;
    open(session).await?;
    Ok(Done { follow: AFTER, ..Done::plain(Verdict::SUCCESS) })
}

/// Makes sure that the repository is there and opens. Afterwards it counts as having been ready.
pub async fn open(session: &mut Session) -> Result<(), Early> {
    let was_ready = session.was_ready().await?;
    let id = match config(session).await? {
        Ok(id) => id,
        // Where a version or a backend does not say clearly that nothing is there, trying is harmless: `init` never
        // touches a repository that exists.
        Err(Reason::RepositoryMissing | Reason::Restic { .. }) if !was_ready => init(session).await?,
        Err(reason) => return Err(failed(session, reason)),
    };
    session.log.say(format!("The repository opens: {}", id.get(..10).unwrap_or(&id)));
    session.ready(Some(id));
    Ok(())
}

/// restic's id of the repository, or why it does not open.
async fn config(session: &mut Session) -> Result<Result<String, Reason>, Early> {
    let done = session.brief(Verb::CatConfig).await?;
    if done.exit != Exit::Code(0) {
        return Ok(Err(exit::failure(done.exit, &done.said, session.shared.world.now())));
    }
    Ok(document::config_id(&done.document)
        .map_err(|error| Reason::Contradiction { message: error.to_string() }))
}

async fn init(session: &mut Session) -> Result<String, Early> {
    if let Backend::Local { path } = &session.access.backend
        && let Some(message) = occupied(Path::new(path))
    {
        return Err(failed(session, Reason::RepositoryNotOurs { message }));
    }
    session.log.say(format!("There is no repository at {} yet: making it", session.location));
    let done = session.brief(Verb::Init).await?;
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
