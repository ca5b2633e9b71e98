//! What a person sees of a job that runs. Pure.

use wire::{
    id::JobId,
    job::{JobSubject, Progress},
};

use crate::cli::table;

/// Which of several jobs a line is of.
pub fn mark(subject: &JobSubject) -> String {
    let of = subject.group.as_ref().map_or(subject.repository.as_str(), |group| group.as_str());
    format!("{} {of}", subject.kind.as_str())
}

/// To somebody who stopped looking: what was looked at is the running agent's.
pub fn goes_on(jobs: &[JobId]) -> String {
    let (Some(first), more) = (jobs.first(), jobs.len() > 1) else { return String::new() };
    let what = if more { "These jobs go on" } else { "The job goes on" };
    let names: Vec<String> = jobs.iter().map(ToString::to_string).collect();
    format!("{what}: {}. `logs -f {first}` follows it again, `cancel {first}` stops it.\n", names.join(", "))
}

/// One line: how far, how fast, how long yet, what is read now.
pub fn progress(progress: &Progress) -> String {
    let Progress { fraction, bytes_done, bytes_total, bytes_per_s, remaining_s, current, errors, .. } =
        progress;
    if *bytes_total == 0 && *bytes_done == 0 {
        return "begins …".to_owned();
    }
    let mut parts = vec![
        format!("{:3.0} %", (fraction * 100.0).clamp(0.0, 100.0)),
        format!("{} of {}", table::size(*bytes_done), table::size(*bytes_total)),
    ];
    if *bytes_per_s > 0 {
        parts.push(format!("{}/s", table::size(*bytes_per_s)));
    }
    if let Some(seconds) = remaining_s {
        parts.push(format!("{} left", table::span(seconds.saturating_mul(1000))));
    }
    if *errors > 0 {
        parts.push(table::count(*errors, "error"));
    }
    let current = current.first().map_or_else(String::new, |path| format!("  {path}"));
    format!("{}{current}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_looks_away_is_told_that_the_work_goes_on() {
        let job = JobId(uuid::Uuid::nil());
        insta::assert_snapshot!(goes_on(&[job]), @r"
        The job goes on: 00000000-0000-0000-0000-000000000000. `logs -f 00000000-0000-0000-0000-000000000000` follows it again, `cancel 00000000-0000-0000-0000-000000000000` stops it.
        ");
        assert!(goes_on(&[job, job]).starts_with("These jobs go on: ") && goes_on(&[]).is_empty());
    }

    #[test]
    fn progress_in_one_line() {
        let half = Progress {
            fraction: 0.456,
            bytes_done: 1 << 30,
            bytes_total: 5 << 29,
            bytes_per_s: 12 << 20,
            remaining_s: Some(125),
            current: vec!["/srv/www/index.html".to_owned()],
            errors: 2,
            ..Progress::default()
        };
        insta::assert_snapshot!([progress(&Progress::default()), progress(&half)].join("\n"));
    }
}
