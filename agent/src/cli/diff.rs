//! `diff`: what is different between two snapshots of a repository.

use wire::question::{Change, ChangeKind, DiffTotal, DiffTotals, Part, Question};

use super::{
    Failure, failure, look,
    questions::{self, Known, shown},
    table,
};
use crate::config::Paths;

#[derive(clap::Args)]
pub struct Arguments {
    /// The beginning of a snapshot's id
    older: String,
    /// The beginning of another's, or `latest`
    newer: String,
    /// Where they are, when the plan has several repositories
    #[arg(long)]
    repository: Option<String>,
    /// The parts of the answer in JSON, a line each
    #[arg(long)]
    json: bool,
}

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<(), Failure> {
    let known = Known::read(paths)?;
    let (repository, older) = known.snapshot(&wanted.older, wanted.repository.as_deref())?;
    let (other, newer) = known.snapshot(&wanted.newer, Some(repository.as_str()))?;
    drop(known);
    if other != repository {
        return failure("the two snapshots are in different repositories: compare two of one");
    }
    let question = Question::Diff { repository, older, newer };
    questions::each(paths, question, |part| match &part {
        _ if wanted.json => questions::print_json(&part),
        Part::Changes { changes } => look::print(&text(changes)),
        Part::Compared { totals } => look::print(&sums(totals)),
        _ => Ok(()),
    })
    .await
}

fn text(changes: &[Change]) -> String {
    let letter = |kind| match kind {
        ChangeKind::Added => '+',
        ChangeKind::Removed => '-',
        ChangeKind::Changed => 'M',
        ChangeKind::Metadata => 'U',
        ChangeKind::Type => 'T',
    };
    let line = |it: &Change| format!("{}  {}\n", letter(it.change), shown(&it.path));
    changes.iter().map(line).collect()
}

fn sums(totals: &DiffTotals) -> String {
    let line = |what: &str, total: &DiffTotal| {
        format!("{what:<16} {} ({})\n", table::count(total.items, "item"), table::size(total.bytes))
    };
    let untold = match totals.untold {
        0 => String::new(),
        n => format!("{} are counted here and not shown above\n", table::count(n, "change")),
    };
    [
        "\n".to_owned(),
        line("added", &totals.added),
        line("removed", &totals.removed),
        line("changed", &totals.changed),
        line("metadata alone", &totals.metadata),
        untold,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_as_a_person_reads_it() {
        let change = |path: &str, change| Change { path: path.to_owned(), change };
        let changes = [
            change("/new/", ChangeKind::Added),
            change("/old\n", ChangeKind::Removed),
            change("/m", ChangeKind::Changed),
            change("/u", ChangeKind::Metadata),
            change("/t", ChangeKind::Type),
        ];
        let total = |items, bytes| DiffTotal { items, bytes };
        let totals =
            DiffTotals { added: total(1, 0), removed: total(2, 5 << 20), untold: 3, ..DiffTotals::default() };
        insta::assert_snapshot!(text(&changes) + &sums(&totals));
    }
}
