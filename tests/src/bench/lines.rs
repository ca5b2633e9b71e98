//! From a line that restic prints to the browser's event stream: a restic that writes down when it printed.

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use futures_util::StreamExt as _;
use serde_json::json;
use wire::{frame::Live, id::GroupName, view::Event};

use super::{
    Scale,
    figure::{Figure, Unit},
    percentile,
    station::Station,
};
use crate::{person::now, place::Place, programs::newest_restic};

const LINES: usize = 200;
const BUDGET_MS: f64 = 250.0;

pub async fn measure(scale: Scale) -> Vec<Figure> {
    let place = Place::temporary();
    let lines = scale.pick(LINES, 20);
    let restic = talkative(&place, lines);
    let mut station = Station::start(&place, &restic).await;
    let plan = json!({
        "repositories": { "main": { "backend": { "kind": "local", "path": place.repository() } } },
        "groups": { "default": { "includes": [place.files()] } },
        "maintenance": { "forget": null },
    });
    station.plan(serde_json::from_value(plan).expect("a plan")).await;
    let group: GroupName = "default".parse().expect("a group's name");
    let job = station.order(&group).await;
    let watch = format!("{}/{job}", station.host.agent);
    let mut late = listen(&station, &watch, lines / 2).await;
    station.finished(job).await;
    eprintln!("lines: {} of {lines} were seen live", late.len());
    vec![
        Figure::new(
            "line_p50_ms",
            "a line of restic on a listener's stream, median",
            percentile(&mut late, 50),
            Unit::Milliseconds,
        ),
        Figure::new(
            "line_p95_ms",
            "a line of restic on a listener's stream, p95",
            percentile(&mut late, 95),
            Unit::Milliseconds,
        )
        .at_most(BUDGET_MS),
    ]
}

/// The real restic, which says what time it is for a while before each backup.
fn talkative(place: &Place, lines: usize) -> PathBuf {
    let path = place.root().join("restic");
    let real = newest_restic().canonicalize().expect("the real restic");
    let text = format!(
        "#!/bin/sh\nfor word in \"$@\"; do\n  case $word in\n    --help) break ;;\n    backup)\n      n=0\n      while [ $n -lt {lines} ]; do\n        echo \"it is $(date +%s%3N)\"\n        sleep 0.03\n        n=$((n + 1))\n      done\n      break ;;\n  esac\ndone\nexec {} \"$@\"\n",
        real.display()
    );
    fs::write(&path, text).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("an executable script");
    path
}

/// Milliseconds from each line's own time to its arrival, until `enough` have come.
#[expect(clippy::cast_precision_loss, reason = "a line is not 2^52 milliseconds late")]
async fn listen(station: &Station, watch: &str, enough: usize) -> Vec<f64> {
    let mut stream = station.person.listen(&format!("/events?watch={watch}")).await;
    let (mut late, mut text) = (Vec::new(), Vec::new());
    while late.len() < enough {
        let bytes = stream.next().await.expect("the stream goes on").expect("bytes");
        let arrived = now();
        text.extend_from_slice(&bytes);
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let Some(data) = line.strip_prefix(b"data:") else { continue };
            let Ok(Event::Live { live: Live::Log { lines, .. }, .. }) = serde_json::from_slice(data) else {
                continue;
            };
            for said in lines {
                let Some(at) = said.text.strip_prefix("it is ").and_then(|at| at.parse::<i64>().ok()) else {
                    continue;
                };
                late.push((arrived.0 - at) as f64);
            }
        }
    }
    late
}
