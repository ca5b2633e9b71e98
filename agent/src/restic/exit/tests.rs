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

#[test]
fn a_certificate_that_is_not_to_be_trusted_is_no_missing_server() {
    for why in [
        "x509: certificate has expired or is not yet valid: current time 2026-11-20T13:24:12Z is after 2026-01-01T00:00:00Z",
        "x509: certificate signed by unknown authority",
        "x509: certificate is valid for backup.example.org, not 127.0.0.1",
        "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    ] {
        let line = format!(
            "Fatal: unable to open config file: Head \"https://127.0.0.1:8131/config\": tls: failed to verify certificate: {why}"
        );
        let reason = failure(Exit::Code(1), &said(&[&line]), NOW);
        assert!(matches!(&reason, Reason::Certificate { message } if message.contains(why)), "{reason:?}");
        let retry = format!(
            "Stat(<config/>) returned error, retrying after 1s: tls: failed to verify certificate: {why}"
        );
        assert!(is_hopeless(&retry));
        let reason = stalled(Exit::Signal(15), &said(&[&retry]), "stopped".to_owned());
        assert!(matches!(reason, Reason::Certificate { .. }), "{reason:?}");
    }
    assert!(!is_hopeless("Stat(<config/>) returned error, retrying after 1s: dial tcp: connection refused"));
    let named = "unchanged /srv/Save(<x>) returned error, retrying after 1s: permission denied";
    assert!(!is_hopeless(named), "a file may be called so");
}

#[test]
fn a_prune_that_may_not_remove_is_an_append_only_repository() {
    let old = [
        "Remove(<index/039ca10125>) returned error, retrying after 552.330144ms: blob not removed, server response: 403 Forbidden (403)",
        "Fatal: blob not removed, server response: 403 Forbidden (403)",
    ];
    let new = [
        "Remove(<index/c3b249723b>) failed: unexpected HTTP response (403): 403 Forbidden",
        "Fatal: unexpected HTTP response (403): 403 Forbidden",
    ];
    for lines in [old, new] {
        for code in [0, 1, 3] {
            assert_eq!(prune(Exit::Code(code), &said(&lines), NOW), Verdict::failed(Reason::AppendOnly));
        }
    }
    assert_eq!(
        prune(Exit::Code(0), &said(&["Remove(<lock/c3b249723b>) failed: 403 Forbidden"]), NOW),
        Verdict::SUCCESS
    );
    let lie = prune(Exit::Code(0), &said(&["Remove(<data/c3b2>) failed: i/o error"]), NOW);
    assert!(matches!(lie.reason, Some(Reason::Contradiction { .. })), "{lie:?}");
    let broken = prune(Exit::Code(1), &said(&["Fatal: packs from index missing in repo"]), NOW);
    assert!(matches!(broken.reason, Some(Reason::Restic { exit: Some(1), .. })), "{broken:?}");
    assert_eq!(prune(Exit::Code(0), &said(&[]), NOW), Verdict::SUCCESS);
}

#[test]
fn a_check_tells_damage_from_what_kept_it_from_looking() {
    let end = "Fatal: repository contains errors";
    let damaged = [
        "Pack ID does not match, want a736436d, got 1fedf7a4",
        "pack a736436d: unexpected file size: got 1000, expected 17295356",
        "pack a736436d: does not exist",
        "error: load <snapshot/6822ab482d>: invalid data returned",
        "pack 41954894 contains 2 errors: [blob 1a74f19d: decrypting blob <data/1a74f19d> from 41954894 failed: ciphertext verification failed unexpected pack id fa60844a]",
    ];
    for first in damaged {
        let verdict = check(Exit::Code(1), &said(&[first, "", "restic repair snapshots --forget", end]), NOW);
        assert_eq!(verdict, Verdict::failed(Reason::Damaged { problems: 1, first: first.to_owned() }));
    }
    for transit in [
        "error: load <data/6822ab482d>: unexpected HTTP response (503): 503 Service Unavailable",
        "pack a736436d contains 1 errors: [partial download error: 502 Bad Gateway]",
        "error for tree 71c50de7: context deadline exceeded",
        "error: Get \"https://s3.example/b\": EOF",
    ] {
        let verdict = check(Exit::Code(1), &said(&[transit, end]), NOW);
        assert!(
            matches!(&verdict.reason, Some(Reason::Restic { message, .. }) if message.contains(transit)),
            "{verdict:?}"
        );
        let both = check(Exit::Code(1), &said(&[transit, damaged[1], end]), NOW);
        assert!(matches!(both.reason, Some(Reason::Damaged { problems: 2, .. })), "{both:?}");
    }
    let away =
        check(Exit::Code(1), &said(&["error: dial tcp 10.0.0.1:80: connect: connection refused", end]), NOW);
    assert!(matches!(away.reason, Some(Reason::Unreachable { .. })), "{away:?}");
    let locked = [
        "unable to create lock in backend: repository is already locked by PID 13959 on vm by root (UID 0, GID 0)",
        "lock was created at 2026-11-20 13:26:14 (1.919860066s ago)",
        "storage ID a2666493",
    ];
    for code in [1, 11] {
        let verdict = check(Exit::Code(code), &said(&locked), NOW);
        assert!(matches!(verdict.reason, Some(Reason::Locked { pid: Some(13959), .. })), "{verdict:?}");
    }
    assert_eq!(
        check(Exit::Code(0), &said(&["unable to open cache: mkdir /x: permission denied"]), NOW),
        Verdict::SUCCESS
    );
    assert_eq!(check(Exit::Code(0), &said(&[]), NOW), Verdict::SUCCESS);
}

