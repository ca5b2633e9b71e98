//! Following jobs at the terminal: lines as they come, a line of progress that is written over, and how each ended.

mod words;

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _, Write as _},
    process::ExitCode,
};

use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use wire::{
    frame::Live,
    id::JobId,
    job::{JobState, Progress},
};

use super::{Failure, INCOMPLETE, NOT_WELL, asking, failure, history, logs, look};
use crate::{
    config::Paths,
    local::{Ask, Tell},
    store::jobs::{self, Job},
    world::World,
};

/// What a shell says of a command that Ctrl-C ended.
const BROKEN_OFF: u8 = 130;

/// Shows these jobs until all of them are over. Who breaks it off leaves them running, and is told so.
pub async fn jobs(paths: &Paths, wanted: &[JobId], json: bool) -> Result<ExitCode, Failure> {
    let mut client = asking::agent(paths).await?;
    client.ask(&Ask::Follow { jobs: wanted.to_vec() }).await?;
    let mut screen = Screen::new(paths, wanted, json)?;
    let mut ended = Vec::new();
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let told = tokio::select! {
            told = client.told() => told?,
            _ = interrupt.recv() => {
                screen.wipe()?;
                let open = wanted.iter().filter(|job| !ended.contains(*job));
                let text = words::goes_on(&open.copied().collect::<Vec<_>>());
                io::stderr().lock().write_all(text.as_bytes())?;
                return Ok(ExitCode::from(BROKEN_OFF));
            }
        };
        let Some(told) = told else { break };
        match told {
            Tell::Live { live } => screen.show(&live)?,
            Tell::Over { job, .. } => {
                ended.push(job);
                screen.end(paths, job)?;
            }
            Tell::Refused { message, hint } => return failure(asking::refusal(&message, &hint)),
            other => return asking::unexpected(&other),
        }
    }
    screen.wipe()?;
    if ended.len() < wanted.len() {
        return failure(
            "the running agent stopped meanwhile: once it is back, `jobs` shows what became of this",
        );
    }
    let connection = look::database(paths)?;
    let mut states = Vec::with_capacity(wanted.len());
    for job in wanted {
        states.extend(jobs::get(&connection, *job)?.map(|job| job.state));
    }
    Ok(code(&states))
}

/// Waits until these jobs are over, and shows nothing of them.
pub async fn quietly(paths: &Paths, wanted: &[JobId]) -> Result<(), Failure> {
    let mut client = asking::agent(paths).await?;
    client.ask(&Ask::Follow { jobs: wanted.to_vec() }).await?;
    while let Some(told) = client.told().await? {
        if let Tell::Refused { message, hint } = told {
            return failure(asking::refusal(&message, &hint));
        }
    }
    Ok(())
}

/// 0: all went well; 3: some files could not be read; 1: anything else.
fn code(states: &[JobState]) -> ExitCode {
    let worst = states.iter().map(|state| match state {
        JobState::Succeeded => 0,
        JobState::Incomplete => 1,
        _ => 2,
    });
    match worst.max() {
        None | Some(0) => ExitCode::SUCCESS,
        Some(1) => ExitCode::from(INCOMPLETE),
        Some(_) => ExitCode::from(NOT_WELL),
    }
}

/// What a program reads: a line or progress as it comes, then each job as `jobs --json` shows it.
#[derive(Serialize)]
struct Ended<'a> {
    live: &'static str,
    #[serde(flatten)]
    job: history::Shown<'a>,
}

struct Screen {
    json: bool,
    zone: TimeZone,
    /// What the lines of each job begin with, where there are several.
    marks: BTreeMap<JobId, String>,
    /// Progress is written over; into a file it would only pile up.
    terminal: bool,
    progress: bool,
}

impl Screen {
    fn new(paths: &Paths, wanted: &[JobId], json: bool) -> Result<Self, Failure> {
        let connection = look::database(paths)?;
        let mut marks = BTreeMap::new();
        for id in wanted {
            if let Some(job) = jobs::get(&connection, *id)?.filter(|_| wanted.len() > 1) {
                marks.insert(*id, format!("[{}] ", words::mark(&job.subject)));
            }
        }
        let terminal = io::stderr().is_terminal() && !json;
        Ok(Self { json, zone: World::real().zone(), marks, terminal, progress: false })
    }

    fn show(&mut self, live: &Live) -> Result<(), Failure> {
        if self.json {
            return look::print(&format!("{}\n", look::json(live)?));
        }
        match live {
            Live::Log { job, lines } => {
                self.wipe()?;
                let mark = self.marks.get(job).map_or("", String::as_str);
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("{mark}{}", logs::shown(line, &self.zone))).collect();
                look::print(&(lines.join("\n") + "\n"))
            }
            Live::Progress { job, progress } => self.progress(*job, progress),
        }
    }

    fn progress(&mut self, job: JobId, progress: &Progress) -> Result<(), Failure> {
        if !self.terminal {
            return Ok(());
        }
        let width = rustix::termios::tcgetwinsize(io::stderr()).map_or(80, |size| usize::from(size.ws_col));
        let mark = self.marks.get(&job).map_or("", String::as_str);
        let text = look::plain(&format!("{mark}{}", words::progress(progress)));
        let text: String = text.chars().take(width.saturating_sub(1)).collect();
        // Back to the line's beginning, and clear what stood there.
        write!(io::stderr(), "\r\u{1b}[K{text}")?;
        self.progress = true;
        Ok(())
    }

    fn wipe(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.progress) {
            write!(io::stderr(), "\r\u{1b}[K")?;
        }
        Ok(())
    }

    fn end(&mut self, paths: &Paths, job: JobId) -> Result<(), Failure> {
        self.wipe()?;
        let connection = look::database(paths)?;
        let Some(job) = jobs::get(&connection, job)? else { return Ok(()) };
        self.ended(&job)
    }

    fn ended(&self, job: &Job) -> Result<(), Failure> {
        if self.json {
            let line = look::json(&Ended { live: "over", job: history::shown(job) })?;
            return look::print(&format!("{line}\n"));
        }
        look::print(&logs::ending(job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use JobState::{Cancelled, Incomplete, Skipped, Succeeded};

    #[test]
    fn the_worst_of_several_jobs_is_what_the_command_ends_with() {
        let said = |states: &[JobState]| format!("{:?}", code(states));
        let is = |code: u8| format!("{:?}", ExitCode::from(code));
        assert_eq!(said(&[Succeeded, Succeeded]), is(0));
        assert_eq!(said(&[Succeeded, Incomplete]), is(3));
        assert_eq!(said(&[Incomplete, Cancelled]), is(1));
        assert_eq!(said(&[Skipped]), is(1), "it was wanted, and was not done");
    }
}
