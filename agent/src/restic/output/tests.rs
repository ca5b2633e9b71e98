//! Lines that restic 0.14.0, 0.18.0 and 0.19.1 really printed.

use super::*;

fn transcript(lines: &[(LogStream, &str)]) -> Transcript {
    let mut said = Transcript::default();
    for (stream, text) in lines {
        let text = clean(text);
        said.take(*stream, text, &read(text));
    }
    said
}

#[test]
fn a_status_line_is_progress() {
    let line = r#"{"message_type":"status","seconds_elapsed":5,"seconds_remaining":1,"percent_done":0.7912492431193765,"total_files":9,"files_done":8,"total_bytes":167807176,"bytes_done":132777301}"#;
    let Line::Status(status) = read(line) else { panic!("a status") };
    let progress = status.progress(1_000);
    assert_eq!((progress.files_done, progress.files_total, progress.remaining_s), (8, 9, Some(1)));
    assert_eq!((progress.bytes_done, progress.bytes_total), (132_777_301, 167_807_176));
    // Fields that are zero are left out.
    let Line::Status(first) = read(r#"{"message_type":"status","percent_done":0,"files_done":1}"#) else {
        panic!("a status")
    };
    assert_eq!(first, Status { files_done: 1, ..Status::default() });
    let Line::Status(odd) = read(r#"{"message_type":"status","percent_done":7}"#) else { panic!("a status") };
    assert!((odd.progress(0).fraction - 1.0).abs() < f64::EPSILON);
}

#[test]
fn verbose_news_is_for_the_log() {
    let line = r#"{"message_type":"status","action":"scan_finished","item":"","duration":0.203346647,"total_files":8}"#;
    assert_eq!(read(line), Line::Text);
    assert_eq!(read(r#"{"message_type":"verbose_status","action":"scan_finished","item":""}"#), Line::Text);
}

#[test]
fn summaries_of_all_versions_are_read() {
    let old = r#"{"message_type":"summary","files_new":8,"files_changed":0,"files_unmodified":0,"dirs_new":7,"data_added":62958015,"total_files_processed":8,"total_bytes_processed":62956565,"total_duration":0.866871338,"snapshot_id":"49a38ae1"}"#;
    let new = r#"{"message_type":"summary","files_new":6,"data_added":2118,"data_added_packed":1743,"total_files_processed":6,"total_bytes_processed":35013,"total_duration":0.800428922,"backup_start":"2026-11-20T13:19:55.752433512Z","backup_end":"2026-11-20T13:19:56.552862433Z","snapshot_id":"4348251c20d51d619ef77a6d7c86484b5779a5859a5718e584311a24c4bbacf5"}"#;
    let (Line::Summary(old), Line::Summary(new)) = (read(old), read(new)) else { panic!("summaries") };
    assert_eq!(
        (old.snapshot_id.as_deref(), old.data_added_packed, old.backup_start),
        (Some("49a38ae1"), None, None)
    );
    assert_eq!((new.files_new, new.data_added, new.data_added_packed), (6, 2118, Some(1743)));
    assert!(new.backup_start.is_some());
}

#[test]
fn unreadable_items_are_named_once_and_scanning_is_not_archiving() {
    let old = transcript(&[
        (
            LogStream::Stderr,
            r#"{"message_type":"error","error":{},"during":"scan","item":"/x/usrc/secretdir"}"#,
        ),
        (
            LogStream::Stderr,
            r#"{"message_type":"error","error":{"Op":"open","Path":"/x/usrc/secret.txt","Err":13},"during":"archival","item":"/x/usrc/secret.txt"}"#,
        ),
        (
            LogStream::Stderr,
            r#"{"message_type":"error","error":{},"during":"archival","item":"/x/usrc/secretdir"}"#,
        ),
        (
            LogStream::Stderr,
            r#"{"message_type":"error","error":{},"during":"archival","item":"/x/usrc/secretdir"}"#,
        ),
        (LogStream::Stderr, "Warning: at least one source file could not be read"),
    ]);
    assert_eq!(old.unreadable, ["/x/usrc/secret.txt", "/x/usrc/secretdir"]);
    let new = r#"{"message_type":"error","error":{"message":"open /x/usrc/secret.txt: permission denied"},"during":"archival","item":"/x/usrc/secret.txt"}"#;
    let Line::Item { message, .. } = read(new) else { panic!("an item") };
    assert_eq!(message, "open /x/usrc/secret.txt: permission denied");
}

#[test]
fn more_than_a_hundred_items_are_counted() {
    let mut said = Transcript::default();
    for n in 0..NAMED_ITEMS + 7 {
        let item =
            Line::Item { item: format!("/{n}"), during: "archival".to_owned(), message: String::new() };
        said.take(LogStream::Stderr, "", &item);
    }
    assert_eq!((said.unreadable.len(), said.unreadable_more), (NAMED_ITEMS, 7));
}

#[test]
fn the_last_word_is_the_complaint() {
    let new = transcript(&[
        (LogStream::Stderr, "\u{1b}[2KSave(<data/b7cdd4a558>) failed: write /x: no space left on device"),
        (
            LogStream::Stderr,
            r#"{"message_type":"exit_error","code":1,"message":"Fatal: unable to save snapshot: no space"}"#,
        ),
    ]);
    assert_eq!(new.exit_error, Some((1, "Fatal: unable to save snapshot: no space".to_owned())));
    assert_eq!(new.complaint(), "Fatal: unable to save snapshot: no space");
    assert_eq!(new.tail, ["Save(<data/b7cdd4a558>) failed: write /x: no space left on device"]);
    let old = transcript(&[
        (
            LogStream::Stderr,
            "Save(<data/x>) returned error, retrying after 552.330144ms: client.Post: dial tcp",
        ),
        (
            LogStream::Stderr,
            "Fatal: unable to open config file: stat /x/norepo/config: no such file or directory",
        ),
        (LogStream::Stderr, "Is there a repository at the following location?"),
        (LogStream::Stderr, "/x/norepo"),
    ]);
    assert!(old.complaint().starts_with("Fatal: unable to open config file"));
}

#[test]
fn a_missing_path_and_a_repository_are_told() {
    assert_eq!(
        read("/x/src/nope does not exist, skipping"),
        Line::Missing { path: "/x/src/nope".to_owned() }
    );
    let made = r#"{"message_type":"initialized","id":"ebbf6e7a","repository":"/x/nobody/repo"}"#;
    assert_eq!(read(made), Line::Initialized { id: "ebbf6e7a".to_owned() });
}

#[test]
fn anything_else_is_text() {
    for line in
        ["", "{", "{}", "[1]", "{\"message_type\":7}", "{\"message_type\":\"news\"}", "hello", "\u{fffd}"]
    {
        assert_eq!(read(clean(line)), Line::Text, "{line}");
    }
    assert_eq!(clean("\u{1b}[2K\r\u{1b}[2Ksignal\r\n"), "signal");
}

mod any_line {
    use super::super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_understood_without_panic(line in "\\PC*") {
            let text = clean(&line);
            let mut said = Transcript::default();
            said.take(LogStream::Stderr, text, &read(text));
            prop_assert!(said.complaint().len() <= text.len());
        }

        #[test]
        fn of_json_is_understood_without_panic(kind in "status|summary|error|exit_error|initialized", value in any::<i64>(), text in "\\PC*") {
            for field in ["percent_done", "files_new", "error", "code", "id", "item", "snapshot_id"] {
                let with_number = serde_json::json!({ "message_type": kind, field: value }).to_string();
                let with_text = serde_json::json!({ "message_type": kind, field: text }).to_string();
                for line in [with_number, with_text] {
                    Transcript::default().take(LogStream::Stdout, &line, &read(&line));
                }
            }
        }
    }
}

#[test]
fn a_dry_run_names_what_it_meets() {
    let entry =
        |path: &str, change, new_bytes| Line::Entry(Entry { path: path.to_owned(), change, new_bytes });
    let said = |action: &str, item: &str, size: u64| {
        read(&format!(
            r#"{{"message_type":"verbose_status","action":"{action}","item":"{item}","duration":0.02,"data_size":{size},"data_size_in_repo":85,"metadata_size":0,"metadata_size_in_repo":0,"total_files":0}}"#
        ))
    };
    assert_eq!(said("new", r"/x/bad\ufffd\ufffd", 3), entry("/x/bad\u{fffd}\u{fffd}", ItemChange::New, 3));
    assert_eq!(said("modified", r"/x/new\nline", 2), entry("/x/new\nline", ItemChange::Changed, 2));
    assert_eq!(said("unchanged", r#"/x/quo\"te"#, 0), entry("/x/quo\"te", ItemChange::Unmodified, 0));
    assert_eq!(said("scan_finished", "", 17), Line::Text);
    // 0.14 says `status` here.
    let old = r#"{"message_type":"status","action":"scan_finished","item":"","duration":0.2,"data_size":22,"total_files":5}"#;
    assert_eq!(read(old), Line::Text);
}

#[test]
fn a_missing_path_with_a_line_break_is_named_whole() {
    let mut said = Transcript::default();
    for text in ["/x/new", "line does not exist, skipping", "/x/gone does not exist, skipping"] {
        said.take(LogStream::Stderr, text, &read(text));
    }
    let wanted = ["/x/there", "/x/new\nline", "/x/gone"].map(str::to_owned);
    said.name_missing(&wanted);
    assert_eq!(said.missing, ["/x/new\nline", "/x/gone"]);
}

#[test]
fn a_stack_trace_does_not_push_its_reason_out() {
    let mut said = Transcript::default();
    let mut hear = |line: &str| said.take(LogStream::Stderr, line, &read(line));
    hear("blob not removed, server response: 403 Forbidden (403)");
    for n in 0..30 {
        hear(&format!("github.com/restic/restic/internal/backend.Remove{n}"));
        hear("\tgithub.com/restic/restic/internal/backend/rest/rest.go:399");
    }
    hear("main.deleteFiles.func2");
    hear("golang.org/x/sync/errgroup.(*Group).Go.func1");
    assert_eq!(said.complaint(), "blob not removed, server response: 403 Forbidden (403)");
}
