//! The task that watches the configuration and the certificate: told by the file system, and by a slow look besides.
//!
//! What cannot be used is said in the log, and what held before goes on. A change counts once nothing changed for a
//! moment: an editor may be in the middle of saving, and a certificate may come before its key.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{EventKind, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;
use wire::domain::sha256;

use super::{DATABASE, tls};
use crate::{
    config::{self, Config, ConfigError, Flags, Live, Reload, TlsWanted},
    world::World,
};

/// Files that nobody touched for so long are whole.
const SETTLE: Duration = Duration::from_secs(1);
/// Somebody who saves again and again is let finish at the next look.
const PATIENCE: u32 = 20;
/// What the file system does not tell.
const SLOW_LOOK: Duration = Duration::from_mins(1);

/// Where the configuration comes from, for the first time and again.
#[derive(Debug)]
pub struct Source {
    pub data: PathBuf,
    pub flags: Flags,
}

impl Source {
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.data, config::environment(), self.flags.clone())
    }

    /// For the start, with the marks from before it was read: a change from then on is one, also when it comes before
    /// anybody watches. Marks are of the files that a reading named, so it is read twice; where the second names others,
    /// those count as changed.
    pub fn load_marked(&self) -> Result<(Config, Marks), ConfigError> {
        let seen = marks(&files(&self.data, &self.load()?));
        Ok((self.load()?, seen))
    }
}

pub struct ReloadTask {
    pub source: Source,
    pub reload: Reload,
    pub live: Live,
    /// Of what holds now, from before it was read.
    pub seen: Marks,
    /// Where the port takes its certificate from. `None` when it is plain, or made its own.
    pub acceptor: Option<watch::Sender<TlsAcceptor>>,
    pub world: World,
}

/// What a file holds, as a mark; `None` when it cannot be read.
pub type Marks = Vec<(PathBuf, Option<[u8; 32]>)>;

impl ReloadTask {
    /// For ever.
    pub async fn run(self) {
        let told = Arc::new(Notify::new());
        let mut watched = BTreeSet::new();
        let mut watcher = None;
        let mut seen = self.seen.clone();
        loop {
            let directories = self.directories();
            if watcher.is_none() || directories != watched {
                watcher = watch_all(&directories, &told);
                watched = directories;
                // What changed before it was watched was told by nobody.
                told.notify_one();
            }
            tokio::select! {
                () = told.notified() => {}
                () = self.world.sleep(SLOW_LOOK) => {}
            }
            if let Some(changed) = self.changed(&seen).await {
                self.take_config();
                self.take_certificate(&seen, &changed);
                // A configuration that was taken may name other files: those have been read just now.
                let known: BTreeSet<_> = changed.iter().map(|(path, _)| path.clone()).collect();
                let files = BTreeSet::from_iter(self.files());
                seen = if files == known { changed } else { self.marks() };
            }
        }
    }

    /// What is there now, when it is another than `seen` and stays the same for a moment.
    async fn changed(&self, seen: &Marks) -> Option<Marks> {
        let mut now = self.marks();
        if now == *seen {
            return None;
        }
        for _ in 0..PATIENCE {
            self.world.sleep(SETTLE).await;
            let again = self.marks();
            if again == now {
                return (now != *seen).then_some(now);
            }
            now = again;
        }
        None
    }

    fn take_config(&self) {
        match self.source.load() {
            Ok(config) => {
                let taken = self.reload.take(&config);
                if !taken.now.is_empty() {
                    tracing::info!(keys = taken.now.join(", "), "the configuration changed");
                }
                if !taken.at_restart.is_empty() {
                    tracing::warn!(
                        keys = taken.at_restart.join(", "),
                        "changed in the configuration, and needs a restart: what held before goes on"
                    );
                }
            }
            Err(error) => {
                tracing::error!(
                    "what the configuration says now is not taken, what held before goes on: {error}"
                );
            }
        }
    }

    /// Only when it is another file, or holds something else.
    fn take_certificate(&self, before: &Marks, now: &Marks) {
        if let (TlsWanted::Files { certificate, private_key }, Some(acceptor)) =
            (&self.live.now().tls, &self.acceptor)
        {
            let of = |marks: &Marks, file: &PathBuf| marks.iter().find(|(path, _)| path == file).cloned();
            let same = |file| of(before, file).is_some() && of(before, file) == of(now, file);
            if same(certificate) && same(private_key) {
                return;
            }
            match tls::of_files(certificate, private_key) {
                Ok(new) => {
                    acceptor.send_replace(new);
                    tracing::info!(certificate = %certificate.display(), "the certificate was read again");
                }
                Err(error) => {
                    tracing::error!("the certificate that was there before goes on: {error}");
                }
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        files(&self.source.data, &self.live.now())
    }

    fn marks(&self) -> Marks {
        marks(&self.files())
    }

    /// The directories, for a new file is put in the old one's place.
    fn directories(&self) -> BTreeSet<PathBuf> {
        self.files().iter().filter_map(|file| file.parent().map(Path::to_owned)).collect()
    }
}

/// Everything that a change of matters.
fn files(data: &Path, config: &Config) -> Vec<PathBuf> {
    let mut files = vec![data.join(config::FILE)];
    if let TlsWanted::Files { certificate, private_key } = &config.tls {
        files.extend([certificate.clone(), private_key.clone()]);
    }
    files.extend(config.sso.iter().filter_map(|provider| provider.client_secret_file.clone()));
    files
}

fn marks(files: &[PathBuf]) -> Marks {
    let mark = |path: &Path| match fs::read(path) {
        Ok(bytes) => Some(sha256(&bytes).0),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::debug!(path = %path.display(), %error, "cannot be read");
            }
            None
        }
    };
    files.iter().map(|path| (path.clone(), mark(path))).collect()
}

/// `None`: the system has no watches left; the slow look does it then.
fn watch_all(directories: &BTreeSet<PathBuf>, told: &Arc<Notify>) -> Option<notify::RecommendedWatcher> {
    let told = Arc::clone(told);
    let ours = |path: &PathBuf| {
        // The database beside it is written all the time.
        !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DATABASE))
    };
    let handler = move |event: notify::Result<notify::Event>| {
        let concerns = event.map_or(true, |event| {
            !matches!(event.kind, EventKind::Access(_))
                && (event.paths.is_empty() || event.paths.iter().any(ours))
        });
        if concerns {
            told.notify_one();
        }
    };
    let mut watcher = notify::recommended_watcher(handler).ok()?;
    for directory in directories {
        let place = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        if let Err(error) = watcher.watch(place, RecursiveMode::NonRecursive) {
            tracing::debug!(path = %place.display(), %error, "is looked at from time to time alone");
        }
    }
    Some(watcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_changes_before_anybody_watches_is_taken() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(config::FILE);
        fs::write(&file, "[sessions]\nidle_hours = 5\n").unwrap();
        let source = Source { data: place.path().to_owned(), flags: Flags::default() };
        let (config, seen) = source.load_marked().unwrap();
        let (reload, mut live) = Reload::new(config);
        fs::write(&file, "[sessions]\nidle_hours = 7\n").unwrap();
        let task =
            ReloadTask { source, reload, live: live.clone(), seen, acceptor: None, world: World::real() };
        let running = tokio::spawn(task.run());
        live.changed().await;
        assert_eq!(live.now().sessions.idle_ms, 7 * 3_600_000);
        running.abort();
    }
}
