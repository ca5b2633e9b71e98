//! `find`: where a file is, in all snapshots that this host made.

use wire::{
    id::GroupName,
    question::{Hit, NodeKind, Part, Question},
};

use super::{
    Failure, look,
    questions::{self, Known, shown},
};
use crate::config::Paths;

#[derive(clap::Args)]
pub struct Arguments {
    /// A part of a name, or a pattern (`*.pdf`); with a slash it is held against whole paths
    pattern: String,
    /// Where to look, when the plan has several repositories
    #[arg(long)]
    repository: Option<String>,
    /// In the snapshots of this group alone
    #[arg(long)]
    group: Option<GroupName>,
    /// Upper and lower case are the same
    #[arg(long, short)]
    ignore_case: bool,
    /// The parts of the answer in JSON, a line each
    #[arg(long)]
    json: bool,
}

pub async fn perform(paths: &Paths, wanted: &Arguments) -> Result<(), Failure> {
    let repository = Known::read(paths)?.repository(wanted.repository.as_deref())?;
    let question = Question::Find {
        repository,
        pattern: wanted.pattern.clone(),
        ignore_case: wanted.ignore_case,
        group: wanted.group.clone(),
    };
    let mut any = false;
    questions::each(paths, question, |part| {
        any = true;
        match &part {
            _ if wanted.json => questions::print_json(&part),
            Part::Hits { snapshot, hits } => look::print(&text(snapshot, hits)),
            _ => Ok(()),
        }
    })
    .await?;
    if any || wanted.json {
        Ok(())
    } else {
        look::print("Nothing is named so in any snapshot of this host.\n")
    }
}

fn text(snapshot: &str, hits: &[Hit]) -> String {
    let id = snapshot.get(..8).unwrap_or(snapshot);
    let line = |hit: &Hit| {
        let mark = if hit.kind == NodeKind::Directory { "/" } else { "" };
        format!("{id}  {}{mark}\n", shown(&hit.path))
    };
    hits.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::UnixMs;

    #[test]
    fn hits_as_a_person_reads_them() {
        let hit = |path: &str, kind| Hit { path: path.to_owned(), kind, size: None, mtime: UnixMs(0) };
        let hits = [hit("/home/a\u{1b}", NodeKind::File), hit("/home", NodeKind::Directory)];
        assert_eq!(text(&"ab".repeat(32), &hits), "abababab  /home/a\u{fffd}\nabababab  /home/\n");
    }
}
