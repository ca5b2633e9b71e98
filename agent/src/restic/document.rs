//! The documents that restic prints as a whole: a config, a list of snapshots, statistics, the outcome of forget.

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::{
    id::{GroupName, UnixMs},
    job::{KeptSnapshot, RetentionResult},
    plan::Group,
    snapshot::{Lock, RepositoryNumbers, Snapshot},
};

/// What was printed is not what this command prints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("restic's {what} cannot be read: {problem}")]
pub struct DocumentError {
    what: &'static str,
    problem: String,
}

/// restic's own id of a repository, from `cat config`.
pub fn config_id(text: &[u8]) -> Result<String, DocumentError> {
    #[derive(Deserialize)]
    struct Config {
        id: String,
    }
    let config: Config = read("config", text)?;
    if is_hex(&config.id, 64) {
        Ok(config.id)
    } else {
        Err(DocumentError { what: "config", problem: "its id is not 64 hex digits".to_owned() })
    }
}

/// So much of a snapshot's paths is kept, and so much of its tags.
const SNAPSHOT_TEXT_BYTES: usize = 32 * 1024;
/// hostname(7) allows 64 on Linux, DNS 253.
const HOST_NAME_BYTES: usize = 256;

#[derive(Deserialize)]
struct Entry {
    time: jiff::Timestamp,
    id: String,
    #[serde(default)]
    hostname: String,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Since 0.17.
    #[serde(default)]
    summary: Option<EntrySummary>,
}

#[derive(Deserialize)]
struct EntrySummary {
    #[serde(default)]
    total_bytes_processed: Option<u64>,
    #[serde(default)]
    total_files_processed: Option<u64>,
    #[serde(default)]
    data_added_packed: Option<u64>,
    #[serde(default)]
    data_added: Option<u64>,
}

/// `snapshots --json`. `groups` are the plan's: a tag of one of them is the snapshot's group.
pub fn snapshots(text: &[u8], groups: &BTreeMap<GroupName, Group>) -> Result<Vec<Snapshot>, DocumentError> {
    let entries: Option<Vec<Entry>> = read("list of snapshots", text)?;
    entries.unwrap_or_default().into_iter().map(|entry| snapshot(entry, groups)).collect()
}

fn snapshot(entry: Entry, groups: &BTreeMap<GroupName, Group>) -> Result<Snapshot, DocumentError> {
    if !is_hex(&entry.id, 64) {
        let problem = "a snapshot's id is not 64 hex digits".to_owned();
        return Err(DocumentError { what: "list of snapshots", problem });
    }
    let tags = entry.tags.unwrap_or_default();
    let summary = entry.summary.as_ref();
    Ok(bounded(Snapshot {
        time: UnixMs::from(entry.time),
        hostname: entry.hostname,
        paths: entry.paths,
        group: groups.keys().find(|name| tags.iter().any(|tag| tag == name.as_str())).cloned(),
        tags,
        size_bytes: summary.and_then(|summary| summary.total_bytes_processed),
        files: summary.and_then(|summary| summary.total_files_processed),
        added_bytes: summary.and_then(|summary| summary.data_added_packed.or(summary.data_added)),
        doubt: None,
        id: entry.id,
    }))
}

/// A snapshot as it is kept: others may have made it of a hundred thousand paths, and it has to fit into a record.
pub fn bounded(mut snapshot: Snapshot) -> Snapshot {
    let fitting = |texts: &[String]| {
        let mut bytes = 0;
        let fits = |text: &&String| {
            bytes += text.len();
            bytes <= SNAPSHOT_TEXT_BYTES
        };
        texts.iter().take_while(fits).count()
    };
    snapshot.paths.truncate(fitting(&snapshot.paths));
    snapshot.tags.truncate(fitting(&snapshot.tags));
    snapshot.hostname.truncate(snapshot.hostname.floor_char_boundary(HOST_NAME_BYTES));
    snapshot
}

