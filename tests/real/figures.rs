//! The bench itself: it runs to its end, and says everything that others read out of it.

use std::process::Command;

use serde_json::Value;
use tests::programs::binary;

/// What others compare from one version to the next.
const KEYS: [&str; 10] = [
    "backup_ratio",
    "restore_ratio",
    "tree_ratio",
    "sync_records_per_s",
    "sync_ratio_to_sqlite",
    "coordinator_bytes_per_agent",
    "agent_idle_rss_bytes",
    "storm_s",
    "page_p99_ms",
    "line_p95_ms",
];

#[test]
fn a_quick_bench_measures_everything_and_ends_in_one_line_of_json() {
    let output = Command::new(binary("bench")).args(["--quick", "--json"]).output().expect("the bench runs");
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}\n{errors}");
    let last = text.lines().last().expect("a line");
    let figures: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"));
    for key in KEYS {
        let value = figures[key].as_f64().unwrap_or_else(|| panic!("no {key} in {last}"));
        assert!(value > 0.0, "{key} is {value}");
    }
    assert_eq!(figures["missed"], Value::Array(Vec::new()), "little proves nothing");
}

#[test]
fn a_part_that_is_not_there_is_said() {
    let output = Command::new(binary("bench")).arg("everything").output().expect("the bench runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage:"));
}
