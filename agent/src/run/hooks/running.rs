//! One hook, from start to end: its lines, its limit, and the wish that it should stop.

use std::{collections::HashMap, time::Duration};

use super::{Body, End, Moment, Scene};
use crate::{
    restic::{
        command::{Call, SEARCH_PATH, Value},
        output::clean,
        process::{Printed, start_reading},
    },
    run::{
        conversation::{Bounds, Halt, Watch, Wish, wanted},
        engine::Stop,
    },
    store::jobs,
};

/// So many lines are taken at once when they come quickly.
const AT_ONCE: usize = 64;
/// Of the line that a failure is told by.
const LAST_LINE_CHARS: usize = 500;

/// Runs it to its end, and returns the last line that it printed.
pub async fn run(
    scene: &mut Scene<'_>,
    body: &Body,
    moment: Moment,
    environment: &[(&'static str, String)],
    limit: Duration,
) -> (End, Option<String>) {
    let patience = scene.shared.settings.patience;
    let (mut stop, began_stopped) = (scene.stop.clone(), scene.stop.borrow().clone());
    let mut limit = limit;
    match (moment, &began_stopped) {
        (Moment::Pre, Stop::Cancelled(person)) => {
            return (End::Halted(Halt::Wanted(Wish::Cancelled(person.clone()))), None);
        }
        (Moment::Pre, Stop::Draining) => return (End::Halted(Halt::Wanted(Wish::Draining)), None),
        (Moment::Post, Stop::Draining) => limit = limit.min(patience.last_hook),
        (Moment::Post, Stop::Cancelled(_)) | (_, Stop::No) => {}
    }
    // What a post-hook mends is wanted mended also after a cancelled backup; then only its limit ends it.
    let heeds_stop = began_stopped == Stop::No;
    let name = format!("hook({})", moment.as_str());
    let (program, args, input) = match body.command(scene.shared, &name).await {
        Ok(command) => command,
        Err(problem) => return (tell(scene, moment, End::NotStarted(problem)), None),
    };
    let call = Call {
        args: args.into_iter().map(Into::into).collect(),
        env: values(environment),
        nice: None,
        io: None,
    };
    let world = scene.shared.world.clone();
    let started = start_reading(&world, &scene.shared.settings.launcher, &program, &call, input).await;
    let (mut running, mut lines) = match started {
        Ok(started) => started,
        Err(error) => {
            return (tell(scene, moment, End::NotStarted(format!("it cannot be started: {error}"))), None);
        }
    };
    let group = running.group();
    note_process(scene, &running.process).await;
    let mut watch =
        Watch::new(Bounds { silence: None, limit: Some(limit), heeds_stop }, &world, patience.term_to_kill);
    let (mut exit, mut open, mut last) = (None, true, None);
    let mut batch = Vec::with_capacity(AT_ONCE);
    {
        let ended = running.ended();
        tokio::pin!(ended);
        while exit.is_none() || open {
            let pause = watch.pause(world.awake(), scene.log.due_in());
            tokio::select! {
                end = &mut ended, if exit.is_none() => exit = Some(end),
                count = lines.recv_many(&mut batch, AT_ONCE), if open => {
                    open = count > 0;
                    take(scene, moment, &mut batch, &mut last);
                }
                wish = wanted(&mut stop), if watch.may_stop() => match (moment, wish) {
                    (Moment::Post, Wish::Draining) => watch.hurry(world.awake(), patience.last_hook),
                    (_, wish) => watch.halt(Halt::Wanted(wish), group, world.awake()),
                },
                () = world.sleep(pause) => watch.tick(world.awake(), group),
            }
            scene.log.flush_if_due().await;
        }
    }
    let end = match (watch.halted.take(), exit) {
        // One that was asked to stop, yet came to its end, has done its work.
        (_, Some(Ok(exit))) if exit.code() == Some(0) => End::Exit(exit),
        (Some(halt), _) => End::Halted(halt),
        (None, Some(Ok(exit))) => End::Exit(exit),
        (None, Some(Err(error))) => End::NotStarted(format!("it was lost: {error}")),
        (None, None) => End::NotStarted("it was lost".to_owned()),
    };
    (tell(scene, moment, end), last)
}

fn values(environment: &[(&'static str, String)]) -> Vec<(String, Value)> {
    let mut values: HashMap<&str, &str> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    values.insert("PATH", SEARCH_PATH);
    values.into_iter().map(|(name, value)| (name.to_owned(), Value::Plain(value.to_owned()))).collect()
}

fn take(scene: &mut Scene<'_>, moment: Moment, batch: &mut Vec<Printed>, last: &mut Option<String>) {
    let prefix = moment.prefix();
    let shown: Vec<_> = batch
        .drain(..)
        .filter_map(|printed| {
            let text = clean(&printed.text);
            (!text.is_empty()).then(|| (printed.stream, format!("{prefix}{text}")))
        })
        .collect();
    if let Some((_, text)) = shown.last() {
        *last = Some(text[prefix.len()..].chars().take(LAST_LINE_CHARS).collect());
    }
    scene.log.lines(shown.iter().map(|(stream, text)| (*stream, text.as_str())));
}

/// Its end, as a line of the log.
fn tell(scene: &mut Scene<'_>, moment: Moment, end: End) -> End {
    let text = match &end {
        End::Exit(exit) => format!("it ended with {}", crate::restic::exit::spoken(*exit)),
        End::Halted(Halt::Wanted(Wish::Cancelled(person))) => format!("{person} cancelled it"),
        End::Halted(Halt::Wanted(Wish::Draining)) => "it was stopped with the agent".to_owned(),
        End::Halted(Halt::Silent(after) | Halt::Still(after) | Halt::TooLong(after)) => {
            format!("it was stopped after {} s", after.as_secs())
        }
        End::NotStarted(problem) => problem.clone(),
    };
    scene.log.say(format!("{}{text}", moment.prefix()));
    end
}

/// So that a later agent can tell whether it still runs. The work goes on when the disk refuses.
async fn note_process(scene: &Scene<'_>, process: &crate::world::ProcessId) {
    let (job, process) = (scene.job.id, process.clone());
    let noted = scene.shared.store.write(move |tx| jobs::set_process(tx, job, Some(&process))).await;
    if let Err(error) = noted {
        tracing::warn!(job = %scene.job.id, "a hook's process cannot be noted: {error}");
    }
}