/// `cat lock`; `id` is what it was asked for by.
pub fn lock(id: &str, text: &[u8]) -> Result<Lock, DocumentError> {
    #[derive(Deserialize)]
    struct Held {
        time: jiff::Timestamp,
        #[serde(default)]
        exclusive: bool,
        #[serde(default)]
        hostname: String,
        #[serde(default)]
        username: String,
        #[serde(default)]
        pid: u32,
    }
    let mut held: Held = read("lock", text)?;
    held.hostname.truncate(held.hostname.floor_char_boundary(HOST_NAME_BYTES));
    held.username.truncate(held.username.floor_char_boundary(HOST_NAME_BYTES));
    let Held { time, exclusive, hostname, username, pid } = held;
    let since = UnixMs::from(time);
    Ok(Lock { id: id.to_owned(), hostname, username, pid, since, exclusive, dead: false, unread: false })
}

/// `list locks`: the ids, a line each; whatever else is said is none.
pub fn lock_ids(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    text.lines().map(str::trim).filter(|line| is_hex(line, 64)).map(str::to_owned).collect()
}

/// `stats --json --mode=raw-data`.
pub fn numbers(text: &[u8]) -> Result<RepositoryNumbers, DocumentError> {
    #[derive(Deserialize)]
    struct Stats {
        total_size: u64,
        #[serde(default)]
        total_uncompressed_size: Option<u64>,
        #[serde(default)]
        total_blob_count: Option<u64>,
        snapshots_count: u64,
    }
    let stats: Stats = read("statistics", text)?;
    Ok(RepositoryNumbers {
        stored_bytes: stats.total_size,
        uncompressed_bytes: stats.total_uncompressed_size,
        restore_bytes: None,
        snapshots: stats.snapshots_count,
        blobs: stats.total_blob_count,
    })
}

/// Who made each snapshot, by id, as `snapshots --json` tells: none of it is proven.
pub fn makers(text: &[u8]) -> Result<BTreeMap<String, Maker>, DocumentError> {
    #[derive(Deserialize)]
    struct Made {
        id: String,
        #[serde(default)]
        username: String,
        #[serde(default)]
        original: Option<String>,
    }
    let all: Option<Vec<Made>> = read("list of snapshots", text)?;
    let maker = |made: Made| {
        let mut user = made.username;
        user.truncate(user.floor_char_boundary(USER_NAME_BYTES));
        (made.id, Maker { user, original: made.original.filter(|id| is_hex(id, 64)) })
    };
    Ok(all.unwrap_or_default().into_iter().map(maker).collect())
}

/// useradd(8) allows 32.
const USER_NAME_BYTES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maker {
    pub user: String,
    /// The snapshot that this one took the place of, such as when a tag was added.
    pub original: Option<String>,
}

/// What `forget --dry-run --json` would keep, and why, and remove; newest first. Nothing at all when no snapshot
/// matches.
pub fn retention(text: &[u8]) -> Result<RetentionResult, DocumentError> {
    #[derive(Deserialize)]
    struct Series {
        #[serde(default)]
        keep: Option<Vec<Named>>,
        #[serde(default)]
        remove: Option<Vec<Named>>,
        /// One for each that is kept, in the same order; the snapshots in them have no id.
        #[serde(default)]
        reasons: Option<Vec<Why>>,
    }
    #[derive(Deserialize)]
    struct Named {
        id: String,
        time: jiff::Timestamp,
    }
    #[derive(Deserialize)]
    struct Why {
        #[serde(default)]
        matches: Option<Vec<String>>,
    }
    if text.trim_ascii().is_empty() {
        return Ok(RetentionResult::default());
    }
    let all: Option<Vec<Series>> = read("outcome of forget", text)?;
    let mut outcome = RetentionResult::default();
    let named = |named: Named, rules| KeptSnapshot { id: named.id, time: UnixMs::from(named.time), rules };
    for series in all.unwrap_or_default() {
        let mut reasons = series.reasons.unwrap_or_default().into_iter().map(|why| why.matches);
        for kept in series.keep.unwrap_or_default() {
            let rules = reasons.next().flatten().unwrap_or_default().into_iter().map(rule).collect();
            outcome.keep.push(named(kept, rules));
        }
        outcome.remove.extend(series.remove.unwrap_or_default().into_iter().map(|it| named(it, Vec::new())));
    }
    Ok(outcome)
}

