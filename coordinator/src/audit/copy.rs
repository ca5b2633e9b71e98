//! The copy that is kept elsewhere: each record after its commit, in order, to the machine's log service or to a file.
//!
//! Nobody who writes a record waits for it. The number of the last record that was copied stands in the database; what
//! was committed and not copied before a crash is copied at the next start. The last few may so come twice, and none not at
//! all, as long as it is kept. A place that is named anew begins with what comes from then on.

mod file;
mod syslog;

use std::{io, time::Duration};

use wire::id::CoordinatorId;

use super::{Audit, export};
use crate::{
    config::{AuditCopy, Live},
    store::{
        Store, StoreError,
        audit::{self, AuditRow},
    },
    world::World,
};
use file::LogFile;
use syslog::Syslog;

/// Records that are copied at once.
const AT_ONCE: u32 = 500;
/// The first wait after a failure; each further one is twice as long.
const RETRY: Duration = Duration::from_secs(5);
const RETRY_MOST: Duration = Duration::from_mins(5);
/// What another process wrote: the command line records what it does to people, and cannot wake anybody here.
const SLOW_LOOK: Duration = Duration::from_secs(15);

/// The task that keeps the copy.
pub struct Copier {
    audit: Audit,
    store: Store,
    live: Live,
    world: World,
    sink: Option<(AuditCopy, Sink)>,
    /// The last record that was copied, where the database may not say so yet.
    copied: Option<(String, u64)>,
}

/// Where lines go.
enum Sink {
    Syslog(Syslog),
    File(LogFile),
}

/// How many records got through, and what stopped the next one.
struct Written(usize, io::Result<()>);

#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error("{0}")]
    Sink(#[from] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Copier {
    pub fn new(audit: Audit, store: Store, live: Live, world: World) -> Self {
        Self { audit, store, live, world, sink: None, copied: None }
    }

    /// A place that is named for the first time begins here, so that what is written from now on is copied.
    pub async fn begin_now(&mut self) -> Result<(), StoreError> {
        match &self.live.now().audit.copy {
            Some(place) => self.begin(&name(place)).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// For ever.
    pub async fn run(mut self) {
        let mut written = self.audit.written();
        let mut wait = None;
        loop {
            let place = self.live.now().audit.copy.clone();
            let Some(place) = place else {
                (self.sink, wait) = (None, None);
                self.live.changed().await;
                continue;
            };
            match self.copy_all(&place).await {
                Ok(()) => {
                    if wait.take().is_some() {
                        tracing::info!(place = name(&place), "the audit is copied again");
                    }
                    tokio::select! {
                        _ = written.changed() => {}
                        () = self.live.changed() => {}
                        () = self.world.sleep(SLOW_LOOK) => {}
                    }
                }
                Err(error) => {
                    if wait.is_none() {
                        tracing::error!(
                            place = name(&place),
                            "the audit cannot be copied: {error}; it is tried again, and nothing is left out"
                        );
                    }
                    self.sink = None;
                    let next = wait.map_or(RETRY, |wait: Duration| (wait * 2).min(RETRY_MOST));
                    wait = Some(next);
                    tokio::select! {
                        () = self.world.sleep(next) => {}
                        () = self.live.changed() => {}
                    }
                }
            }
        }
    }

    /// All that was not copied to this place yet.
    async fn copy_all(&mut self, place: &AuditCopy) -> Result<(), CopyError> {
        let name = name(place);
        let mut from = self.begin(&name).await?;
        loop {
            let rows = self.store.read(move |connection| audit::from(connection, from + 1, AT_ONCE)).await?;
            let Some(first) = rows.first().map(|row| row.link.seq) else { return Ok(()) };
            if first > from + 1 {
                tracing::error!(
                    from = from + 1,
                    to = first - 1,
                    "records of the audit were dropped before they could be copied"
                );
            }
            let sink = match self.sink.take() {
                Some((same, sink)) if same == *place => sink,
                _ => Sink::new(place),
            };
            let id = self.audit.coordinator();
            let writing = tokio::task::spawn_blocking(move || sink.write(id, &rows));
            let (sink, last, result) = writing.await.map_err(io::Error::other)?;
            self.sink = Some((place.clone(), sink));
            if let Some(last) = last {
                from = last;
                self.copied = Some((name.clone(), last));
                let name = name.clone();
                self.store.write(move |tx| audit::set_copied(tx, &name, last)).await?;
            }
            result?;
        }
    }

    /// The last record that this place has.
    async fn begin(&mut self, name: &str) -> Result<u64, StoreError> {
        let known = match self.copied.clone() {
            Some(copied) => Some(copied),
            None => self.store.read(audit::copied).await?,
        };
        if let Some((_, seq)) = known.filter(|(place, _)| place == name) {
            return Ok(seq);
        }
        let name = name.to_owned();
        let copied = self
            .store
            .write(move |tx| {
                let last = audit::last(tx)?.map_or(0, |link| link.seq);
                audit::set_copied(tx, &name, last)?;
                Ok::<_, StoreError>((name, last))
            })
            .await?;
        let last = copied.1;
        self.copied = Some(copied);
        Ok(last)
    }
}

/// What a place is remembered by.
fn name(place: &AuditCopy) -> String {
    match place {
        AuditCopy::Syslog => "syslog".to_owned(),
        AuditCopy::File(path) => path.display().to_string(),
    }
}

impl Sink {
    fn new(place: &AuditCopy) -> Self {
        match place {
            AuditCopy::Syslog => Self::Syslog(Syslog::local()),
            AuditCopy::File(path) => Self::File(LogFile::new(path.clone())),
        }
    }

    /// Blocks. The number of the last record that got through, too.
    fn write(mut self, id: CoordinatorId, rows: &[AuditRow]) -> (Self, Option<u64>, io::Result<()>) {
        let Written(count, result) = match &mut self {
            Self::Syslog(syslog) => syslog.write(id, rows),
            Self::File(file) => {
                let lines: String = rows.iter().map(|row| export::ndjson(id, row)).collect();
                match file.append(lines.as_bytes()) {
                    Ok(()) => Written(rows.len(), Ok(())),
                    Err(error) => Written(0, Err(error)),
                }
            }
        };
        let last = count.checked_sub(1).and_then(|last| rows.get(last)).map(|row| row.link.seq);
        (self, last, result)
    }
}

#[cfg(test)]
mod tests;
