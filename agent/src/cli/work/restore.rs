//! `restore`: brings files of a snapshot back, without any coordinator. In place it asks for the host's name: nobody writes
//! over what is there by a slip.

use std::{
    ffi::OsString,
    io::{self, BufRead, IsTerminal as _, Write as _},
    os::unix::ffi::OsStrExt as _,
    path::{self, Path, PathBuf},
    process::ExitCode,
};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use rusqlite::Connection;
use wire::{
    action::Action,
    id::{GroupName, RepositoryName},
    path::RawPath,
    plan::Plan,
    restore::{Meanwhile, Overwrite, Ownership, Pick, Restore, RestoreTarget},
    snapshot::Snapshot,
};

use super::{Manner, begin, current, known, repositories, words};
use crate::{
    cli::{Failure, failure, look},
    config::Paths,
    store::{snapshots, trust},
    world::World,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The snapshot's id, or its beginning as `snapshots` shows it; or `latest`
    snapshot: String,
    /// What comes back, as it stands in the snapshot: absolute; none: everything
    paths: Vec<OsString>,
    /// A repository of the plan; none: whichever has the snapshot
    #[arg(long)]
    repository: Option<RepositoryName>,
    /// With `latest`: of this group
    #[arg(long)]
    group: Option<GroupName>,
    /// A directory that is not there yet, or is empty; none: $HOME/rm-restore/<job>
    #[arg(long, value_name = "DIR", conflicts_with = "in_place")]
    to: Option<PathBuf>,
    /// With --to: what lies in this directory of the snapshot comes to lie in DIR itself
    #[arg(long, value_name = "PATH", requires = "to")]
    base: Option<OsString>,
    /// Where the files were when they were saved
    #[arg(long)]
    in_place: bool,
    /// Leave this out; may be given several times
    #[arg(long, value_name = "PATH")]
    exclude: Vec<OsString>,
    /// What happens to a file that is there already
    #[arg(long, default_value = "always", value_parser = overwrite_rule())]
    overwrite: Overwrite,
    /// Whose the files are afterwards
    #[arg(long, default_value = "keep", value_parser = ownership_rule())]
    ownership: Ownership,
    /// Read what was written again, and compare
    #[arg(long)]
    verify: bool,
    /// Say what would be written, and write nothing
    #[arg(long = "dry-run")]
    dry: bool,
    /// Cancel what runs on the repository now, instead of waiting for it
    #[arg(long)]
    cancel_running: bool,
    /// With --in-place: this host's name, instead of being asked for it
    #[arg(long, value_name = "HOST", requires = "in_place")]
    yes: Option<String>,
    #[command(flatten)]
    manner: Manner,
}

fn overwrite_rule() -> impl clap::builder::TypedValueParser<Value = Overwrite> {
    PossibleValuesParser::new(["always", "if-changed", "if-newer", "never"]).map(|word| match word.as_str() {
        "if-changed" => Overwrite::IfChanged,
        "if-newer" => Overwrite::IfNewer,
        "never" => Overwrite::Never,
        _ => Overwrite::Always,
    })
}

fn ownership_rule() -> impl clap::builder::TypedValueParser<Value = Ownership> {
    PossibleValuesParser::new(["keep", "by-name", "drop"]).map(|word| match word.as_str() {
        "by-name" => Ownership::ByName,
        "drop" => Ownership::Drop,
        _ => Ownership::Keep,
    })
}

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<ExitCode, Failure> {
    let plan = current(paths)?;
    known(paths, wanted.group.as_slice(), None)?;
    let connection = look::database(paths)?;
    let (repository, snapshot) = find(&connection, &plan, wanted)?;
    let target = target(&connection, wanted)?;
    let restore = Restore {
        repository,
        snapshot,
        picks: picks(&wanted.paths, &wanted.exclude),
        target,
        overwrite: wanted.overwrite,
        ownership: wanted.ownership,
        verify: wanted.verify,
        dry_run: wanted.dry,
        meanwhile: if wanted.cancel_running { Meanwhile::Cancel } else { Meanwhile::Wait },
        lent: None,
    };
    restore.validate()?;
    drop(connection);
    begin(paths, vec![Action::Restore { restore: Box::new(restore) }], &wanted.manner).await
}

