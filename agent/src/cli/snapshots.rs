//! `snapshots`: those of the repositories as last listed. Reads the database alone.

use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde::Serialize;
use wire::{
    id::{RepositoryName, UnixMs},
    plan::Plan,
    snapshot::{Snapshot, SnapshotDoubt},
};

use super::{Failure, failure, look, table};
use crate::{
    config::Paths,
    store::{StoreError, plan, repositories, snapshots},
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// A repository or a group of the plan; none: everything
    of: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// One JSON document instead of words
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    repository: RepositoryName,
    #[serde(flatten)]
    snapshot: Snapshot,
}

pub fn perform(paths: &Paths, wanted: &Arguments) -> Result<(), Failure> {
    let connection = look::database(paths)?;
    let plan = plan::current(&connection)?.map(|current| current.plan).unwrap_or_default();
    let mut found = found(&connection, &plan, wanted.of.as_deref())?;
    let more = found.len().saturating_sub(wanted.limit);
    found.truncate(wanted.limit);
    if wanted.json {
        return look::print_json(&found);
    }
    let world = World::real();
    look::print(&text(&found, more, world.now(), &world.zone()))?;
    for repository in plan.repositories.keys() {
        let listed = repositories::get(&connection, repository)?.and_then(|row| row.snapshots_at);
        look::print(&listed_at(repository, listed, world.now()))?;
    }
    Ok(())
}

/// Newest first.
fn found(connection: &Connection, plan: &Plan, of: Option<&str>) -> Result<Vec<Shown>, Failure> {
    let all = |repository: &RepositoryName| -> Result<Vec<Shown>, StoreError> {
        let listed = snapshots::all(connection, repository)?;
        Ok(listed.into_iter().map(|snapshot| Shown { repository: repository.clone(), snapshot }).collect())
    };
    let repository = plan.repositories.keys().find(|name| Some(name.as_str()) == of);
    let group = plan.groups.keys().find(|name| Some(name.as_str()) == of);
    let mut found = Vec::new();
    for name in plan.repositories.keys() {
        if of.is_none() || repository.is_none_or(|wanted| wanted == name) {
            found.extend(all(name)?);
        }
    }
    match (of, repository, group) {
        (None, ..) | (_, Some(_), _) => {}
        (_, None, Some(group)) => found.retain(|one| one.snapshot.group.as_ref() == Some(group)),
        (Some(of), None, None) => {
            return failure(format!("the plan has no repository or group `{of}`: `plan show` lists them"));
        }
    }
    found.sort_by(|a, b| (b.snapshot.time, &b.snapshot.id).cmp(&(a.snapshot.time, &a.snapshot.id)));
    Ok(found)
}

fn text(found: &[Shown], more: usize, now: UnixMs, zone: &TimeZone) -> String {
    if found.is_empty() {
        return "No snapshots yet.\n".to_owned();
    }
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|Shown { repository, snapshot }| {
            vec![
                snapshot.id.get(..8).unwrap_or(&snapshot.id).to_owned(),
                format!("{} ({})", table::time(snapshot.time, zone), table::relative(snapshot.time, now)),
                repository.to_string(),
                snapshot.group.as_ref().map_or_else(|| snapshot.tags.join(","), ToString::to_string),
                snapshot.hostname.clone(),
                snapshot.size_bytes.map_or_else(|| "–".to_owned(), table::size),
                match snapshot.doubt {
                    None => snapshot.paths.join(" "),
                    Some(SnapshotDoubt::Unknown) => "no job of this host made it".to_owned(),
                    Some(SnapshotDoubt::Future) => "claims a time that is still to come".to_owned(),
                },
            ]
        })
        .collect();
    let heading = ["SNAPSHOT", "TIME", "REPOSITORY", "GROUP", "HOST", "SIZE", "PATHS"];
    let more = if more > 0 { format!("… and {more} older ones (--limit)\n") } else { String::new() };
    table::columns(&heading, &rows) + &more
}

fn listed_at(repository: &RepositoryName, at: Option<UnixMs>, now: UnixMs) -> String {
    match at {
        Some(at) => format!("{repository}: listed {}\n", table::relative(at, now)),
        None => format!("{repository}: never listed yet\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_as_a_person_reads_them() {
        let snapshot = |id: &str, hours: i64, doubt: Option<wire::snapshot::SnapshotDoubt>| Shown {
            repository: "main".parse().unwrap(),
            snapshot: Snapshot {
                id: id.repeat(32),
                time: UnixMs(1_795_187_040_000 - hours * 3_600_000),
                hostname: "web-1".to_owned(),
                paths: vec!["/etc".to_owned(), "/srv".to_owned()],
                tags: vec!["default".to_owned()],
                group: doubt.is_none().then(|| "default".parse().unwrap()),
                size_bytes: doubt.is_none().then_some(5 << 30),
                files: None,
                added_bytes: None,
                doubt,
            },
        };
        let found = [snapshot("ab", 3, None), snapshot("cd", 30, Some(SnapshotDoubt::Unknown))];
        let now = UnixMs(1_795_187_040_000);
        insta::assert_snapshot!(
            [
                text(&found, 7, now, &TimeZone::UTC),
                text(&[], 0, now, &TimeZone::UTC),
                listed_at(&"main".parse().unwrap(), Some(UnixMs(now.0 - 60_000)), now),
                listed_at(&"usb".parse().unwrap(), None, now),
            ]
            .join("---\n")
        );
    }
}
