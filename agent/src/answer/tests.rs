//! Answers by every real restic that there is, from odd names and large directories, and by a scripted one for what the
//! real one does not do on demand.

#![allow(clippy::disallowed_methods, reason = "tests start real processes and wait for real time")]

mod real;
mod scripted;

use std::{path::Path, process::Command, time::Duration};

use wire::{
    action::OrderRefusalCode,
    question::{AnswerLine, End, Node, Part, Question},
};

use super::{Answerer, Asking, Failed, PATIENCE, Patience, Piece};
use crate::run::stage::{HOST, PASSWORD, Stage, main_repository};

const WAIT: Duration = Duration::from_mins(1);

/// Everything up to the end.
async fn all(mut asking: Asking) -> (Vec<Piece>, End) {
    let mut pieces = Vec::new();
    loop {
        match tokio::time::timeout(WAIT, asking.next()).await {
            Ok(Some(Piece::Line(AnswerLine::End(end)))) => {
                assert_eq!(asking.next().await, None);
                return (pieces, end);
            }
            Ok(Some(piece)) => pieces.push(piece),
            other => panic!("no end: {other:?} after {pieces:?}"),
        }
    }
}

async fn parts(asking: Asking) -> Vec<Part> {
    let (pieces, end) = all(asking).await;
    assert_eq!(end, End::Done, "{pieces:?}");
    let part = |piece| match piece {
        Piece::Line(AnswerLine::Part(part)) => part,
        other => panic!("{other:?}"),
    };
    pieces.into_iter().map(part).collect()
}

async fn failed(asking: Asking) -> Failed {
    let (pieces, end) = all(asking).await;
    let End::Failed { code, message, hint } = end else { panic!("{pieces:?}") };
    Failed { code, message, hint }
}

/// The entries of a directory, and the trees on the way.
async fn tree(
    answerer: &Answerer,
    snapshot: &str,
    from: Option<&str>,
    down: &[&[u8]],
) -> (Vec<Node>, Vec<String>) {
    let mut nodes = Vec::new();
    for part in parts(answerer.ask(tree_of(snapshot, from, down))).await {
        match part {
            Part::Nodes { nodes: more } => nodes.extend(more),
            Part::Directory { trail } => return (nodes, trail),
            other => panic!("{other:?}"),
        }
    }
    panic!("the directory has no end")
}

fn tree_of(snapshot: &str, from: Option<&str>, down: &[&[u8]]) -> Question {
    Question::Tree {
        repository: main_repository(),
        snapshot: snapshot.to_owned(),
        tree: from.map(str::to_owned),
        down: down.iter().map(|name| wire::path::RawPath::from_bytes(name)).collect(),
    }
}