/// Those that are taken, and those that are not after all.
fn picks(taken: &[OsString], left_out: &[OsString]) -> Vec<Pick> {
    let pick = |path: &OsString, take| Pick { path: raw(path), take };
    let mut picks: Vec<Pick> = taken.iter().map(|path| pick(path, true)).collect();
    if picks.is_empty() && !left_out.is_empty() {
        picks.push(pick(&OsString::from("/"), true));
    }
    picks.extend(left_out.iter().map(|path| pick(path, false)));
    picks
}

/// A slash at the end, as a shell completes it, says nothing.
fn raw(path: &OsString) -> RawPath {
    let bytes = path.as_bytes();
    let end = bytes.iter().rposition(|byte| *byte != b'/').map_or(1, |last| last + 1);
    RawPath::from_bytes(&bytes[..end.min(bytes.len())])
}

fn find(
    connection: &Connection,
    plan: &Plan,
    wanted: &Arguments,
) -> Result<(RepositoryName, String), Failure> {
    let mut all: Vec<(RepositoryName, Snapshot)> = Vec::new();
    for name in repositories(plan, wanted.repository.as_ref())? {
        let listed = snapshots::all(connection, &name)?;
        all.extend(listed.into_iter().map(|snapshot| (name.clone(), snapshot)));
    }
    choose(all, &wanted.snapshot, wanted.group.as_ref())
}

/// The one that is meant; the same snapshot's copies in several repositories have other ids.
fn choose(
    mut all: Vec<(RepositoryName, Snapshot)>,
    meant: &str,
    group: Option<&GroupName>,
) -> Result<(RepositoryName, String), Failure> {
    all.retain(|(_, it)| group.is_none() || it.group.as_ref() == group);
    if meant == "latest" {
        // What claims a time to come would always be it.
        let newest = all.into_iter().filter(|(_, it)| it.doubt.is_none()).max_by_key(|(_, it)| it.time);
        return match newest {
            Some((repository, snapshot)) => Ok((repository, snapshot.id)),
            None => failure(words::NO_SNAPSHOT),
        };
    }
    let meant = meant.to_ascii_lowercase();
    let mut found = all.into_iter().filter(|(_, it)| meant.len() >= 4 && it.id.starts_with(&meant));
    match (found.next(), found.next()) {
        (Some((repository, snapshot)), None) => Ok((repository, snapshot.id)),
        (Some(_), Some(_)) => failure(format!("several snapshots begin with {meant}: give more of the id")),
        (None, _) => failure(words::no_such_snapshot(&meant)),
    }
}

fn target(connection: &Connection, wanted: &Arguments) -> Result<RestoreTarget, Failure> {
    if wanted.in_place {
        let member = trust::pin(connection)?.and_then(|pin| pin.member);
        let name = member.map_or_else(|| World::real().hostname(), |member| member.name);
        return Ok(RestoreTarget::InPlace { host: typed(wanted, &name)? });
    }
    let Some(to) = &wanted.to else { return Ok(RestoreTarget::Fresh) };
    Ok(RestoreTarget::Directory { path: directory(to)?, base: wanted.base.as_ref().map(raw) })
}

/// From here, and without the `./` that a shell completes; one that goes up is refused like any other.
fn directory(to: &Path) -> Result<String, Failure> {
    match path::absolute(to)?.to_str() {
        Some(path) => Ok(path.to_owned()),
        None => failure("the directory's name is no text: name another one"),
    }
}

/// The host's name, as a person typed it.
fn typed(wanted: &Arguments, name: &str) -> Result<String, Failure> {
    let answer = match &wanted.yes {
        Some(answer) => answer.clone(),
        // What writes nothing needs nobody's word.
        None if wanted.dry => name.to_owned(),
        None if !io::stdin().is_terminal() => return failure(words::restore_yes_needed(name)),
        None => {
            io::stderr().lock().write_all(look::plain(&words::restore_question(name)).as_bytes())?;
            answered(&mut io::stdin().lock())?
        }
    };
    if answer == name { Ok(answer) } else { failure(words::ANOTHER_HOST) }
}

