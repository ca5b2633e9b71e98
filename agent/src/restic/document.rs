//! The documents that restic prints as a whole: a config, a list of snapshots, statistics, the outcome of forget.

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::{
    id::{GroupName, UnixMs},
    plan::Group,
    snapshot::{RepositoryNumbers, Snapshot},
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

/// What `forget` says it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    pub kept: u64,
    pub removed: Vec<String>,
}

/// `forget --json`; nothing at all when no snapshot matches.
pub fn forgotten(text: &[u8]) -> Result<Forgotten, DocumentError> {
    #[derive(Deserialize)]
    struct Series {
        #[serde(default)]
        keep: Option<Vec<Named>>,
        #[serde(default)]
        remove: Option<Vec<Named>>,
    }
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    if text.trim_ascii().is_empty() {
        return Ok(Forgotten::default());
    }
    let all: Option<Vec<Series>> = read("outcome of forget", text)?;
    let mut outcome = Forgotten::default();
    for series in all.unwrap_or_default() {
        outcome.kept += u64::try_from(series.keep.unwrap_or_default().len()).unwrap_or(u64::MAX);
        outcome.removed.extend(series.remove.unwrap_or_default().into_iter().map(|named| named.id));
    }
    Ok(outcome)
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
    fn forget_tells_what_it_kept_and_removed() {
        let text = format!(
            r#"[{{"tags":null,"host":"h1","paths":null,"keep":[{{"id":"{ID}"}},{{"id":"b"}}],"remove":[{{"id":"c"}}]}},{{"keep":[{{"id":"d"}}],"remove":null}}]"#
        );
        assert_eq!(forgotten(text.as_bytes()).unwrap(), Forgotten { kept: 3, removed: vec!["c".to_owned()] });
        assert_eq!(forgotten(b"\n").unwrap(), Forgotten::default());
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
    fn garbage_is_an_error_and_not_an_empty_answer() {
        for garbage in
            [&b"<html>"[..], b"", b"{}", b"[{\"id\":\"zz\",\"time\":\"2026-11-20T13:24:50Z\"}]", b"[1"]
        {
            assert!(snapshots(garbage, &groups()).is_err(), "{garbage:?}");
            assert!(numbers(garbage).is_err() && config_id(garbage).is_err(), "{garbage:?}");
        }
        assert!(config_id(br#"{"version":2,"id":"3d2a"}"#).is_err());
        assert!(forgotten(b"oops").is_err());
    }
}