/// restic's word for a rule; that a tag pins is said.
fn rule(matched: String) -> String {
    if matched.starts_with("has tags ") { format!("pinned: {matched}") } else { matched }
}

/// One line of `ls --json`: a file, if it is one.
pub fn file(line: &str) -> Option<ListedFile> {
    #[derive(Deserialize)]
    struct Node {
        #[serde(rename = "type", default)]
        kind: String,
        path: String,
        #[serde(default)]
        size: u64,
        mtime: jiff::Timestamp,
    }
    let node: Node = serde_json::from_str(line).ok()?;
    (node.kind == "file").then_some(ListedFile { path: node.path, size: node.size, mtime: node.mtime })
}

/// A file as it lies in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    pub path: String,
    pub size: u64,
    pub mtime: jiff::Timestamp,
}

fn read<'a, T: Deserialize<'a>>(what: &'static str, text: &'a [u8]) -> Result<T, DocumentError> {
    serde_json::from_slice(text).map_err(|error| DocumentError { what, problem: error.to_string() })
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "49a38ae1b2caa1840d10b17102d015b58ae1808215457d29ae62d6f28eccd630";

    fn groups() -> BTreeMap<GroupName, Group> {
        let group: Group = serde_json::from_str(r#"{"includes":["/x"]}"#).unwrap();
        BTreeMap::from([("t2".parse().unwrap(), group)])
    }

    #[test]
    fn snapshots_of_every_version_are_read() {
        let old = format!(
            r#"[{{"time":"2026-11-20T13:24:50.547980906Z","tree":"30a4","paths":["/x/src"],"hostname":"h1","username":"root","tags":["t1","t2"],"id":"{ID}","short_id":"49a38ae1"}}]"#
        );
        let read = snapshots(old.as_bytes(), &groups()).unwrap();
        assert_eq!(read[0].time, UnixMs(1_795_181_090_547));
        assert_eq!(read[0].group, Some("t2".parse().unwrap()));
        assert_eq!((read[0].size_bytes, read[0].files, read[0].added_bytes), (None, None, None));

        let new = format!(
            r#"[{{"time":"2026-11-20T14:19:50.32790807+01:00","paths":["/x/src"],"hostname":"h1","program_version":"restic 0.19.1","summary":{{"backup_start":"2026-11-20T13:19:50.32790807Z","files_new":8,"data_added":62958068,"data_added_packed":62924946,"total_files_processed":8,"total_bytes_processed":62956565}},"id":"{ID}"}}]"#
        );
        let read = snapshots(new.as_bytes(), &groups()).unwrap();
        assert_eq!(
            (read[0].size_bytes, read[0].files, read[0].added_bytes),
            (Some(62_956_565), Some(8), Some(62_924_946))
        );
        assert_eq!((read[0].time, &read[0].group), (UnixMs(1_795_180_790_327), &None));
        assert!(snapshots(b"[]", &groups()).unwrap().is_empty());
        assert!(snapshots(b"null", &groups()).unwrap().is_empty());
    }

    #[test]
    fn a_snapshot_of_very_many_paths_is_cut_to_what_a_record_holds() {
        let paths: Vec<String> = (0..100_000).map(|n| format!("/home/files/{n}")).collect();
        let long = "x".repeat(3_000_000);
        let text = serde_json::json!([
            { "time": "2026-11-20T13:24:50Z", "id": ID, "hostname": long, "paths": paths, "tags": [long] }
        ]);
        let read = snapshots(text.to_string().as_bytes(), &groups()).unwrap();
        assert!((1_000..10_000).contains(&read[0].paths.len()), "{}", read[0].paths.len());
        assert!(serde_json::to_vec(&read).unwrap().len() < 64 * 1024);
    }

    #[test]
    fn a_preview_tells_what_is_kept_why_and_what_would_go() {
        let at = "2026-11-20T13:24:50Z";
        let text = format!(
            r#"[{{"tags":null,"host":"h1","paths":null,"keep":[{{"id":"{ID}","time":"{at}"}},{{"id":"b","time":"{at}"}}],"remove":[{{"id":"c","time":"{at}"}}],"reasons":[{{"snapshot":{{}},"matches":["last snapshot","daily snapshot"],"counters":{{}}}},{{"matches":["has tags [pinned]"]}}]}},{{"keep":[{{"id":"d","time":"{at}"}}],"remove":null}}]"#
        );
        let told = retention(text.as_bytes()).unwrap();
        let said = |all: &[KeptSnapshot]| {
            all.iter().map(|it| format!("{} {}", &it.id[..1], it.rules.join("+"))).collect::<Vec<_>>()
        };
        assert_eq!(said(&told.keep), ["4 last snapshot+daily snapshot", "b pinned: has tags [pinned]", "d "]);
        assert_eq!(
            (said(&told.remove), told.remove[0].time),
            (vec!["c ".to_owned()], UnixMs(1_795_181_090_000))
        );
        assert_eq!(retention(b"\n").unwrap(), RetentionResult::default());
    }

    #[test]
    fn makers_and_files_are_read() {
        let text = format!(
            r#"[{{"time":"2026-11-20T13:24:50Z","username":"root","original":"{ID}","id":"a"}},{{"id":"b","original":"short"}}]"#
        );
        let told = makers(text.as_bytes()).unwrap();
        assert_eq!(told["a"], Maker { user: "root".to_owned(), original: Some(ID.to_owned()) });
        assert_eq!(told["b"], Maker::default());
        let line = r#"{"name":"n","type":"file","path":"/x/new\nline","size":5,"mode":420,"mtime":"2026-11-20T13:24:45.580848653Z","struct_type":"node"}"#;
        let found = file(line).unwrap();
        assert_eq!((found.path.as_str(), found.size), ("/x/new\nline", 5));
        assert_eq!(found.mtime.subsec_nanosecond(), 580_848_653);
        for other in
            [r#"{"type":"dir","path":"/x","mtime":"2026-11-20T13:24:45Z"}"#, r#"{"time":"x"}"#, "text"]
        {
            assert_eq!(file(other), None, "{other}");
        }
    }

    #[test]
    fn numbers_of_every_version_are_read() {
        let old =
            br#"{"total_size":62928285,"total_file_count":0,"total_blob_count":76,"snapshots_count":6}"#;
        let new = br#"{"total_size":62929171,"total_uncompressed_size":62979563,"compression_ratio":1.0008,"total_blob_count":81,"snapshots_count":8}"#;
        assert_eq!(numbers(old).unwrap().uncompressed_bytes, None);
        let new = numbers(new).unwrap();
        assert_eq!(
            (new.stored_bytes, new.uncompressed_bytes, new.snapshots),
            (62_929_171, Some(62_979_563), 8)
        );
    }

    #[test]
    fn locks_are_read() {
        let text = b"{\n  \"time\": \"2026-11-20T13:26:08.046719883Z\",\n  \"exclusive\": false,\n  \"hostname\": \"vm\",\n  \"username\": \"root\",\n  \"pid\": 13811\n}\n";
        let held = lock(ID, text).unwrap();
        assert_eq!(
            (held.hostname.as_str(), held.pid, held.exclusive, held.dead),
            ("vm", 13_811, false, false)
        );
        assert_eq!((held.id.as_str(), held.since), (ID, UnixMs(1_795_181_168_046)));
        assert!(lock(ID, b"oops").is_err());
        let listed = format!("repository 4348251c opened\n{ID}\n\n");
        assert_eq!(lock_ids(listed.as_bytes()), [ID]);
    }

    #[test]
    fn garbage_is_an_error_and_not_an_empty_answer() {
        for garbage in
            [&b"<html>"[..], b"", b"{}", b"[{\"id\":\"zz\",\"time\":\"2026-11-20T13:24:50Z\"}]", b"[1"]
        {
            assert!(snapshots(garbage, &groups()).is_err(), "{garbage:?}");
            assert!(numbers(garbage).is_err() && config_id(garbage).is_err(), "{garbage:?}");
        }
        assert!(config_id(br#"{"version":2,"id":"3d2a"}"#).is_err());
        assert!(retention(b"oops").is_err() && makers(b"oops").is_err());
    }
}
