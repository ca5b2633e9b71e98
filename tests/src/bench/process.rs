//! What a process uses, as Linux counts it under /proc.

use std::{fs, time::Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub rss_bytes: u64,
    /// Of the resident bytes, those that are its own and not a file's.
    pub anonymous_bytes: u64,
    /// Time on a processor, of the threads that are there.
    pub cpu: Duration,
}

/// Of a process that runs.
pub fn usage(pid: u32) -> Usage {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    Usage { rss_bytes: kib("VmRSS:"), anonymous_bytes: kib("RssAnon:"), cpu: cpu(pid) }
}

/// Nanoseconds of each thread: ticks of a clock would miss short ones.
fn cpu(pid: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let nanos = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// What share of one core, in percent, was used over `over`.
pub fn share(before: Usage, after: Usage, over: Duration) -> f64 {
    after.cpu.saturating_sub(before.cpu).as_secs_f64() / over.as_secs_f64() * 100.0
}
