//! What a job found, below its log: where numbers are not enough. Pure.

use std::fmt::Write as _;

use wire::job::{CheckResult, DrillResult, DryRunItem, DryRunResult, JobResult, RetentionResult};

use crate::cli::table;

/// As many as a terminal shows at once.
const SHOWN: usize = 20;

pub fn text(result: Option<&JobResult>) -> String {
    match result {
        Some(JobResult::DryRun(found)) => dry_run(found),
        Some(JobResult::Check(found)) => check(found),
        Some(JobResult::Drill(found)) => drill(found),
        Some(JobResult::Retention(found)) => retention(found),
        // `unlock` shows its own.
        Some(JobResult::Unlock(_) | JobResult::Restore(_)) | None => String::new(),
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
    use wire::job::{DrillMismatch, ItemChange};

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
        let all = [JobResult::DryRun(dry), JobResult::Check(check), JobResult::Drill(drill)];
        insta::assert_snapshot!(all.iter().map(|one| text(Some(one))).collect::<Vec<_>>().join("---\n"));
    }
}
