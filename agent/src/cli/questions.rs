//! Questions at the terminal: which snapshot is meant, and the answer's lines as they come. `ls`, `find` and `diff` say
//! what is asked and how it is shown.

use rusqlite::Connection;
use wire::{
    id::RepositoryName,
    plan::Plan,
    question::{AnswerLine, End, Part, Question},
    snapshot::Snapshot,
};

use super::{Failure, asking, failure, look};
use crate::{
    config::Paths,
    local::{Ask, Tell},
    store::{plan, snapshots},
};

/// Hands over each part until the end. Whoever breaks it off ends it: the agent sees that nobody listens.
pub async fn each(
    paths: &Paths,
    question: Question,
    mut show: impl FnMut(Part) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut client = asking::agent(paths).await?;
    client.ask(&Ask::Question { question }).await?;
    while let Some(told) = client.told().await? {
        match told {
            Tell::Answer { line: AnswerLine::Part(part) } => show(part)?,
            Tell::Answer { line: AnswerLine::End(End::Done) } => return Ok(()),
            Tell::Answer { line: AnswerLine::End(End::Failed { message, hint, .. }) }
            | Tell::Refused { message, hint } => return failure(asking::refusal(&message, &hint)),
            other => return asking::unexpected(&other),
        }
    }
    failure("the running agent stopped meanwhile: ask again when it is back")
}

/// A part as the API streams it too, on a line of its own.
pub fn print_json(part: &Part) -> Result<(), Failure> {
    look::print(&format!("{}\n", look::json(part)?))
}

/// Text from a file system on one line of a terminal.
pub fn shown(text: &str) -> String {
    text.chars().map(|c| if look::commands(c) { '\u{fffd}' } else { c }).collect()
}

/// The plan's repositories and the snapshots that were listed.
pub struct Known {
    connection: Connection,
    plan: Plan,
}

impl Known {
    pub fn read(paths: &Paths) -> Result<Self, Failure> {
        let connection = look::database(paths)?;
        let plan = plan::current(&connection)?.map(|current| current.plan).unwrap_or_default();
        Ok(Self { connection, plan })
    }

    /// The one that is named, or the only one.
    pub fn repository(&self, wanted: Option<&str>) -> Result<RepositoryName, Failure> {
        let mut all = self.plan.repositories.keys();
        match (wanted, all.next(), all.next()) {
            (Some(wanted), ..) => match self.plan.repositories.keys().find(|name| name.as_str() == wanted) {
                Some(name) => Ok(name.clone()),
                None => failure(format!("the plan has no repository `{wanted}`: `plan show` lists them")),
            },
            (None, Some(only), None) => Ok(only.clone()),
            (None, None, _) => failure("the plan has no repository yet: `plan show` shows what it has"),
            (None, Some(_), Some(_)) => {
                failure("the plan has several repositories: name one with --repository")
            }
        }
    }

    /// Which snapshot of which repository is meant by `latest`, the beginning of an id, or a whole one.
    pub fn snapshot(&self, id: &str, wanted: Option<&str>) -> Result<(RepositoryName, String), Failure> {
        let mut found = Vec::new();
        let repositories = match wanted {
            Some(_) => vec![self.repository(wanted)?],
            None => self.plan.repositories.keys().cloned().collect(),
        };
        for repository in repositories {
            let listed = snapshots::all(&self.connection, &repository);
            found.extend(listed?.into_iter().map(|it| (repository.clone(), it)));
        }
        match chosen(found, id) {
            Ok(chosen) => Ok(chosen),
            // One that was not listed yet may be there all the same.
            Err(_) if is_whole(id) => Ok((self.repository(wanted)?, id.to_owned())),
            Err(problem) => failure(problem),
        }
    }
}

fn is_whole(id: &str) -> bool {
    id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn chosen(listed: Vec<(RepositoryName, Snapshot)>, id: &str) -> Result<(RepositoryName, String), String> {
    let list = "`snapshots` lists them";
    if id == "latest" {
        let newest = listed.into_iter().max_by_key(|(_, snapshot)| snapshot.time);
        return newest
            .map(|(repository, snapshot)| (repository, snapshot.id))
            .ok_or_else(|| format!("there are no snapshots yet: {list}"));
    }
    let begins = |snapshot: &Snapshot| !id.is_empty() && snapshot.id.starts_with(id);
    let mut found = listed.into_iter().filter(|(_, snapshot)| begins(snapshot));
    match (found.next(), found.next()) {
        (Some((repository, snapshot)), None) => Ok((repository, snapshot.id)),
        (None, _) => Err(format!("no snapshot's id begins with `{id}`: {list}")),
        (Some(_), Some(_)) => {
            Err(format!("several snapshots' ids begin with `{id}`: name more of its digits, or --repository"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::id::UnixMs;

    fn listed() -> Vec<(RepositoryName, Snapshot)> {
        let one = |repository: &str, id: &str, at: i64| {
            let snapshot = Snapshot {
                id: id.repeat(16),
                time: UnixMs(at),
                hostname: "web-1".to_owned(),
                paths: Vec::new(),
                tags: Vec::new(),
                group: None,
                size_bytes: None,
                files: None,
                added_bytes: None,
                doubt: None,
            };
            (repository.parse().unwrap(), snapshot)
        };
        vec![one("main", "abcd", 5), one("main", "abff", 7), one("usb", "1234", 6)]
    }

    #[test]
    fn a_snapshot_is_meant_by_what_is_enough_of_its_id() {
        let meant =
            |id: &str| chosen(listed(), id).map(|(repository, id)| format!("{repository} {}", &id[..4]));
        assert_eq!(meant("latest").unwrap(), "main abff");
        assert_eq!(meant("abc").unwrap(), "main abcd");
        assert_eq!(meant("12").unwrap(), "usb 1234");
        insta::assert_snapshot!(
            [meant("ab").unwrap_err(), meant("ff").unwrap_err(), chosen(vec![], "latest").unwrap_err()].join("\n"),
            @r"
        several snapshots' ids begin with `ab`: name more of its digits, or --repository
        no snapshot's id begins with `ff`: `snapshots` lists them
        there are no snapshots yet: `snapshots` lists them
        "
        );
        assert!(meant("").is_err());
    }
}