#[test]
fn what_ssh_and_rclone_say_before_restic_gives_up_is_the_reason() {
    let sftp = exit_error(
        1,
        "Fatal: unable to open repository at sftp://u@h//r: unable to start the sftp session, error: unexpected EOF",
    );
    let reason = |line: &str| failure(Exit::Code(1), &said(&[line, &sftp]), NOW);
    assert!(matches!(
        reason("subprocess ssh: Host key verification failed."),
        Reason::Certificate { message } if message.contains("host key")
    ));
    let denied = "u@h: Permission denied (publickey,keyboard-interactive).".to_owned();
    assert_eq!(reason(&format!("subprocess ssh: {denied}")), Reason::Forbidden { message: denied });
    let refused = "ssh: connect to host 127.0.0.1 port 1: Connection refused".to_owned();
    let unreachable = Reason::Unreachable { address: "127.0.0.1".to_owned(), message: refused.clone() };
    assert_eq!(reason(&format!("subprocess ssh: {refused}")), unreachable);
    let unknown = "ssh: Could not resolve hostname nowhere.invalid: Name or service not known".to_owned();
    let unreachable = Reason::Unreachable { address: "nowhere.invalid".to_owned(), message: unknown.clone() };
    assert_eq!(reason(&format!("subprocess ssh: {unknown}")), unreachable);

    let unsaid = failure(Exit::Code(1), &said(&[&sftp]), NOW);
    assert!(
        matches!(&unsaid, Reason::Unreachable { address, message } if address == "h" && message.contains("by hand")),
        "{unsaid:?}"
    );

    let rclone = exit_error(
        1,
        "Fatal: unable to open repository at rclone:x:/r: error talking HTTP to rclone: exit status 1",
    );
    let line = "rclone: 2026/11/20 19:19:35 Failed to create file system for \"x:/r\": didn't find section in config file";
    let message = line.to_owned();
    assert_eq!(
        failure(Exit::Code(1), &said(&[line, &rclone]), NOW),
        Reason::Restic { exit: Some(1), message }
    );
}

#[test]
fn a_bucket_that_is_not_there_and_keys_that_are_wrong_are_not_asked_for_a_quarter_of_an_hour() {
    let retry = |why: &str| format!("Stat(<config/>) returned error, retrying after 1.3s: Stat: {why}");
    let stopped = |why: &str| {
        let line = retry(why);
        assert!(is_hopeless(&line), "{why}");
        stalled(
            Exit::Code(130),
            &said(&[&line, "signal terminated received, cleaning up"]),
            "stopped".to_owned(),
        )
    };
    assert_eq!(stopped("The specified bucket does not exist"), Reason::RepositoryMissing);
    for why in [
        "Access Denied.",
        "The AWS Access Key Id you provided does not exist in our records.",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    ] {
        assert!(matches!(stopped(why), Reason::Forbidden { .. }), "{why}");
    }
}

#[test]
fn a_restore_tells_damage_from_what_kept_it_from_restoring() {
    let item = |message: &str| {
        let error = serde_json::json!({ "message": message });
        let line = serde_json::json!({ "message_type": "error", "error": error, "during": "restore", "item": "/x/big" });
        line.to_string()
    };
    let end = exit_error(1, "Fatal: There were 3 errors");
    let ended = |exit, lines: &[&str]| restore(exit, &said(lines), NOW);
    for damage in [
        item("decrypting blob <data/a5b20672> from pack 1b413005 failed: ciphertext verification failed"),
        item("ReadFull(<data/1b413005e6>): open /r/data/1b/1b41: no such file or directory"),
        "Load(<data/1b413005e6>, 57, 0) failed: <data/1b413005e6> does not exist".to_owned(),
        "ignoring error for /x/big: ciphertext verification failed".to_owned(),
    ] {
        assert!(matches!(ended(Exit::Code(1), &[&damage, &end]), Ok(Some(_))), "{damage}");
    }
    for other in [
        item("ReadFull(<data/1b413005e6>): unexpected HTTP response (502): 502 Bad Gateway"),
        item("open /scratch/x/big: no such file or directory"),
        "ignoring error for /x/ciphertext verification failed: context deadline exceeded".to_owned(),
        item("unexpected EOF"),
    ] {
        let told = ended(Exit::Code(1), &[&other, &end]);
        assert!(matches!(told, Err(Reason::Restic { exit: Some(1), .. })), "{other}: {told:?}");
    }
    let full = item("write /x/small/o/x/big: no space left on device");
    assert!(matches!(ended(Exit::Code(1), &[&full, &end]), Err(Reason::NoSpace { .. })));
    let away = item("ReadFull(<data/1b413005e6>): dial tcp 10.0.0.1:80: connect: connection refused");
    assert!(matches!(ended(Exit::Code(1), &[&away, &end]), Err(Reason::Unreachable { .. })));
    let killed = ended(Exit::Signal(9), &["Load(<data/1b413005e6>, 57, 0) failed: <data/1b> does not exist"]);
    assert!(matches!(killed, Err(Reason::Restic { exit: None, .. })), "{killed:?}");
    assert_eq!(ended(Exit::Code(0), &["ignoring error for /x: lchown: operation not permitted"]), Ok(None));
}
