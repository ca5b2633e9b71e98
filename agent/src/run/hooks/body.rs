//! What a hook runs: the body of a secret, or a file of the endpoint that nobody else can write.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use wire::{
    job::Reason,
    plan::Hook,
    seal::{Secret, SecretSlot},
};

use crate::{run::engine::Shared, world::World};

/// Reads its own input to the end, which is the body, and runs that. So the body stands in no argument and in no file,
/// and what it runs reads nothing, as with `sh -c`.
const SHELL: &str = r#"body=$(cat); exec </dev/null; eval "$body""#;

/// For a look at the file, which may lie on a mount that does not answer.
const LOOK: Duration = Duration::from_secs(10);

pub enum Body {
    Text(Secret),
    /// As it was named: who may change it is asked again before each start.
    File(PathBuf),
}

/// Program, arguments and what it reads.
pub type Command = (PathBuf, Vec<String>, Option<Secret>);

impl Body {
    /// `None` where there is no hook.
    pub async fn open(shared: &Shared, hook: &Hook, slot: &SecretSlot) -> Result<Option<Self>, Reason> {
        match hook {
            Hook::Inherit | Hook::None => Ok(None),
            Hook::File(path) => match look(shared, Path::new(path)).await {
                Ok(_) => Ok(Some(Self::File(PathBuf::from(path)))),
                Err(message) => Err(Reason::HookFailed { exit: None, message }),
            },
            Hook::Secret => match shared.secrets.secret(slot) {
                Ok(Some(body)) => Ok(Some(Self::Text(body))),
                Ok(None) => Err(Reason::SecretMissing { slot: slot.to_string() }),
                Err(error) => Err(Reason::Internal { message: error.to_string() }),
            },
        }
    }

    /// What is started now; why it must not be. `name` is what the shell calls itself.
    pub async fn command(&self, shared: &Shared, name: &str) -> Result<Command, String> {
        match self {
            Self::File(path) => Ok((look(shared, path).await?, Vec::new(), None)),
            Self::Text(body) => {
                let args = vec!["-c".to_owned(), SHELL.to_owned(), name.to_owned()];
                Ok((PathBuf::from("/bin/sh"), args, Some(body.clone())))
            }
        }
    }
}

async fn look(shared: &Shared, path: &Path) -> Result<PathBuf, String> {
    let (world, own, named) = (shared.world.clone(), path.to_owned(), path.display().to_string());
    let ask = move |note: &dyn Fn(&str)| {
        note(&own.display().to_string());
        program(&world, &own)
    };
    let seen = shared.looks.look(&shared.world, LOOK, std::slice::from_ref(&named), ask).await;
    seen.unwrap_or_else(|unseen| Err(format!("the hook {named} cannot be looked at: {unseen}")))
}

/// Where the file lies. It runs with all power over the host: nobody who has less may be able to change it.
fn program(world: &World, path: &Path) -> Result<PathBuf, String> {
    let wrong = |problem: String| format!("the hook {} {problem}", path.display());
    let real = world.guarded(path).map_err(|exposed| wrong(exposed.to_string()))?;
    let found = fs::metadata(&real).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if !found.is_file() {
        Err(wrong("is not a file".to_owned()))
    } else if found.mode() & 0o111 == 0 {
        Err(wrong(format!("is not executable: chmod u+x {}", real.display())))
    } else {
        Ok(real)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::run::{looks, stage::Stage};

    #[test]
    fn a_file_that_others_could_change_is_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let world = World::real().above(dir.path());
        let path = dir.path().join("hook");
        let wrong = |path: &Path| program(&world, path).unwrap_err();
        let begins = |problem: &str| format!("the hook {} {problem}", path.display());
        assert!(wrong(&path).starts_with(&begins("cannot be read")));
        fs::write(&path, "#!/bin/sh\n").unwrap();
        for (mode, problem) in [
            (0o600, Some("is not executable")),
            (0o700, None),
            (0o755, None),
            (0o775, Some("can be written")),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match problem {
                None => assert!(program(&world, &path).is_ok(), "{mode:o}"),
                Some(problem) => assert!(wrong(&path).starts_with(&begins(problem)), "{mode:o}"),
            }
        }
        assert!(wrong(dir.path()).ends_with("is not a file"));
    }

    #[tokio::test]
    async fn it_is_asked_again_at_each_start() {
        let stage = Stage::real(Path::new("/nowhere/restic"));
        let shared = &stage.engine.shared;
        let dir = stage.path("hooks");
        fs::create_dir(&dir).unwrap();
        let path = dir.join("hook");
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let body = Body::File(path.clone());
        assert!(body.command(shared, "hook(post)").await.is_ok());
        // In the hours that a backup takes.
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        let problem = body.command(shared, "hook(post)").await.unwrap_err();
        assert!(problem.contains("which others can write to"), "{problem}");
    }

    #[tokio::test]
    async fn one_on_a_mount_that_does_not_answer_is_told_and_holds_nobody_up() {
        let stage = Stage::real(Path::new("/nowhere/restic"));
        let shared = &stage.engine.shared;
        let held = looks::tests::hang(&shared.looks, "/mnt/tools").await;
        let hook = Hook::File("/mnt/tools/pre.sh".to_owned());
        let slot = "hook/*/pre".parse().unwrap();
        let Err(Reason::HookFailed { exit: None, message }) = Body::open(shared, &hook, &slot).await else {
            panic!("it was looked at");
        };
        assert!(message.starts_with("the hook /mnt/tools/pre.sh cannot be looked at: "), "{message}");
        drop(held);
    }
}
