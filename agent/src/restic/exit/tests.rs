//! Ends that restic 0.14.0, 0.18.0 and 0.19.1 really had, and some that only a broken one has.

use super::*;
use crate::restic::output::{clean, read};
use wire::job::LogStream;

const NOW: UnixMs = UnixMs(1_800_000_000_000);

fn said(lines: &[&str]) -> Transcript {
    let mut said = Transcript::default();
    for line in lines {
        let text = clean(line);
        let stream = if text.contains("\"summary\"") { LogStream::Stdout } else { LogStream::Stderr };
        said.take(stream, text, &read(text));
    }
    said
}

fn exit_error(code: i32, message: &str) -> String {
    serde_json::json!({ "message_type": "exit_error", "code": code, "message": message }).to_string()
}

const SAVED: &str = r#"{"message_type":"summary","files_new":8,"snapshot_id":"49a38ae1"}"#;
const UNREADABLE: &str = r#"{"message_type":"error","error":{},"during":"archival","item":"/x/secret.txt"}"#;
const SKIPPED: &str = "/x/src/nope does not exist, skipping";

#[test]
fn a_backup_is_what_code_summary_and_errors_agree_on() {
    let (ok, unreadable) = (Exit::Code(0), Exit::Code(3));
    assert_eq!(backup(ok, &said(&[SAVED]), NOW), Verdict::SUCCESS);

    let incomplete = backup(unreadable, &said(&[UNREADABLE, SAVED]), NOW);
    assert_eq!(incomplete.state, JobState::Incomplete);
    let items = vec!["/x/secret.txt".to_owned()];
    assert_eq!(incomplete.reason, Some(Reason::UnreadableItems { items, more: 0 }));

    // 0.14 and 0.18 end with 0, 0.19 with 3.
    let paths = vec!["/x/src/nope".to_owned()];
    for exit in [ok, unreadable] {
        let missing = backup(exit, &said(&[SKIPPED, SAVED]), NOW);
        assert_eq!(missing.state, JobState::Incomplete);
        assert_eq!(missing.reason, Some(Reason::MissingPaths { paths: paths.clone() }));
    }
    let both = backup(unreadable, &said(&[SKIPPED, UNREADABLE, SAVED]), NOW).reason;
    let items = vec!["/x/secret.txt".to_owned(), "/x/src/nope".to_owned()];
    assert_eq!(both, Some(Reason::UnreadableItems { items, more: 0 }));

    // Success that names unreadable items is not success.
    assert_eq!(backup(ok, &said(&[UNREADABLE, SAVED]), NOW).state, JobState::Incomplete);
    // Incomplete, but nobody says why.
    assert!(matches!(
        backup(unreadable, &said(&[SAVED]), NOW).reason,
        Some(Reason::Restic { exit: Some(3), .. })
    ));
}