fn answered(answers: &mut impl BufRead) -> io::Result<String> {
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use wire::{id::UnixMs, snapshot::SnapshotDoubt};

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parsed(words: &[&str]) -> Option<Arguments> {
        let line = Line::try_parse_from(["restore"].iter().chain(words)).ok()?;
        Some(line.arguments)
    }

    fn snapshot(
        letters: &str,
        at: i64,
        group: &str,
        doubt: Option<SnapshotDoubt>,
    ) -> (RepositoryName, Snapshot) {
        let snapshot = Snapshot {
            id: letters.repeat(32),
            time: UnixMs(at),
            hostname: "web".to_owned(),
            paths: vec!["/etc".to_owned()],
            tags: vec![group.to_owned()],
            group: group.parse().ok(),
            size_bytes: None,
            files: None,
            added_bytes: None,
            doubt,
        };
        ("main".parse().unwrap(), snapshot)
    }

    #[test]
    fn a_snapshot_is_found_by_its_beginning_or_as_the_latest() {
        let all = [
            snapshot("ab", 1, "one", None),
            snapshot("ac", 2, "two", None),
            snapshot("ff", 9, "one", Some(SnapshotDoubt::Future)),
        ];
        let chosen = |meant: &str, group: Option<&str>| {
            let group = group.map(|name| name.parse().unwrap());
            choose(all.to_vec(), meant, group.as_ref()).map(|(_, id)| id[..2].to_owned()).ok()
        };
        for (meant, group, expected) in [
            ("latest", None, Some("ac")),
            ("latest", Some("one"), Some("ab")),
            ("latest", Some("none"), None),
            ("abab", None, Some("ab")),
            ("ABABAB", None, Some("ab")),
            ("ffff", None, Some("ff")),
            ("a", None, None),
            ("abac", None, None),
        ] {
            assert_eq!(chosen(meant, group).as_deref(), expected, "{meant} {group:?}");
        }
    }

    #[test]
    fn words_become_picks_and_rules() {
        let line = parsed(&[
            "latest",
            "/etc/",
            "/srv",
            "--exclude",
            "/srv/tmp",
            "--overwrite=if-newer",
            "--ownership=drop",
        ])
        .unwrap();
        let said: Vec<_> = picks(&line.paths, &line.exclude)
            .into_iter()
            .map(|pick| format!("{}{}", if pick.take { "" } else { "!" }, pick.path))
            .collect();
        assert_eq!(said, ["/etc", "/srv", "!/srv/tmp"]);
        assert_eq!((line.overwrite, line.ownership), (Overwrite::IfNewer, Ownership::Drop));
        let all = picks(&[], &["/x".into()]);
        assert_eq!((all[0].path.as_str(), all[0].take), ("/", true));
        let here = std::env::current_dir().unwrap();
        assert_eq!(directory(Path::new("./a b")).unwrap(), here.join("a b").to_str().unwrap());
        assert_eq!(directory(Path::new("/srv//x/.")).unwrap(), "/srv/x");
        assert_eq!((raw(&"/".into()).as_str(), raw(&"".into()).as_str()), ("/", ""));
        for bad in [
            &["latest", "--to", "/x", "--in-place"][..],
            &["latest", "--yes", "web"],
            &["latest", "--base", "/x"],
            &["latest", "--overwrite=maybe"],
        ] {
            assert!(parsed(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn in_place_wants_the_hosts_whole_name() {
        let said = |words: &[&str]| typed(&parsed(words).unwrap(), "web").ok();
        assert_eq!(said(&["latest", "--in-place", "--yes", "web"]).as_deref(), Some("web"));
        assert_eq!(said(&["latest", "--in-place", "--yes", "we"]), None);
        assert_eq!(said(&["latest", "--in-place", "--dry-run"]).as_deref(), Some("web"));
        assert_eq!(answered(&mut " web \nno\n".as_bytes()).unwrap(), "web");
    }
}
