//! `backup` and `restore` of the coordinator itself: everything that its data directory holds, in one file.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use wire::{id::UnixMs, view::Actor};
use zeroize::Zeroizing;

use super::{
    AppError, DATABASE, VERSION,
    archive::{self, Content, Listed, Packed},
    keys,
    reload::Source,
    say,
};
use crate::{
    audit::{Act, Audit},
    config::{Config, Flags, TlsWanted},
    fleet::escrow_taken,
    store::{self, StoreError, copy, escrow},
    world::World,
};

/// A file beside the database that is larger is none that the coordinator made.
const MOST_BYTES: u64 = 64 << 20;
const MOST_DEPTH: u32 = 4;
/// What `kit open` reads.
const ESCROW: &str = "escrow.json";

const AFTER_RESTORE: [&str; 5] = [
    "Start `serve` with this directory. Agents connect by themselves and send what happened since; order numbers go on above",
    "what they report. Everybody is signed out. What people changed here since is not in it: look through people, tokens and",
    "orders, and revoke again what was revoked. If operators changed since, copy the newest coordinator.statements.json that",
    "you have into the directory before you start it: agents refuse a coordinator that knows less than they saw.",
    "docs/COORDINATOR.md says more.",
];

/// Also while the coordinator runs, which goes on working.
pub fn backup(data: &Path, to: &Path, world: &World) -> Result<ExitCode, AppError> {
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Err(AppError::NoDatabase(data.to_owned()));
    }
    let directory = match to.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let path_error = |path: &Path| {
        let path = path.to_owned();
        move |error| AppError::Path { path, error }
    };
    let real = |path: &Path| fs::canonicalize(path).map_err(path_error(path));
    if real(directory)?.starts_with(real(data)?) {
        return Err(AppError::BackupInside(to.to_owned()));
    }
    // The keys first: the database that is copied after them knows everything that they were used for.
    let (mut files, left_out) = beside(data).map_err(path_error(data))?;
    record_escrow(data, &database, world);
    // Both are nobody else's, and gone when anything fails.
    let copied = tempfile::NamedTempFile::new_in(directory).map_err(path_error(directory))?;
    copy::copy(&database, copied.path())?;
    files.push(Packed { path: DATABASE.to_owned(), content: Content::File(copied.path().to_owned()) });
    files.extend(bundle(copied.path(), world.now()));
    let archive = tempfile::NamedTempFile::new_in(directory).map_err(path_error(directory))?;
    let list = archive::pack(&files, VERSION, world.now(), archive.as_file()).map_err(path_error(to))?;
    archive.persist(to).map_err(|error| AppError::Path { path: to.to_owned(), error: error.error })?;
    fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(path_error(directory))?;

    say(&format!("saved {} files to {}:", list.files.len(), to.display()));
    for Listed { path, size_bytes, .. } in &list.files {
        say(&format!("  {path} ({size_bytes} bytes)"));
    }
    for path in left_out.iter().chain(&elsewhere(data)) {
        say(&format!("not in it: {}", path.display()));
    }
    say("It holds this coordinator's keys: keep it where nobody else reads it.");
    Ok(ExitCode::SUCCESS)
}

/// What the recovery kit opens, for whoever has nothing but this file and the kit. A database that has no fleet yet, or is of
/// another version, is saved without it.
fn bundle(database: &Path, now: UnixMs) -> Option<Packed> {
    let gathered = store::read_alone(database, |connection| {
        let Some(fleet) = escrow::fleet(connection)? else { return Ok(None) };
        Ok::<_, StoreError>(Some(escrow::bundle(connection, fleet, &BTreeSet::new(), now)?))
    });
    let bundle = gathered.unwrap_or_else(|error| {
        tracing::warn!("{ESCROW} could not be gathered, and is not in it: {error}");
        None
    })?;
    let bytes = serde_json::to_vec_pretty(&bundle).ok()?;
    Some(Packed { path: ESCROW.to_owned(), content: Content::Bytes(Zeroizing::new(bytes)) })
}

/// That it was taken stands in the audit, the saved one included. Who cannot write it saves all the same.
fn record_escrow(data: &Path, database: &Path, world: &World) {
    let record = || -> Result<(), AppError> {
        let Some(keys) = keys::load(data)? else { return Ok(()) };
        if !store::is_current(database)? {
            return Ok(());
        }
        let act = Act::new(Audit::new(keys), Actor::Console, None, world.now());
        let mut connection = store::open_alone(database)?;
        Ok(store::alone(&mut connection, |tx| {
            let Some(fleet) = escrow::fleet(tx)? else { return Ok(()) };
            let bundle = escrow::bundle(tx, fleet, &BTreeSet::new(), world.now())?;
            act.record(tx, escrow_taken(&bundle, true, "backup"))
        })?)
    };
    if let Err(error) = record() {
        tracing::warn!("that this backup holds {ESCROW} could not be written into the audit: {error}");
    }
}

