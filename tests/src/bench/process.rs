//! What a process uses, as Linux counts it under /proc.

use std::{fs, time::Duration};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub rss_bytes: u64,
    /// Of the resident bytes, those that are its own and not a file's.
    pub anonymous_bytes: u64,
    /// Time on a processor.
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

/// Of all its threads, those that ended too. In the kernel's ticks, which are a hundredth of a second.
fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name may hold anything; what follows its last parenthesis does not.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// What share of one core, in percent, was used over `over`.
pub fn share(before: Usage, after: Usage, over: Duration) -> f64 {
    after.cpu.saturating_sub(before.cpu).as_secs_f64() / over.as_secs_f64() * 100.0
}
