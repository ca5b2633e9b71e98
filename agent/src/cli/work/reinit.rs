//! `reinit`: makes a repository anew where one that was ready is gone. It begins with nothing, and a disk that is not
//! mounted looks as gone as one that burnt: a person says by its name which one they mean.

use std::{
    io::{self, BufRead, IsTerminal as _, Write as _},
    process::ExitCode,
};

use wire::{action::Action, id::RepositoryName};

use super::{Manner, begin, current, repositories, words};
use crate::{
    cli::{Failure, failure, look},
    config::Paths,
    store::snapshots,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// A repository of the plan. See first that its place is really empty: a disk that is not mounted looks so too
    repository: RepositoryName,
    /// Do not ask for the repository's name
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    manner: Manner,
}

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { repository, yes, manner } = wanted;
    let plan = current(paths)?;
    repositories(&plan, Some(repository))?;
    if !yes && !io::stdin().is_terminal() {
        return failure(words::reinit_yes_needed(repository));
    }
    let location = plan.repositories.get(repository).map(|planned| planned.backend.location());
    let seen = snapshots::all(&look::database(paths)?, repository)?.len();
    tell(&words::reinit(repository, &location.unwrap_or_default(), seen))?;
    if !yes {
        tell(words::REINIT_QUESTION)?;
        if !names(&mut io::stdin().lock(), repository)? {
            return failure(words::ANOTHER_NAME);
        }
    }
    begin(paths, vec![Action::Reinit { repository: repository.clone() }], manner).await
}

/// Beside the output, which may be JSON for a program.
fn tell(text: &str) -> io::Result<()> {
    io::stderr().lock().write_all(look::plain(text).as_bytes())
}

fn names(answers: &mut impl BufRead, repository: &RepositoryName) -> io::Result<bool> {
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(answer.trim() == repository.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_name_makes_it_anew() {
        let main: RepositoryName = "main".parse().unwrap();
        let named = |answer: &str| names(&mut answer.as_bytes(), &main).unwrap();
        assert!(named("main\n") && named(" main"));
        for other in ["", "\n", "y\n", "yes\n", "mai\n", "MAIN\n", "main second\n", "no\nmain\n"] {
            assert!(!named(other), "{other:?}");
        }
    }
}
