//! The figures the project promises, as a table; with `--json` the last line is one JSON object of all of them.
//!
//! `--quick` measures little, to see that everything runs; `--agents N` takes another number of live agents than 1,000;
//! names measure those parts alone. Build it with `--release`: `scripts/bench` does.

use std::process::ExitCode;

use tests::bench::{
    Scale, backup, crowd,
    figure::{Figure, json, table},
    idle, lines, restore, sync,
};

const USAGE: &str = "usage: bench [--json] [--quick] [--agents N] [backup|restore|sync|crowd|idle|lines]…";
const PARTS: [&str; 6] = ["backup", "restore", "sync", "crowd", "idle", "lines"];

struct Wanted {
    json: bool,
    scale: Scale,
    parts: Vec<String>,
}

fn arguments() -> Option<Wanted> {
    let mut wanted = Wanted { json: false, scale: Scale { quick: false, agents: 0 }, parts: Vec::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => wanted.json = true,
            "--quick" => wanted.scale.quick = true,
            "--agents" => wanted.scale.agents = arguments.next()?.parse().ok().filter(|count| *count > 0)?,
            part if PARTS.contains(&part) => wanted.parts.push(part.to_owned()),
            _ => return None,
        }
    }
    if wanted.parts.is_empty() {
        wanted.parts = PARTS.map(str::to_owned).to_vec();
    }
    if wanted.scale.agents == 0 {
        wanted.scale.agents = wanted.scale.pick(1_000, 20);
    }
    Some(wanted)
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(Wanted { json: as_json, scale, parts }) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if cfg!(debug_assertions) && !scale.quick {
        eprintln!("this is not a release build: its figures mean nothing; use scripts/bench");
    }
    let mut figures: Vec<Figure> = Vec::new();
    for part in parts {
        eprintln!("measures: {part}");
        figures.extend(match part.as_str() {
            "backup" => backup::measure(scale).await,
            "restore" => restore::measure(scale).await,
            "sync" => sync::measure(scale).await,
            "crowd" => crowd::measure(scale).await,
            "idle" => idle::measure(scale).await,
            _ => lines::measure(scale).await,
        });
    }
    if scale.quick {
        // So little was measured that nothing can be kept or missed.
        for figure in &mut figures {
            figure.budget = None;
        }
    }
    print!("{}", table(&figures));
    if as_json {
        println!("{}", json(&figures));
    }
    ExitCode::SUCCESS
}
