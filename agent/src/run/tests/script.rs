//! A scripted restic: says what the test wants, and notes how it was called.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    run::{Patience, stage::Stage},
    world::World,
};

/// What `cat lock` says of a lock of this age.
pub fn lock(hostname: &str, pid: u32, minutes: i64) -> String {
    let time = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    format!(r#"{{"time":"{time}","exclusive":true,"hostname":"{hostname}","username":"root","pid":{pid}}}"#)
}

/// Puts a lock there, which `unlock` removes when restic would take it for `stale`.
pub fn put_lock(notes: &Path, letter: char, lock: &str, stale: bool) -> String {
    let id = letter.to_string().repeat(64);
    std::fs::create_dir_all(notes.join("locks")).unwrap();
    std::fs::write(notes.join("locks").join(&id), lock).unwrap();
    if stale {
        let mut left =
            std::fs::OpenOptions::new().create(true).append(true).open(notes.join("stale")).unwrap();
        writeln!(left, "{id}").unwrap();
    }
    id
}

pub const SNAPSHOT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A summary that names [`SNAPSHOT`].
pub fn saved() -> String {
    format!(
        r#"echo '{{"message_type":"summary","files_new":1,"total_files_processed":1,"backup_start":"2026-11-20T13:19:50Z","snapshot_id":"{SNAPSHOT}"}}'"#
    )
}

const REST: &str = r#"
  ;;
version) echo "restic ${VERSION:-0.19.1} compiled with go1.26.4 on linux/amd64" ;;
list) ls "$dir/locks" 2>/dev/null ;;
cat) if [ "$2" = lock ]; then for id; do :; done; cat "$dir/locks/$id"; exit; fi
echo '{"version":2,"id":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}' ;;
snapshots) cat "$dir/snapshots" 2>/dev/null || echo '[]' ;;
stats) echo '{"total_size":1,"snapshots_count":0}' ;;
unlock) cat "$dir/stale" 2>/dev/null | (cd "$dir/locks" 2>/dev/null && xargs -r rm -f) ;;
*) echo "what is $1?" >&2; exit 1 ;;
esac
"#;

/// Writes a restic whose `backup` is this piece of shell, with `$dir` for its notes.
pub fn write(dir: &Path, backup: &str) -> PathBuf {
    write_with(dir, "", backup)
}

/// The same, with a line of shell before everything.
pub fn write_with(dir: &Path, first: &str, backup: &str) -> PathBuf {
    std::fs::create_dir_all(dir).unwrap();
    let path = dir.join("restic");
    let new = dir.join("restic.new");
    let mut file = std::fs::File::create(&new).unwrap();
    writeln!(file, "#!/bin/sh\ndir='{}'\n{first}", dir.display()).unwrap();
    writeln!(file, "echo \"$*\" >> \"$dir/argv\"\ncase \"$1\" in\nbackup)").unwrap();
    writeln!(file, "[ \"$2\" = --help ] && {{ echo '  --group-by group'; exit 0; }}\n{backup}{REST}")
        .unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    std::fs::rename(new, &path).unwrap();
    path
}

/// A stage whose restic is scripted, opened and quiet; its notes lie beside it.
pub async fn stage(backup: &str, tune: impl FnOnce(&mut Patience)) -> (Stage, PathBuf) {
    let mut stage = Stage::new(World::real(), Path::new("/nowhere/restic"), tune);
    let notes = stage.path("script");
    stage.use_restic(&write(&notes, backup));
    stage.run();
    stage.plan(&[Path::new("/home")]).await;
    stage.until("init is over", |jobs| jobs.iter().any(|job| job.state.is_over()).then_some(())).await;
    stage.quiet().await;
    (stage, notes)
}
