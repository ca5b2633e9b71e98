//! `plan adopt`: the file's last word becomes the plan, the file is put aside, and the panel may edit the plan again.

use std::fs;

use super::words;
use crate::{
    cli::{Failure, asking, failure, look},
    config::Paths,
    desired::file::Looked,
    local::{Ask, Tell},
};

/// What the file is called afterwards.
const ASIDE: &str = "plan.toml.adopted";

pub async fn perform(paths: &Paths, note: Option<String>, json: bool) -> Result<(), Failure> {
    let path = paths.plan_file();
    // What was saved last counts, also when the agent has not looked yet.
    match asking::once(paths, &Ask::LookAtFile).await? {
        Tell::File { looked: Looked::Governs(_) } => {}
        Tell::File { looked: Looked::Absent } => return failure(words::nothing_to_adopt(&path)),
        Tell::File { looked: Looked::Refused(problems) } => {
            return failure(words::not_adopted(&path, &problems));
        }
        Tell::File { looked: Looked::Trouble(problem) } => {
            return failure(format!("{} cannot be taken now: {problem}", path.display()));
        }
        other => return asking::unexpected(&other),
    }
    // First the file: were this to end here, the agent would find it gone and do the rest.
    let aside = path.with_file_name(ASIDE);
    if let Err(error) = fs::rename(&path, &aside) {
        return failure(format!(
            "{} cannot be renamed ({error}): see that its directory can be written to",
            path.display()
        ));
    }
    match asking::once(paths, &Ask::AdoptFile { note }).await? {
        Tell::Done { revision, .. } if json => look::print_json(&serde_json::json!({ "revision": revision })),
        Tell::Done { revision, .. } => look::print(&words::adopted(revision, &aside)),
        other => asking::unexpected(&other),
    }
}
