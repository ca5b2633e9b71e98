//! What a job found, below its log: where numbers are not enough. Pure.

use std::fmt::Write as _;

use wire::job::{
    CheckResult, DrillResult, DryRunItem, DryRunResult, JobResult, RestoreResult, RetentionResult,
};

use crate::cli::table;

/// As many as a terminal shows at once.
const SHOWN: usize = 20;

pub fn text(result: Option<&JobResult>) -> String {
    match result {
        Some(JobResult::DryRun(found)) => dry_run(found),
        Some(JobResult::Check(found)) => check(found),
        Some(JobResult::Drill(found)) => drill(found),
        Some(JobResult::Retention(found)) => retention(found),
        Some(JobResult::Restore(found)) => restore(found),
        // `unlock` shows its own.
        Some(JobResult::Unlock(_)) | None => String::new(),
    }
}

fn dry_run(found: &DryRunResult) -> String {
    let rows = |items: &[DryRunItem]| -> Vec<Vec<String>> {
        let row =
            |item: &DryRunItem| vec![table::size(item.bytes), item.files.to_string(), item.path.clone()];
        items.iter().take(SHOWN).map(row).collect()
    };
    let mut text = table::columns(&["SIZE", "FILES", "INCLUDE"], &rows(&found.includes));
    if !found.largest.is_empty() {
        text.push_str(&table::columns(&["SIZE", "FILES", "LARGEST"], &rows(&found.largest)));
    }
    list(&mut text, "does not exist", &found.missing);
    list(&mut text, "cannot be read", &found.unreadable);
    text
}

fn check(found: &CheckResult) -> String {
    let mut text = match found.read_data_percent {
        0 => "Only the structure was looked at; no data was read.\n".to_owned(),
        percent => format!("{percent} % of the data were read.\n"),
    };
    list(&mut text, "wrong", &found.problems);
    text
}

fn drill(found: &DrillResult) -> String {
    let DrillResult { snapshot, files, compared_with_source, mismatches } = found;
    let snapshot = snapshot.get(..8).unwrap_or(snapshot);
    let mut text = format!(
        "{} of snapshot {snapshot}, {compared_with_source} of them compared with their source.\n",
        table::count(*files, "file")
    );
    let wrong: Vec<String> =
        mismatches.iter().map(|found| format!("{}: {}", found.path, found.what)).collect();
    list(&mut text, "wrong", &wrong);
    text
}

fn restore(found: &RestoreResult) -> String {
    let snapshot = found.snapshot.get(..8).unwrap_or(&found.snapshot);
    let would = if found.would.is_empty() { "" } else { "would be " };
    let mut text = if found.is_counted() {
        format!(
            "{} {would}restored from snapshot {snapshot} to {}, {}.\n",
            table::count(found.restored, "item"),
            found.target,
            table::size(found.restored_bytes)
        )
    } else {
        format!("Restored from snapshot {snapshot} to {}, not counted.\n", found.target)
    };
    if found.skipped > 0 {
        let _ = writeln!(text, "{} left as they were.", table::count(found.skipped, "item"));
    }
    if let Some(files) = found.verified {
        let _ = writeln!(text, "{} read again and found right.", table::count(files, "file"));
    }
    let would: Vec<String> =
        found.would.iter().map(|item| format!("{}: {}", item.action, item.path)).collect();
    list(&mut text, "would be", &would);
    let failed: Vec<String> = found.failed.iter().map(|one| format!("{}: {}", one.path, one.what)).collect();
    list(&mut text, "not restored", &failed);
    list(&mut text, "note", &found.warnings);
    text
}

fn retention(found: &RetentionResult) -> String {
    format!(
        "{} would stay, {} would go.\n",
        table::count(found.keep.len() as u64, "snapshot"),
        found.remove.len()
    )
}

fn list(text: &mut String, what: &str, items: &[String]) {
    for item in items.iter().take(SHOWN) {
        let _ = writeln!(text, "{what}: {item}");
    }
    if items.len() > SHOWN {
        let _ = writeln!(text, "… and {} more (--json)", items.len() - SHOWN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::job::{DrillMismatch, ItemChange, RestoreItem};

    #[test]
    fn what_was_found_is_shown_below_the_log() {
        let item = |path: &str, bytes| DryRunItem {
            path: path.to_owned(),
            change: ItemChange::New,
            files: 3,
            bytes,
        };
        let dry = DryRunResult {
            includes: vec![item("/etc", 5 << 20), item("/home", 7 << 30)],
            largest: vec![item("/home/a/film.mkv", 4 << 30)],
            missing: vec!["/srv/gone".to_owned()],
            unreadable: Vec::new(),
        };
        let check =
            CheckResult { read_data_percent: 5, problems: (0..22).map(|n| format!("pack {n}")).collect() };
        let drill = DrillResult {
            snapshot: "ab".repeat(32),
            files: 20,
            compared_with_source: 18,
            mismatches: vec![DrillMismatch {
                path: "/etc/hosts".to_owned(),
                what: "content differs".to_owned(),
            }],
        };
        let restore = RestoreResult {
            snapshot: "ab".repeat(32),
            target: "/srv/back".to_owned(),
            restored: 3,
            restored_bytes: 5 << 20,
            skipped: 2,
            failed: vec![DrillMismatch {
                path: "/etc/shadow".to_owned(),
                what: "no space left on device".to_owned(),
            }],
            failed_total: 1,
            verified: Some(2),
            warnings: vec!["Not in the snapshot: /etc/gone".to_owned()],
            ..RestoreResult::default()
        };
        let dry_restore = RestoreResult {
            would: vec![RestoreItem {
                path: "/etc/hosts".to_owned(),
                action: "updated".to_owned(),
                bytes: 9,
            }],
            restored: 1,
            ..RestoreResult { target: "/".to_owned(), ..RestoreResult::default() }
        };
        let broken_off = RestoreResult {
            target: "/srv/back".to_owned(),
            warnings: vec![RestoreResult::UNCOUNTED.to_owned()],
            ..RestoreResult::default()
        };
        let all = [
            JobResult::DryRun(dry),
            JobResult::Check(check),
            JobResult::Drill(drill),
            JobResult::Restore(restore),
            JobResult::Restore(dry_restore),
            JobResult::Restore(broken_off),
        ];
        insta::assert_snapshot!(all.iter().map(|one| text(Some(one))).collect::<Vec<_>>().join("---\n"));
    }
}
