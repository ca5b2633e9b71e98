//! What somebody who looks at a running job sees, and that nothing is produced for nobody.

use std::time::{Duration, Instant};

use tokio::sync::broadcast::error::TryRecvError;
use wire::{
    frame::Live,
    job::{JobKind, JobState},
};

use super::script::{self, saved};
use crate::run::stage::Stage;

const STATUS: &str = r#"i=0; while [ $i -lt 40 ]; do echo "{\"message_type\":\"status\",\"percent_done\":0.1$i,\"total_files\":9,\"bytes_done\":1${i}000}"; sleep 0.1; i=$((i+1)); done"#;

#[tokio::test]
async fn the_first_progress_comes_at_once_and_then_one_a_second() {
    let (stage, notes) = script::stage(
        &format!("while [ ! -e \"$dir/go\" ]; do sleep 0.02; done; echo hello; {STATUS}; {}", saved()),
        |_| {},
    )
    .await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    let mut live = stage.engine.live();
    stage.engine.watch(id, true);
    std::fs::write(notes.join("go"), "").unwrap();
    let (mut progress, mut lines) = (Vec::new(), Vec::new());
    let mut said_at = None;
    let over = stage.over(id);
    tokio::pin!(over);
    let job = loop {
        tokio::select! {
            job = &mut over => break job,
            event = live.recv() => match event.unwrap() {
                Live::Progress { job, progress: seen } if job == id => progress.push((Instant::now(), seen)),
                Live::Log { job, lines: seen } if job == id => {
                    if seen.iter().any(|line| line.text == "hello") {
                        said_at = Some(Instant::now());
                    }
                    lines.extend(seen);
                }
                _ => {}
            },
        }
    };
    assert_eq!(job.state, JobState::Succeeded);
    let statuses: Vec<_> = progress.iter().filter(|(_, seen)| seen.files_total == 9).collect();
    let first = statuses.first().expect("progress was shown").0;
    assert!(first.duration_since(said_at.unwrap()) < Duration::from_millis(500));
    assert!((3..=6).contains(&statuses.len()), "{} in four seconds", statuses.len());
    assert!(statuses.iter().skip(1).all(|(_, seen)| seen.bytes_per_s > 1_000), "{statuses:?}");
    let log = stage.log(id).await;
    assert!(lines.iter().all(|line| log.contains(line)), "what is shown live is what is kept");
    assert!(
        lines.iter().any(|line| line.text == "hello")
            && !lines.iter().any(|line| line.text.contains("status"))
    );
}

#[tokio::test]
async fn nothing_is_produced_while_nobody_watches() {
    let (stage, _) = script::stage(&format!("echo hello; {}", saved()), |_| {}).await;
    let mut live = stage.engine.live();
    stage.do_job(JobKind::Backup, Some("default")).await;
    assert!(matches!(live.try_recv(), Err(TryRecvError::Empty)));
}

#[tokio::test]
async fn a_slow_watcher_loses_lines_alone() {
    let chatter = "i=0; while [ $i -lt 20000 ]; do echo \"line $i\"; i=$((i+1)); done";
    let (stage, _) = script::stage(&format!("{chatter}; {}", saved()), |_| {}).await;
    let id = stage.submit(JobKind::Backup, Some("default")).await;
    let mut live = stage.engine.live();
    stage.engine.watch(id, true);
    let job = stage.over(id).await;
    assert_eq!(job.state, JobState::Succeeded);
    let mut held = 0;
    while let Ok(_) | Err(TryRecvError::Lagged(_)) = live.try_recv() {
        held += 1;
    }
    assert!(held <= crate::run::LIVE_BUFFER + 1);
    assert!(job.log_lines > 20_000);
    let _: &Stage = &stage;
}