/// Into a directory that is new or empty.
pub fn restore(from: &Path, data: &Path) -> Result<ExitCode, AppError> {
    let path_error = |error| AppError::Path { path: data.to_owned(), error };
    let mut made = false;
    match fs::read_dir(data) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(AppError::NotEmpty(data.to_owned()));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(path_error)?;
            made = true;
        }
        Err(error) => return Err(path_error(error)),
    }
    let unpacked = archive::unpack(from, data)
        .map_err(|error| AppError::Archive { path: from.to_owned(), error })
        .and_then(|list| usable(data).map(|()| list));
    // It is for the kit; the coordinator makes it anew from its database.
    let _ = fs::remove_file(data.join(ESCROW));
    // Nothing that looks like a coordinator's directory stays, and the next try finds it empty.
    let list = unpacked.inspect_err(|_| {
        clear(data);
        if made {
            // What is not empty is in the way of the next try, which says so.
            let _ = fs::remove_dir(data);
        }
    })?;
    say(&format!(
        "restored {} files into {}, as version {} saved them on {}",
        list.files.len(),
        data.display(),
        list.version,
        day(list.made_at)
    ));
    for line in AFTER_RESTORE {
        say(line);
    }
    Ok(ExitCode::SUCCESS)
}

fn clear(data: &Path) {
    for path in fs::read_dir(data).into_iter().flatten().flatten().map(|entry| entry.path()) {
        // What cannot be removed is in the way of the next try, which says so.
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// The database holds, and so do the keys that everything rests on.
fn usable(data: &Path) -> Result<(), AppError> {
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Err(AppError::NoDatabase(data.to_owned()));
    }
    copy::check(&database)?;
    copy::end_sessions(&database)?;
    match keys::load(data)? {
        Some(_) => Ok(()),
        None => Err(AppError::NoKeys(data.to_owned())),
    }
}

/// Every other file of the data directory, and those that are left out.
fn beside(data: &Path) -> io::Result<(Vec<Packed>, Vec<PathBuf>)> {
    let (mut files, mut left_out) = (Vec::new(), Vec::new());
    let mut directories = vec![(data.to_owned(), String::new(), 0)];
    while let Some((directory, above, depth)) = directories.pop() {
        let mut entries = fs::read_dir(&directory)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                left_out.push(path);
                continue;
            };
            if is_passing(&name) {
                continue;
            }
            // A configuration that is mounted is a link to where it is.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            let inner = format!("{above}{name}");
            if metadata.is_dir() && depth < MOST_DEPTH {
                directories.push((path, format!("{inner}/"), depth + 1));
            } else if metadata.is_file() && metadata.len() <= MOST_BYTES {
                let bytes = Zeroizing::new(fs::read(&path)?);
                files.push(Packed { path: inner, content: Content::Bytes(bytes) });
            } else {
                left_out.push(path);
            }
        }
    }
    Ok((files, left_out))
}

/// The database with its logs is copied otherwise; the lock and half-written files are nothing to keep.
fn is_passing(name: &str) -> bool {
    let half_written = Path::new(name).extension().is_some_and(|extension| extension == "new");
    name.starts_with(DATABASE)
        || name.starts_with('.')
        || name == keys::LOCK_FILE
        || name == ESCROW
        || half_written
}

/// What the configuration names outside of the data directory.
fn elsewhere(data: &Path) -> Vec<PathBuf> {
    let source = Source { data: data.to_owned(), flags: Flags::default() };
    let Ok(config) = source.load().inspect_err(|error| {
        tracing::warn!("what lies outside of the data directory is not known: {error}");
    }) else {
        return Vec::new();
    };
    let Config { tls, sso, agent_binaries, .. } = config;
    let mut all: Vec<PathBuf> = sso.into_iter().filter_map(|provider| provider.client_secret_file).collect();
    if let TlsWanted::Files { certificate, private_key } = tls {
        all.extend([certificate, private_key]);
    }
    all.extend(agent_binaries.into_values());
    all.retain(|path| !path.starts_with(data));
    all
}