#[test]
fn claims_that_do_not_fit_are_contradictions() {
    let contradicts = |exit, lines: &[&str]| {
        let verdict = backup(exit, &said(lines), NOW);
        assert_eq!(verdict.state, JobState::Failed, "{lines:?}");
        matches!(verdict.reason, Some(Reason::Contradiction { .. }))
    };
    assert!(contradicts(Exit::Code(0), &[]));
    assert!(contradicts(Exit::Code(0), &["garbage", r#"{"message_type":"summary","files_new":8}"#]));
    assert!(contradicts(Exit::Code(0), &[r#"{"message_type":"summary","snapshot_id":""}"#]));
    assert!(contradicts(Exit::Code(1), &[SAVED]));
    assert!(contradicts(Exit::Signal(9), &[SAVED]));
    assert!(!contradicts(Exit::Code(1), &[]));
    // A known reason says more than that they disagree.
    let full = exit_error(1, "Fatal: write /x: no space left on device");
    assert!(!contradicts(Exit::Code(1), &[SAVED, &full]));
}

#[test]
fn every_version_says_its_reasons_in_its_own_way() {
    let missing_old = [
        "Fatal: unable to open config file: stat /x/norepo/config: no such file or directory",
        "Is there a repository at the following location?",
        "/x/norepo",
    ];
    let missing_rest = ["Fatal: unable to open config file: <config/> does not exist"];
    assert_eq!(failure(Exit::Code(1), &said(&missing_old), NOW), Reason::RepositoryMissing);
    assert_eq!(failure(Exit::Code(1), &said(&missing_rest), NOW), Reason::RepositoryMissing);
    assert_eq!(failure(Exit::Code(10), &said(&[]), NOW), Reason::RepositoryMissing);

    let wrong = "Fatal: wrong password or no key found";
    assert_eq!(failure(Exit::Code(1), &said(&[wrong]), NOW), Reason::WrongPassword);
    assert_eq!(failure(Exit::Code(12), &said(&[&exit_error(12, wrong)]), NOW), Reason::WrongPassword);

    for text in ["all target directories/files do not exist", "all source directories/files do not exist"] {
        let reason = failure(Exit::Code(1), &said(&[SKIPPED, &format!("Fatal: {text}")]), NOW);
        assert_eq!(reason, Reason::NothingToBackUp { paths: vec!["/x/src/nope".to_owned()] });
    }
    let full = "Fatal: unable to save snapshot: write /x: no space left on device";
    assert!(matches!(failure(Exit::Code(1), &said(&[full]), NOW), Reason::NoSpace { .. }));
    let quota = exit_error(
        1,
        "Fatal: unable to save snapshot: unexpected HTTP response (507): 507 Insufficient Storage",
    );
    assert!(matches!(failure(Exit::Code(1), &said(&[&quota]), NOW), Reason::NoSpace { .. }));
    let login = "Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized";
    assert!(matches!(failure(Exit::Code(1), &said(&[login]), NOW), Reason::Forbidden { .. }));
    let refused = "Fatal: unable to open config file: client.Head: Head \"http://127.0.0.1:1/x/config\": dial tcp 127.0.0.1:1: connect: connection refused";
    let reason = failure(Exit::Code(1), &said(&[refused]), NOW);
    assert!(matches!(reason, Reason::Unreachable { address, .. } if address == "127.0.0.1:1"));
}

#[test]
fn a_lock_is_told_with_owner_and_age() {
    let words = "unable to create lock in backend: repository is already locked by PID 11533 on otherhost by root (UID 0, GID 0)\nlock was created at 2026-11-20 13:24:12 (1h2m3.5s ago)\nstorage ID 6a9d60d6\nthe `unlock` command can be used to remove stale locks";
    let expected = Reason::Locked {
        owner: Some("otherhost".to_owned()),
        pid: Some(11533),
        since: Some(UnixMs(NOW.0 - 3_723_500)),
    };
    assert_eq!(failure(Exit::Code(11), &said(&[&exit_error(11, words)]), NOW), expected);
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(failure(Exit::Code(1), &said(&lines), NOW), expected);
    let exclusively = words.replace("locked by", "locked exclusively by").replace("1h2m3.5s", "839.677131ms");
    let reason = failure(Exit::Code(11), &said(&[&exit_error(11, &exclusively)]), NOW);
    assert!(
        matches!(reason, Reason::Locked { pid: Some(11533), since: Some(since), .. } if since.0 == NOW.0 - 839)
    );
    let bare = Reason::Locked { owner: None, pid: None, since: None };
    assert_eq!(failure(Exit::Code(11), &said(&[]), NOW), bare);
}

#[test]
fn a_file_whose_name_lies_is_not_a_reason() {
    let lies = [
        r#"{"message_type":"error","error":{"message":"open /wrong password or no key found"},"during":"archival","item":"/repository is already locked"}"#,
        "/connection refused does not exist, skipping",
        SAVED,
    ];
    let verdict = backup(Exit::Code(3), &said(&lies), NOW);
    assert!(matches!(verdict.reason, Some(Reason::UnreadableItems { .. })), "{verdict:?}");
    assert!(matches!(failure(Exit::Code(1), &said(&lies), NOW), Reason::Restic { .. }));
}

#[test]
fn the_unknown_is_a_failure() {
    for exit in
        [Exit::Code(1), Exit::Code(2), Exit::Code(130), Exit::Code(137), Exit::Signal(9), Exit::Signal(15)]
    {
        for verdict in
            [backup(exit, &said(&[]), NOW), forget(exit, &said(&[]), NOW), other(exit, &said(&[]), NOW)]
        {
            assert_eq!(verdict.state, JobState::Failed, "{exit:?}");
            assert!(matches!(verdict.reason, Some(Reason::Restic { exit: code, .. }) if code == exit.code()));
        }
    }
}

#[test]
fn forget_that_removed_nothing_is_not_believed() {
    let old = [
        "Remove(<snapshot/b65a800356>) returned error, retrying after 552.330144ms: blob not removed, server response: 403 Forbidden (403)",
        "blob not removed, server response: 403 Forbidden (403)",
    ];
    assert!(matches!(forget(Exit::Code(1), &said(&old), NOW).reason, Some(Reason::Forbidden { .. })));
    let new = [
        "Remove(<snapshot/5c3ba2f8d8>) failed: unexpected HTTP response (403): 403 Forbidden",
        "unable to remove snapshot/5c3ba2f8d891b5f18ff9ea82af6a64b1821220d5fb05fdbff5c7ae7448ff0f67 from the repository",
    ];
    // 0.18 ends with 0, 0.19 with 3.
    for exit in [Exit::Code(0), Exit::Code(3)] {
        let verdict = forget(exit, &said(&new), NOW);
        assert_eq!(verdict.state, JobState::Failed);
        assert!(
            matches!(verdict.reason, Some(Reason::Forbidden { message }) if message.starts_with("1 snapshots"))
        );
    }
    assert_eq!(forget(Exit::Code(0), &said(&[]), NOW), Verdict::SUCCESS);
}

#[test]
fn an_existing_repository_is_recognised_in_all_spellings() {
    for text in [
        "Fatal: create repository at /x/repo failed: config file already exists",
        "Fatal: create repository at rest:http://agent1:***@127.0.0.1:8131/ failed: Fatal: config file already exists",
        "Fatal: create repository at /x/repo failed: Fatal: unable to open repository at /x/repo: config file already exists\n",
    ] {
        assert!(
            is_already_initialised(&said(&[text])) && is_already_initialised(&said(&[&exit_error(1, text)]))
        );
    }
    assert!(!is_already_initialised(&said(&["Fatal: wrong password or no key found"])));
}

#[test]
fn durations_are_read_as_go_prints_them() {
    for (text, ms) in [
        ("3.119478796s", 3119),
        ("839.677131ms", 839),
        ("1h0m0s", 3_600_000),
        ("2m0.5s", 120_500),
        ("12µs", 0),
    ] {
        assert_eq!(go_duration(text).map(|d| d.as_millis()), Some(ms), "{text}");
    }
    for bad in ["s", "1", "1x", "-1s", "1h2"] {
        assert_eq!(go_duration(bad), None, "{bad}");
    }
}
