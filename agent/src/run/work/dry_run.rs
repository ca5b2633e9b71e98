//! What would a group back up now? As the plan has it, or as somebody is about to save it. Writes nothing, makes nothing.

use wire::{
    job::{DryRunResult, JobNumbers, JobResult, JobState, Reason},
    plan::Group,
};

use super::{
    Done,
    own::{self, Sources},
};
use crate::{
    restic::{
        command::Verb,
        exit::{self, Exit, Verdict},
        output::Transcript,
    },
    run::{
        conversation::{Bounds, Conversation},
        session::{Early, Session, not_in_plan},
        sift,
    },
};

pub async fn run(session: &mut Session) -> Result<Done, Early> {
    let group = match session.job.options.group.clone() {
        Some(group) => group,
        None => session.group()?,
    };
    let tag = session.job.subject.group.clone();
    let tag = tag.ok_or_else(|| not_in_plan("dry run without a group".to_owned()))?;
    session.reach().await?;
    let Sources { includes, kept_out } = own::sources(session, &group.includes).await?;
    session.log.say(format!("Dry run of group {tag} against {}", session.location));
    session.log.begin();
    let host = session.host().to_owned();
    let silence = Some(session.shared.settings.patience.silence);
    let own_files = &kept_out;
    let verb = Verb::DryRun { group: &group, tag: &tag, host: &host, includes: &includes, own_files };
    let ended = session.patiently(verb, Bounds { silence, limit: None, heeds_stop: true }).await?;
    Ok(finish(session, &group, ended))
}

fn finish(session: &mut Session, group: &Group, ended: Conversation) -> Done {
    let Conversation { exit, said, met, .. } = ended;
    let verdict = judge(exit, &said, session);
    let is_done = verdict.state == JobState::Succeeded;
    let nothing = matches!(verdict.reason, Some(Reason::NothingToBackUp { .. }));
    let numbers = if is_done { numbers(&said) } else { JobNumbers::default() };
    let mut done = Done { numbers, ..Done::plain(session.judged(verdict)) };
    if is_done || nothing {
        let missing = said.missing;
        let mut found = DryRunResult { unreadable: said.unreadable, ..met.unwrap_or_default() };
        found.includes.retain(|item| !missing.contains(&item.path));
        found.missing = group.includes.iter().filter(|path| missing.contains(path)).cloned().collect();
        done.result = Some(JobResult::DryRun(sift::bounded(found)));
    }
    done
}

/// That something cannot be read, or is not there, is what a dry run is for: it is no failure.
fn judge(exit: Exit, said: &Transcript, session: &Session) -> Verdict {
    match (exit, &said.summary) {
        (Exit::Code(0 | 3), Some(_)) => Verdict::SUCCESS,
        (Exit::Code(0), None) => Verdict::failed(Reason::Contradiction {
            message: "restic ended with success, but did not say what it would save".to_owned(),
        }),
        _ => Verdict::failed(exit::failure(exit, said, session.shared.world.now())),
    }
}

/// restic names a snapshot here, too, but makes none.
fn numbers(said: &Transcript) -> JobNumbers {
    let Some(summary) = &said.summary else { return JobNumbers::default() };
    JobNumbers {
        files_new: Some(summary.files_new),
        files_changed: Some(summary.files_changed),
        files_unmodified: Some(summary.files_unmodified),
        files_total: Some(summary.total_files_processed),
        bytes_total: Some(summary.total_bytes_processed),
        bytes_added: Some(summary.data_added),
        bytes_stored: summary.data_added_packed,
        ..JobNumbers::default()
    }
}