fn day(at: UnixMs) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| "an unknown day".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use wire::{
        id::Hash32,
        trust::{Kit, Signed, Statement},
        view::EscrowBundle,
    };

    use super::*;
    use crate::store::{Store, audit, statements};

    /// A data directory that is in use.
    fn house() -> (tempfile::TempDir, PathBuf, World, Store) {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        fs::create_dir(&data).unwrap();
        let (world, _) = World::fake(UnixMs(1_000), 3);
        keys::load_or_make(&data, &world).unwrap();
        let store = Store::open(&data.join(DATABASE)).unwrap();
        (directory, data, world, store)
    }

    #[test]
    fn it_comes_back_somewhere_else_with_the_same_keys() {
        let (directory, data, world, _store) = house();
        fs::write(data.join("coordinator.toml"), "name = \"attic\"\n").unwrap();
        fs::create_dir(data.join("secrets")).unwrap();
        fs::write(data.join("secrets/client"), "hush").unwrap();
        fs::write(data.join(".half"), "written").unwrap();
        let (file, target) = (directory.path().join("saved"), directory.path().join("deep/er"));
        backup(&data, &file, &world).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        restore(&file, &target).unwrap();
        let id = |data: &Path| keys::load(data).unwrap().unwrap().id();
        assert_eq!(id(&target), id(&data));
        assert_eq!(fs::read(target.join("secrets/client")).unwrap(), b"hush");
        assert!(target.join("coordinator.toml").is_file() && !target.join(".half").exists());
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o700);
        // Nothing of the making is left.
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_the_kit_opens_is_in_it_and_the_audit_says_so() {
        let (directory, data, world, store) = house();
        let kit = Kit::from_seed(&[3; 32]);
        let statement = Statement {
            fleet: kit.fleet(),
            version: 1,
            previous: Hash32::ZERO,
            issued_at: UnixMs(0),
            root: kit.root().public().into(),
            recovery: kit.recovery().public(),
            coordinators: Vec::new(),
            operators: Vec::new(),
        };
        let signed = Signed::sign(&statement, &kit.root()).unwrap();
        let mut connection = store::open_alone(&data.join(DATABASE)).unwrap();
        store::alone(&mut connection, |tx| statements::insert(tx, 1, &signed)).unwrap();
        drop((connection, store));
        let (file, unpacked) = (directory.path().join("saved"), directory.path().join("unpacked"));
        // Twice: what the first one made is nothing that the second one saves.
        for _ in 0..2 {
            backup(&data, &file, &world).unwrap();
        }
        fs::create_dir(&unpacked).unwrap();
        let list = archive::unpack(&file, &unpacked).unwrap();
        assert_eq!(list.files.iter().filter(|listed| listed.path == ESCROW).count(), 1);
        let bundle: EscrowBundle = serde_json::from_slice(&fs::read(unpacked.join(ESCROW)).unwrap()).unwrap();
        assert_eq!((bundle.fleet, bundle.hosts.len()), (kit.fleet(), 0));
        let records =
            store::read_alone(&unpacked.join(DATABASE), |connection| audit::from(connection, 1, 9)).unwrap();
        assert!(records.iter().all(|record| record.body.contains("escrow_take")), "{records:?}");
        assert_eq!(records.len(), 2, "the saved database knows of its own backup");
        let target = directory.path().join("target");
        restore(&file, &target).unwrap();
        assert!(target.join(DATABASE).is_file() && !target.join(ESCROW).exists());
    }

    #[test]
    fn it_overwrites_no_coordinator_and_saves_nothing_into_what_it_saves() {
        let (directory, data, world, _store) = house();
        let file = directory.path().join("saved");
        backup(&data, &file, &world).unwrap();
        assert!(matches!(restore(&file, &data), Err(AppError::NotEmpty(_))));
        for inside in [data.join("saved"), data.join("../data/saved")] {
            assert!(matches!(backup(&data, &inside, &world), Err(AppError::BackupInside(_))));
        }
        // A second one takes the place of the first.
        backup(&data, &file, &world).unwrap();
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(backup(empty.path(), &file, &world), Err(AppError::NoDatabase(_))));
        restore(&file, empty.path()).unwrap();
    }

    #[test]
    fn what_cannot_be_served_is_not_left_there() {
        let (directory, data, world, _store) = house();
        fs::remove_file(data.join(keys::KEY_FILE)).unwrap();
        let (file, target) = (directory.path().join("saved"), directory.path().join("restored"));
        backup(&data, &file, &world).unwrap();
        assert!(matches!(restore(&file, &target), Err(AppError::NoKeys(_))));
        assert!(!target.exists());
        fs::create_dir(&target).unwrap();
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(matches!(restore(&file, &target), Err(AppError::Archive { .. })));
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    }
}
