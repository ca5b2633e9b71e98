//! The findings as a person reads them. Pure.

use std::fmt::Write as _;

use super::{Finding, Level, Subject};
use crate::cli::table;

pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut before = None;
    for Finding { subject, level, what, hint } in findings {
        if before != Some(*subject) {
            let _ = writeln!(text, "{}", heading(*subject));
            before = Some(*subject);
        }
        let mark = match level {
            Level::Ok => "ok      ",
            Level::Warning => "warning ",
            Level::Problem => "PROBLEM ",
        };
        let _ = writeln!(text, "  {mark}{what}");
        if !hint.is_empty() {
            let _ = writeln!(text, "          → {hint}");
        }
    }
    let count = |wanted| findings.iter().filter(|finding| finding.level == wanted).count();
    let many = |count: usize, what: &str| table::count(count as u64, what);
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    let _ = match (problems, warnings) {
        (0, 0) => writeln!(text, "\nNothing is wrong."),
        (0, _) => {
            writeln!(text, "\nNothing keeps backups from working; {} to look at.", many(warnings, "thing"))
        }
        (_, 0) => writeln!(text, "\n{}.", many(problems, "problem")),
        (..) => {
            writeln!(text, "\n{}, and {} to look at.", many(problems, "problem"), many(warnings, "thing"))
        }
    };
    text
}

const fn heading(subject: Subject) -> &'static str {
    match subject {
        Subject::Agent => "Agent",
        Subject::Restic => "restic",
        Subject::Plan => "Plan",
        Subject::Repository => "Repositories",
        Subject::Clock => "Clock",
        Subject::Disk => "Disk",
        Subject::Permissions => "Permissions",
        Subject::Coordinator => "Coordinator",
        Subject::OtherBackups => "Other backups",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_with_what_to_do() {
        let all = [
            Finding::ok(Subject::Agent, "version 0.1.0 runs (PID 7)"),
            Finding::problem(Subject::Restic, "There is no restic on this host.", "Install restic."),
            Finding::ok(Subject::Disk, "the data directory /var/lib/x has 5.0 GiB free"),
            Finding::warning(Subject::Disk, "restic's cache /c has 500.0 MiB free", "Make room there."),
        ];
        insta::assert_snapshot!([text(&all), text(&all[..1]), text(&all[2..])].join("=====\n"));
    }

    #[test]
    fn the_shape_for_programs() {
        let finding = Finding::warning(Subject::OtherBackups, "x", "y");
        assert_eq!(
            serde_json::to_string(&finding).unwrap(),
            r#"{"subject":"other_backups","level":"warning","what":"x","hint":"y"}"#
        );
    }
}
