//! `plan check`: everything that is wrong with a plan before anybody takes it.

use std::{
    io::{self, Read as _},
    path::Path,
    process::ExitCode,
};

use serde::Serialize;
use wire::plan::{PlanChange, PlanWarning, changes, warnings};

use super::words;
use crate::{
    cli::{Failure, NOT_WELL, failure, look},
    config::Paths,
    desired::file::{self, FileProblem},
    store::plan,
};

#[derive(Serialize)]
struct Checked {
    valid: bool,
    problems: Vec<FileProblem>,
    warnings: Vec<PlanWarning>,
    /// Against the plan as it is; empty where there is no agent's database.
    changes: Vec<PlanChange>,
}

pub fn perform(paths: &Paths, named: Option<&Path>, json: bool) -> Result<ExitCode, Failure> {
    let own = paths.plan_file();
    let path = named.unwrap_or(&own);
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        text
    } else {
        match file::text(path) {
            Ok(Some(text)) => text,
            Ok(None) => return failure(words::no_file(path)),
            Err(error) => return failure(format!("{} cannot be read: {error}", path.display())),
        }
    };
    let checked = check(paths, &text);
    if json {
        look::print_json(&checked)?;
    } else {
        look::print(&words::checked(path, &checked.problems, &checked.warnings, &checked.changes))?;
    }
    Ok(if checked.valid { ExitCode::SUCCESS } else { ExitCode::from(NOT_WELL) })
}

fn check(paths: &Paths, text: &str) -> Checked {
    match file::read(text) {
        Err(problems) => Checked { valid: false, problems, warnings: Vec::new(), changes: Vec::new() },
        Ok(wished) => {
            let current = look::database(paths).ok().and_then(|connection| plan::current(&connection).ok());
            let changes = current
                .map(|current| changes(&current.map(|current| current.plan).unwrap_or_default(), &wished));
            Checked {
                valid: true,
                problems: Vec::new(),
                warnings: warnings(&wished),
                changes: changes.unwrap_or_default(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let (paths, _) = Paths::settle(None, Some(directory.path())).unwrap();
        let text = "\
            [repositories.main]\nbackend = { kind = \"local\", path = \"relative\" }\n\
            [groups.default]\nincludes = []\n\
            [limits]\nnice = 40\n";
        let checked = check(&paths, text);
        let named: Vec<(Option<usize>, &str)> =
            checked.problems.iter().map(|problem| (problem.line, problem.field.as_str())).collect();
        assert!(!checked.valid);
        assert_eq!(
            named,
            [
                (Some(2), "repositories.main.backend.path"),
                (Some(4), "groups.default.includes"),
                (Some(6), "limits.nice"),
            ]
        );
    }
}
